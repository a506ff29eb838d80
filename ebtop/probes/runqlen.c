/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* runqlen: how many threads of each CPU want to run, the running one included, looked at 99 times a second: 99 and not
 * 100, so as not to keep step with what happens at every tick. The queue is that of all classes and control groups. From
 * Linux 6.12 on, threads that went to sleep stay on it for a while (delayed dequeue): they are taken off again. */

struct runqlen_key {
    u32 cpu;
};
struct runqlen_row { /* begins as struct ebtop_histogram: of threads that want to run */
    u64 slots[EBTOP_BUCKETS];
    u64 sum;
    u64 max_value;
    u64 samples;
    u64 waiting; /* threads, over all samples: without the one that runs */
    u64 queued;  /* samples in which some waited */
    u64 max_waiting;
};
struct runqlen_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 cpu;
    char comm[EBTOP_COMM];
};

#ifndef RUNQLEN_ROWS
#define RUNQLEN_ROWS EBTOP_CPUS
#endif
BPF_TABLE("hash", struct runqlen_key, struct runqlen_row, runqlen_rows, RUNQLEN_ROWS);
BPF_ARRAY(runqlen_empty, struct runqlen_row, 1);
EBTOP_WORST(runqlen, struct runqlen_example);
EBTOP_COUNTERS(struct ebtop_totals, runqlen_totals, 1);

static __always_inline u32 runqlen_read(void *at) {
    u32 number = 0;
    bpf_probe_read_kernel(&number, sizeof(number), at);
    return number;
}

static __always_inline u32 runqlen_runnable(struct task_struct *task) {
    struct cfs_rq *group = 0; /* of the task's control group on this CPU */
    struct rq *rq = 0;
    u32 all, asleep = 0;
    bpf_probe_read_kernel(&group, sizeof(group), &task->se.cfs_rq);
    bpf_probe_read_kernel(&rq, sizeof(rq), &group->rq);
    all = runqlen_read(&rq->nr_running);
#ifdef HAS_rq_cfs_h_nr_runnable
    asleep = runqlen_read(&rq->cfs.h_nr_queued) - runqlen_read(&rq->cfs.h_nr_runnable);
#elif defined(HAS_rq_cfs_h_nr_delayed)
    asleep = runqlen_read(&rq->cfs.h_nr_delayed);
#endif
    return all > asleep ? all - asleep : 0;
}

static __always_inline void runqlen_keep(u32 cpu, u64 bucket, u64 tasks) {
    u32 only = 0, pid = bpf_get_current_pid_tgid() >> 32;
    u64 *running = runqlen_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct runqlen_example *worst = runqlen_worst.lookup(&index);
    if (!worst || !pid || ebtop_is_left_out(pid) || !ebtop_is_worse(worst, epoch, tasks))
        return;
    worst->pid = pid;
    worst->cpu = cpu;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

int runqlen_sample(void *ctx) {
    u32 only = 0, cpu = bpf_get_smp_processor_id();
    u64 tasks = runqlen_runnable((struct task_struct *)bpf_get_current_task()), waiting = tasks ? tasks - 1 : 0;
    struct ebtop_totals *totals = runqlen_totals.lookup(&cpu);
    struct runqlen_key key = {.cpu = cpu};
    struct runqlen_row *empty = runqlen_empty.lookup(&only), *row;
    if (!totals || !empty)
        return 0;
    totals->total++;
    row = runqlen_rows.lookup_or_try_init(&key, empty);
    if (!row) {
        totals->drops++;
        return 0;
    }
    row->samples++; /* nobody else writes the row of this CPU */
    row->waiting += waiting;
    row->queued += waiting > 0;
    if (waiting > row->max_waiting)
        row->max_waiting = waiting;
    runqlen_keep(cpu, ebtop_observe((struct ebtop_histogram *)row, tasks), tasks);
    return 0;
}
