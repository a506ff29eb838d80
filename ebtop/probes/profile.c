/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Where CPU time goes: PROFILE_HZ times a second each CPU is interrupted, and what it was doing is counted by process,
 * kernel stack and user stack. Each sample stands for the time between two. Idle CPUs are not counted.
 *
 * A stack that finds no room in its map, or another stack in its place, leaves its row without it: the sample is counted
 * all the same, and the loss as `lost`. */
#ifndef PROFILE_ROWS
#define PROFILE_ROWS 10240
#endif
#define PROFILE_STACKS 16384
#define PROFILE_HZ 49

struct profile_key {
    u32 pid;
    s32 kernel; /* ids of stacks, or what ebtop.h says for none */
    s32 user;
};

struct profile_value {
    u64 samples;
    u64 ns;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct profile_key, struct profile_value, profile_rows, PROFILE_ROWS);
EBTOP_STACKS(profile, PROFILE_STACKS);
EBTOP_COUNTERS(struct ebtop_totals, profile_totals, 1);

static __always_inline struct profile_value *profile_row(struct profile_key *key) {
    struct profile_value *row = profile_rows.lookup(key);
    if (row)
        return row;
    struct profile_value empty = {};
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    profile_rows.insert(key, &empty); /* never over what another CPU has just made */
    return profile_rows.lookup(key);
}

static __always_inline s32 profile_stack(void *ctx, u64 flags, struct ebtop_totals *totals) {
    s64 id = profile_stacks.get_stackid(ctx, flags);
    if (id != EBTOP_NO_ROOM)
        return ebtop_stack(id, 0, totals);
    return ebtop_stack(profile_spare.get_stackid(ctx, flags), EBTOP_SPARE, totals);
}

int profile_sample(void *ctx) {
    u32 cpu = bpf_get_smp_processor_id(), pid = bpf_get_current_pid_tgid() >> 32, flags = 0;
    struct ebtop_totals *totals = profile_totals.lookup(&cpu);
    struct task_struct *task = (void *)bpf_get_current_task();
    struct profile_key key = {.pid = pid};
    if (!pid || !totals || ebtop_is_left_out(pid))
        return 0;
    totals->total++;
    bpf_probe_read_kernel(&flags, sizeof(flags), &task->flags);
    key.kernel = profile_stack(ctx, 0, totals);
    key.user = EBTOP_NO_STACK;
    if (!(flags & EBTOP_KTHREAD)) {
        if (profile_short.lookup(&pid))
            key.user = ebtop_stack(profile_leaves.get_stackid(ctx, BPF_F_USER_STACK), EBTOP_LEAF, totals);
        else
            key.user = profile_stack(ctx, BPF_F_USER_STACK, totals);
        if (key.user == EBTOP_NO_STACK)
            key.user = EBTOP_EFAULT;
    }
    struct profile_value *row = profile_row(&key);
    if (!row) {
        totals->drops++;
        return 0;
    }
    ebtop_add(&row->samples, 1);
    ebtop_add(&row->ns, 1000000000 / PROFILE_HZ);
    return 0;
}
