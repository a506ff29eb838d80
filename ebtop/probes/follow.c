/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Who is counted, passed on as it happens: a new process begins with its parent's byte in ebtop_flags, before it runs for
 * the first time; a process that starts another program is in or out by that program's name. Counts nothing. */
struct follow_rules {
    u32 on;       /* 0: do nothing */
    u32 copies;   /* a new process is what its parent is; else it is left out */
    u32 takes;    /* a program of that name is counted */
    u32 drops;    /* one of another name is not */
    u32 has_user; /* only a program of this user is taken */
    u32 user;
    char comm[EBTOP_COMM];
};

BPF_ARRAY(follow_rules, struct follow_rules, 1);

static __always_inline struct follow_rules *follow_in_force(void) {
    u32 zero = 0;
    struct follow_rules *rules = follow_rules.lookup(&zero);
    return rules && rules->on ? rules : 0;
}

int follow_fork(struct bpf_raw_tracepoint_args *ctx) { /* (parent, child); the parent is current */
    struct task_struct *task = (void *)ctx->args[1];
    struct follow_rules *rules = follow_in_force();
    u32 pid = 0, tgid = 0;
    if (!rules)
        return 0;
    bpf_probe_read_kernel(&pid, sizeof(pid), &task->pid);
    bpf_probe_read_kernel(&tgid, sizeof(tgid), &task->tgid);
    u8 *parent = ebtop_flag(bpf_get_current_pid_tgid() >> 32), *child = ebtop_flag(tgid);
    if (pid == tgid && parent && child) /* else it is a thread */
        *child = rules->copies ? *parent & EBTOP_LEFT_OUT : EBTOP_LEFT_OUT;
    return 0;
}

int follow_exec(struct bpf_raw_tracepoint_args *ctx) { /* current has its new name already */
    struct follow_rules *rules = follow_in_force();
    u64 comm[EBTOP_COMM / 8] = {}, wanted[EBTOP_COMM / 8] = {};
    u8 *flag = ebtop_flag(bpf_get_current_pid_tgid() >> 32);
    if (!rules || !flag)
        return 0;
    bpf_get_current_comm(comm, sizeof(comm));
    __builtin_memcpy(wanted, rules->comm, sizeof(wanted));
    if (comm[0] != wanted[0] || comm[1] != wanted[1]) {
        if (rules->drops)
            *flag |= EBTOP_LEFT_OUT;
    } else if (rules->takes && (!rules->has_user || rules->user == (u32)bpf_get_current_uid_gid())) {
        *flag &= EBTOP_OWN;
    }
    return 0;
}
