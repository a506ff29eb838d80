/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Signals as they are generated: from whom, to whom, which, what became of it. The sender is the running process, except
 * of what the kernel sends of its own accord: it may do that in any process's time. */
#ifndef SIGNALS_ROWS
#define SIGNALS_ROWS 8192
#endif
#define SIGNALS_PAGES 32
#define SIGNALS_NO_INFO 0 /* SEND_SIG_NOINFO, SEND_SIG_PRIV: include/linux/sched/signal.h */
#define SIGNALS_PRIVATE 1
#define SIGNALS_SI_KERNEL 0x80 /* si_code: include/uapi/asm-generic/siginfo.h */
#define SIGNALS_SI_TIMER -2
#define SIGNALS_SI_ASYNCIO -4
#define SIGNALS_SI_SIGIO -5
#define SIGNALS_SIGCHLD 17
#define SIGNALS_SIGIO 29
#define SIGNALS_CHILD 1 /* ours: what a child, or a fault of the process itself, has as its code differs by signal */
#define SIGNALS_FAULT 2

struct signals_event {
    u64 ns;
    u32 pid;
    u32 target;
    u32 sig;
    s32 origin;
    u32 result;
    u32 uid;
    char comm[EBTOP_COMM];
    char program[EBTOP_COMM]; /* of the target */
};

struct signals_key {
    u32 pid;
    u32 target;
    s32 origin;
    u16 sig;
    u16 result;
    char program[EBTOP_COMM];
};

struct signals_value {
    u64 signals;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct signals_key, struct signals_value, signals_rows, SIGNALS_ROWS);
EBTOP_EVENTS(signals, struct signals_event, SIGNALS_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, signals_totals, 1);

static __always_inline s32 signals_origin(u64 info, u32 sig) {
    s32 code = 0;
    if (info == SIGNALS_NO_INFO)
        return 0;
    if (info == SIGNALS_PRIVATE)
        return SIGNALS_SI_KERNEL;
    bpf_probe_read_kernel(&code, sizeof(code), &((struct kernel_siginfo *)info)->si_code);
    if (code <= 0 || code == SIGNALS_SI_KERNEL)
        return code;
    return sig == SIGNALS_SIGCHLD ? SIGNALS_CHILD : sig == SIGNALS_SIGIO ? SIGNALS_SI_SIGIO : SIGNALS_FAULT;
}

/* Whether the running process has nothing to do with it. */
static __always_inline int signals_is_kernels(s32 origin) {
    return origin == SIGNALS_SI_KERNEL || origin == SIGNALS_SI_TIMER || origin == SIGNALS_SI_ASYNCIO ||
           origin == SIGNALS_SI_SIGIO;
}

/* A target is looked at from both sides: what it sends, and what it is sent. ebtop's own are not, from either. */
static __always_inline int signals_is_left_out(u32 pid, u32 target) {
    u8 *of_sender = ebtop_flag(pid), *of_target = ebtop_flag(target);
    u8 sender = of_sender ? *of_sender : 0, receiver = of_target ? *of_target : 0;
    if ((sender | receiver) & EBTOP_OWN)
        return 1;
    return receiver && (sender || !pid);
}

static __always_inline void signals_count(struct signals_event *event, struct ebtop_totals *totals) {
    struct signals_key key = {.pid = event->pid, .target = event->target, .origin = event->origin};
    struct signals_value empty = {};
    key.sig = event->sig;
    key.result = event->result;
    __builtin_memcpy(key.program, event->program, sizeof(key.program));
    __builtin_memcpy(empty.comm, event->comm, sizeof(empty.comm));
    struct signals_value *row = signals_rows.lookup_or_try_init(&key, &empty);
    if (row)
        ebtop_add(&row->signals, 1);
    else
        ebtop_add(&totals->drops, 1);
}

int signals_generate(struct bpf_raw_tracepoint_args *ctx) { /* (sig, info, task, group, result) */
    struct task_struct *task = (void *)ctx->args[2];
    u32 cpu = bpf_get_smp_processor_id(), zero = 0;
    struct ebtop_totals *totals = signals_totals.lookup(&cpu);
    struct signals_event event = {.ns = bpf_ktime_get_ns(), .sig = ctx->args[0], .result = ctx->args[4]};
    event.origin = signals_origin(ctx->args[1], event.sig);
    bpf_probe_read_kernel(&event.target, sizeof(event.target), &task->tgid);
    if (!signals_is_kernels(event.origin))
        event.pid = bpf_get_current_pid_tgid() >> 32;
    if (!totals || signals_is_left_out(event.pid, event.target))
        return 0;
    ebtop_add(&totals->total, 1);
    bpf_probe_read_kernel(&event.program, sizeof(event.program), &task->comm);
    if (event.pid) {
        bpf_get_current_comm(&event.comm, sizeof(event.comm));
        event.uid = bpf_get_current_uid_gid();
    } else {
        __builtin_memcpy(event.comm, "kernel", 7);
    }
    signals_count(&event, totals);
    struct signals_event *told = signals_events.ringbuf_reserve(sizeof(*told));
    if (!told) {
        ebtop_add(&totals->lost, 1);
        return 0;
    }
    __builtin_memcpy(told, &event, sizeof(event));
    u64 *sent = signals_sent.lookup(&zero);
    signals_events.ringbuf_submit(told, ebtop_wake(sent, EBTOP_QUARTER(struct signals_event, SIGNALS_PAGES)));
    return 0;
}
