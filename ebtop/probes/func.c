/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Calls of functions, from entry to return, or passages of an event: whatever the user has named. The line that names it
 * is read by functions.py; of its conditions only numbers come here (FUNC_IFn_WHERE, _SIGN, _TYPE, _VALUE). The loader
 * gives each program the number of its place (EBTOP_PLACE), and the types of what a kernel function takes and returns.
 *
 * A running call is known by its thread, its place and where its stack is (of fentry and fexit: where the registers are
 * kept that both get), so that calls within calls are each timed for themselves. Calls that are never seen to return
 * leave a start that is overwritten or pushed out. Programs of one CPU may interrupt each other here. */
#define FUNC_PLACES 64
#define FUNC_STARTS 16384
#ifndef FUNC_ROWS
#define FUNC_ROWS 8192
#endif

/* Types, and what is compared: arguments are 1 to 6. */
#define FUNC_AS_DECLARED 8
#define FUNC_RETURN 7
#define FUNC_FIELD 8
#define FUNC_ARGUMENTS 6

struct func_key {
    u32 pid;
    u32 place;
};

struct func_value {
    u64 calls;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct func_call {
    u64 thread;
    u64 frame;
    u64 place;
};

struct func_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 place;
    char comm[EBTOP_COMM];
};

struct func_values {
    u64 of[FUNC_ARGUMENTS + 2]; /* by number; 0 is not used */
};

BPF_TABLE("percpu_hash", struct func_key, struct func_value, func_calls, FUNC_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, func_latency, FUNC_PLACES);
EBTOP_WORST(func, struct func_example);
EBTOP_COUNTERS(struct ebtop_totals, func_totals, 1);
BPF_TABLE("lru_hash", struct func_call, u64, func_starts, FUNC_STARTS);

/* All numbers are known to the compiler: one comparison is left of it. */
static __always_inline int func_compare(const u32 sign, const u32 type, u64 value, s64 bound) {
    s64 number = value;
    if (type == 1) {
        u64 limit = bound;
        return sign == 0   ? value == limit
               : sign == 1 ? value != limit
               : sign == 2 ? value < limit
               : sign == 3 ? value <= limit
               : sign == 4 ? value > limit
               : sign == 5 ? value >= limit
                           : (value & limit) != 0;
    }
    number = type == 2 ? (s32)value : type == 3 ? (u32)value : type == 4 ? (s16)value : number;
    number = type == 5 ? (u16)value : type == 6 ? (s8)value : type == 7 ? (u8)value : number;
    return sign == 0   ? number == bound
           : sign == 1 ? number != bound
           : sign == 2 ? number < bound
           : sign == 3 ? number <= bound
           : sign == 4 ? number > bound
           : sign == 5 ? number >= bound
                       : (number & bound) != 0;
}

#ifndef FUNC_TYPE1
#define FUNC_TYPE1 0
#define FUNC_TYPE2 0
#define FUNC_TYPE3 0
#define FUNC_TYPE4 0
#define FUNC_TYPE5 0
#define FUNC_TYPE6 0
#define FUNC_TYPE7 0
#endif
#define FUNC_DECLARED(where)                                                                                           \
    ((where) == 1   ? FUNC_TYPE1                                                                                       \
     : (where) == 2 ? FUNC_TYPE2                                                                                       \
     : (where) == 3 ? FUNC_TYPE3                                                                                       \
     : (where) == 4 ? FUNC_TYPE4                                                                                       \
     : (where) == 5 ? FUNC_TYPE5                                                                                       \
     : (where) == 6 ? FUNC_TYPE6                                                                                       \
                    : FUNC_TYPE7)
#define FUNC_IS(n) (FUNC_IF##n##_TYPE == FUNC_AS_DECLARED ? FUNC_DECLARED(FUNC_IF##n##_WHERE) : FUNC_IF##n##_TYPE)
#define FUNC_AT_ENTRY(n) (FUNC_IF##n##_WHERE >= 1 && FUNC_IF##n##_WHERE <= FUNC_ARGUMENTS)
#define FUNC_HOLDS(n, value) func_compare(FUNC_IF##n##_SIGN, FUNC_IS(n), (value), FUNC_IF##n##_VALUE)
#define FUNC_CHOOSES (FUNC_AT_ENTRY(0) || FUNC_AT_ENTRY(1) || FUNC_AT_ENTRY(2) || FUNC_AT_ENTRY(3))

/* Whether the arguments are as they have to be; `argument(where)` gives one. */
#define FUNC_ENTERS(n, argument) (!FUNC_AT_ENTRY(n) || FUNC_HOLDS(n, argument(FUNC_IF##n##_WHERE)))
#define FUNC_ALL_ENTER(argument)                                                                                       \
    (FUNC_ENTERS(0, argument) && FUNC_ENTERS(1, argument) && FUNC_ENTERS(2, argument) && FUNC_ENTERS(3, argument))
#define FUNC_LEAVES(n, value) (FUNC_IF##n##_WHERE != FUNC_RETURN || FUNC_HOLDS(n, value))
#define FUNC_ALL_LEAVE(value)                                                                                          \
    (FUNC_LEAVES(0, value) && FUNC_LEAVES(1, value) && FUNC_LEAVES(2, value) && FUNC_LEAVES(3, value))

static __always_inline u64 func_register(struct pt_regs *ctx, const u32 where) {
    return where == 1   ? PT_REGS_PARM1(ctx)
           : where == 2 ? PT_REGS_PARM2(ctx)
           : where == 3 ? PT_REGS_PARM3(ctx)
           : where == 4 ? PT_REGS_PARM4(ctx)
           : where == 5 ? PT_REGS_PARM5(ctx)
                        : PT_REGS_PARM6(ctx);
}

/* One of the words that a raw tracepoint, fentry or fexit is given; read as memory, as which there are is known late. */
static __always_inline u64 func_word(void *ctx, u64 number) {
    u64 word = 0;
    bpf_probe_read_kernel(&word, sizeof(word), ctx + 8 * number);
    return word;
}

static __always_inline void func_keep(u32 cpu, struct func_key *key, u64 bucket, u64 ns) {
    u32 only = 0;
    u64 *running = func_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct func_example *worst = func_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->place = key->place;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline struct func_value *func_row(struct func_key *key, struct ebtop_totals *totals) {
    struct func_value *row = func_calls.lookup(key), empty = {};
    ebtop_add(&totals->total, 1);
    if (row)
        return row;
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    row = func_calls.lookup_or_try_init(key, &empty);
    if (!row)
        ebtop_add(&totals->drops, 1);
    return row;
}

static __always_inline int func_count(void) {
    struct func_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .place = EBTOP_PLACE};
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = func_totals.lookup(&cpu);
    if (!totals || ebtop_is_left_out(key.pid))
        return 0;
    struct func_value *row = func_row(&key, totals);
    if (row)
        ebtop_add(&row->calls, 1);
    return 0;
}

static __always_inline int func_begin(u64 frame) {
    struct func_call call = {.thread = bpf_get_current_pid_tgid(), .frame = frame, .place = EBTOP_PLACE};
    u64 now = bpf_ktime_get_ns();
    if (!ebtop_is_left_out(call.thread >> 32))
        func_starts.update(&call, &now);
    return 0;
}

static __always_inline int func_end(u64 frame, u64 value) {
    u64 now = bpf_ktime_get_ns();
    struct func_call call = {.thread = bpf_get_current_pid_tgid(), .frame = frame, .place = EBTOP_PLACE};
    struct func_key key = {.pid = call.thread >> 32, .place = call.place};
    u32 cpu = bpf_get_smp_processor_id(), index = ebtop_bank(FUNC_PLACES) + (key.place & (FUNC_PLACES - 1));
    struct ebtop_totals *totals = func_totals.lookup(&cpu);
    struct ebtop_histogram *latency = func_latency.lookup(&index);
    if (!totals || !latency || ebtop_is_left_out(key.pid))
        return 0;
    u64 *start = func_starts.lookup(&call);
    if (!start) {
        if (!FUNC_CHOOSES) /* else its arguments were not as they had to be */
            ebtop_add(&totals->unmatched, 1);
        return 0;
    }
    u64 ns = ebtop_elapsed(*start, now);
    func_starts.delete(&call);
    if (!FUNC_ALL_LEAVE(value))
        return 0;
    func_keep(cpu, &key, ebtop_observe_atomic(latency, ns), ns);
    struct func_value *row = func_row(&key, totals);
    if (!row)
        return 0;
    ebtop_add(&row->calls, 1);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
    return 0;
}

#define FUNC_REGISTER(where) func_register(ctx, (where))
#define FUNC_WORD(where) func_word(ctx, (where) - 1)

int func_enter(struct pt_regs *ctx) { /* kprobe, uprobe */
    return FUNC_ALL_ENTER(FUNC_REGISTER) ? func_begin(EBTOP_FRAME(ctx)) : 0;
}

int func_leave(struct pt_regs *ctx) { /* kretprobe, uretprobe */
    return func_end(EBTOP_FRAME_LEFT(ctx), PT_REGS_RC(ctx));
}

int func_called(struct pt_regs *ctx) {
    return FUNC_ALL_ENTER(FUNC_REGISTER) ? func_count() : 0;
}

int func_enter_raw(struct bpf_raw_tracepoint_args *ctx) { /* fentry */
    return FUNC_ALL_ENTER(FUNC_WORD) ? func_begin((u64)ctx) : 0;
}

int func_leave_raw(struct bpf_raw_tracepoint_args *ctx) { /* fexit: what is returned lies behind the arguments */
    return func_end((u64)ctx, func_word(ctx, EBTOP_ARGUMENTS));
}

int func_passed_raw(struct bpf_raw_tracepoint_args *ctx) { /* raw tracepoint; fentry that only counts */
    return FUNC_ALL_ENTER(FUNC_WORD) ? func_count() : 0;
}

/* A field of a tracepoint's record, whose place and type the loader has from the tracepoint's format. */
#ifdef FUNC_FIELD0_OFFSET
#define FUNC_FIELD_IS(n, ctx)                                                                                          \
    func_compare(FUNC_IF##n##_SIGN, FUNC_IF##n##_TYPE == FUNC_AS_DECLARED ? FUNC_FIELD##n##_TYPE : FUNC_IF##n##_TYPE,  \
                 func_field((ctx), FUNC_FIELD##n##_OFFSET, FUNC_FIELD##n##_SIZE), FUNC_IF##n##_VALUE)

static __always_inline u64 func_field(void *ctx, const u32 offset, const u32 size) {
    return size == 1   ? *(u8 *)(ctx + offset)
           : size == 2 ? *(u16 *)(ctx + offset)
           : size == 4 ? *(u32 *)(ctx + offset)
                       : *(u64 *)(ctx + offset);
}
#endif

int func_passed(void *ctx) { /* tracepoint, static marker */
#ifdef FUNC_FIELD0_OFFSET
    if (!FUNC_FIELD_IS(0, ctx))
        return 0;
#endif
#ifdef FUNC_FIELD1_OFFSET
    if (!FUNC_FIELD_IS(1, ctx))
        return 0;
#endif
#ifdef FUNC_FIELD2_OFFSET
    if (!FUNC_FIELD_IS(2, ctx))
        return 0;
#endif
#ifdef FUNC_FIELD3_OFFSET
    if (!FUNC_FIELD_IS(3, ctx))
        return 0;
#endif
    return func_count();
}
