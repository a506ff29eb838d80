/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Programs started: execve and execveat that succeeded (sched_process_exec, in the new program's memory) and those that
 * failed (at their return, with the file's name as it was given). The arguments lie in one piece of the new program's
 * memory, divided by NULs, from mm->arg_start to mm->arg_end. */
#ifndef EXEC_ROWS
#define EXEC_ROWS 8192
#endif
#define EXEC_STARTS 8192 /* threads in execve at the same time */
#define EXEC_PAGES 64
#define EXEC_COMMAND 256 /* a power of two */
#define EXEC_PROGRAM 64
#define EXEC_BYTES(byte) (0x0101010101010101ULL * (byte))

struct exec_event {
    u64 ns;
    u32 pid;
    u32 ppid;
    u32 uid;
    u32 errno;
    char comm[EBTOP_COMM];
    char command[EXEC_COMMAND];
};

struct exec_key {
    u32 pid; /* of the parent */
    u32 errno;
    char program[EXEC_PROGRAM];
};

struct exec_value {
    u64 execs;
    u64 failures;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct exec_key, struct exec_value, exec_rows, EXEC_ROWS);
BPF_HASH(exec_starts, u64, u64, EXEC_STARTS); /* address of the file's name, by task */
EBTOP_EVENTS(exec, struct exec_event, EXEC_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, exec_totals, 1);

/* The row of what was started, made where there is none. */
static __always_inline void exec_count(struct exec_key *key, struct task_struct *parent, struct ebtop_totals *totals) {
    struct exec_value empty = {};
    struct exec_value *row = exec_rows.lookup(key);
    if (!row) {
        bpf_probe_read_kernel(&empty.comm, sizeof(empty.comm), &parent->comm);
        row = exec_rows.lookup_or_try_init(key, &empty);
    }
    if (!row) {
        totals->drops++;
        return;
    }
    ebtop_add(&row->execs, 1);
    ebtop_add(&row->failures, key->errno != 0);
}

/* NULs become spaces, eight bytes at a time: a byte that is 0 is one whose low seven bits do not carry into the eighth
 * when 0x7f is added, and whose eighth is not set. */
static __always_inline void exec_join(char *command) {
    u64 *words = (u64 *)command;
    for (int i = 0; i < EXEC_COMMAND / 8; i++) {
        u64 word = words[i];
        u64 zeros = ~(((word & EXEC_BYTES(0x7f)) + EXEC_BYTES(0x7f)) | word) & EXEC_BYTES(0x80);
        words[i] = word | zeros >> 2;
    }
}

/* The command line of the current process, joined by spaces; "" where its memory cannot be read. */
static __always_inline void exec_arguments(char *command, struct task_struct *task) {
    struct mm_struct *mm = 0;
    u64 begin = 0, end = 0;
    bpf_probe_read_kernel(&mm, sizeof(mm), &task->mm);
    bpf_probe_read_kernel(&begin, sizeof(begin), &mm->arg_start);
    bpf_probe_read_kernel(&end, sizeof(end), &mm->arg_end);
    u64 length = end - begin, taken = length < EXEC_COMMAND ? length : EXEC_COMMAND - 1;
    asm volatile("%0 &= %1" : "+r"(taken) : "i"(EXEC_COMMAND - 1)); /* what verifiers before 6.8 see */
    if (!taken || bpf_probe_read_user(command, taken, (void *)begin))
        return;
    exec_join(command);
    if (length < EXEC_COMMAND)
        taken--; /* the last argument's NUL */
    else
        __builtin_memset(command + EXEC_COMMAND - 4, '.', 3);
    command[taken & (EXEC_COMMAND - 1)] = 0;
}

/* One event; `name`: the file's, in user memory when it could not be started, else in the kernel's. */
static __always_inline int exec_happened(const char *name, u32 errno) {
    struct task_struct *task = (void *)bpf_get_current_task(), *parent = 0;
    u32 cpu = bpf_get_smp_processor_id(), pid = bpf_get_current_pid_tgid() >> 32, zero = 0;
    struct ebtop_totals *totals = exec_totals.lookup(&cpu);
    struct exec_key key = {.errno = errno};
    if (!totals || ebtop_is_left_out(pid))
        return 0;
    totals->total++;
    bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
    bpf_probe_read_kernel(&key.pid, sizeof(key.pid), &parent->tgid);
    if (errno)
        bpf_probe_read_user_str(key.program, sizeof(key.program), name);
    else
        bpf_probe_read_kernel_str(key.program, sizeof(key.program), name);
    exec_count(&key, parent, totals);
    struct exec_event *event = exec_events.ringbuf_reserve(sizeof(*event));
    if (!event) {
        totals->lost++;
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event)); /* the ring's memory holds what was there before */
    event->ns = bpf_ktime_get_ns();
    event->pid = pid;
    event->ppid = key.pid;
    event->uid = bpf_get_current_uid_gid();
    event->errno = errno;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    if (!errno)
        exec_arguments(event->command, task);
    if (!event->command[0])
        bpf_probe_read_kernel(event->command, sizeof(key.program), key.program);
    u64 *sent = exec_sent.lookup(&zero);
    exec_events.ringbuf_submit(event, ebtop_wake(sent, EBTOP_QUARTER(struct exec_event, EXEC_PAGES)));
    return 0;
}

static __always_inline int exec_begin(u64 name) {
    u64 task = bpf_get_current_task();
    exec_starts.update(&task, &name);
    return 0;
}

int exec_enter(struct ebtop_enter *ctx) {
    return exec_begin(ctx->args[0]);
}

int exec_enter_at(struct ebtop_enter *ctx) {
    return exec_begin(ctx->args[1]);
}

int exec_done(struct bpf_raw_tracepoint_args *ctx) { /* (task, old_pid, bprm) */
    struct linux_binprm *bprm = (void *)ctx->args[2];
    const char *name = 0;
    bpf_probe_read_kernel(&name, sizeof(name), &bprm->filename);
    return exec_happened(name, 0);
}

int exec_exit(struct ebtop_exit *ctx) {
    u64 task = bpf_get_current_task();
    u64 *name = exec_starts.lookup(&task);
    if (ctx->ret < 0)
        exec_happened(name ? (const char *)*name : 0, -ctx->ret);
    if (name)
        exec_starts.delete(&task);
    return 0;
}

int exec_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    exec_starts.delete(&task);
    return 0;
}
