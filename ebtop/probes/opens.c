/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Files opened, by process, path and result: the name that open, openat, openat2 or creat was given (read as the call
 * returns: it is in memory by then), and what it returned.
 *
 * A relative name is put behind the path of the folder it starts from, the process's own or that of the directory's
 * descriptor, as the process's root sees it: dentry by dentry, across mounts. Symbolic links and ".." stay as they are.
 * What was cut off is marked with three full stops. The start of a call lies in a slot per thread that the next start
 * overwrites.
 *
 * Rows have the number of a path: they are read at every refresh, and a path once. */
#define OPENS_PATH 256
#define OPENS_FOLDER 512
#define OPENS_DEPTH 24     /* parts of the folder's path, and mounts crossed */
#define OPENS_NAME 255     /* NAME_MAX */
#define OPENS_HERE -100    /* AT_FDCWD */
#define OPENS_MARK 3       /* full stops */
#define OPENS_STARTS 32768 /* threads that live and have made such a call */
#define OPENS_PAGES 64
#define OPENS_WAKE 128 /* paths numbered by one CPU: an eighth of those that the ring has room for */
#ifndef OPENS_ROWS
#define OPENS_ROWS 16384
#endif

struct opens_path {
    char path[OPENS_PATH];
};

struct opens_told {
    u32 number;
    char text[OPENS_PATH];
};

struct opens_key {
    u32 pid;
    u32 errno;
    u32 path; /* its number */
};

struct opens_value {
    u64 opens;
    u64 failures;
    char comm[EBTOP_COMM];
};

struct opens_event { /* of an open that failed */
    u64 ns;
    u32 pid;
    u32 uid;
    u32 errno;
    char comm[EBTOP_COMM];
    char path[OPENS_PATH];
};

struct opens_start {
    u64 name; /* 0: no call is open */
    s32 folder;
    u32 unused;
};

struct opens_place {
    struct vfsmount *mnt;
    struct dentry *dentry;
};

struct opens_scratch {
    struct opens_path path;
    char name[OPENS_PATH];
    struct opens_place at;
    struct opens_place root;
    u64 begin;
    char text[2 * OPENS_FOLDER + OPENS_PATH]; /* the folder, written from OPENS_FOLDER back; then the name */
};

BPF_TABLE("hash", struct opens_key, struct opens_value, opens_files, OPENS_ROWS);
EBTOP_EVENTS(opens, struct opens_event, OPENS_PAGES);
BPF_TABLE("hash", struct opens_path, u32, opens_paths, OPENS_ROWS); /* the number of each path */
BPF_RINGBUF_OUTPUT(opens_paths_told, OPENS_PAGES);
BPF_ARRAY(opens_paths_record, struct opens_told, 1);
BPF_PERCPU_ARRAY(opens_numbered, u32, 1); /* paths that each CPU has given a number */
EBTOP_COUNTERS(struct ebtop_totals, opens_totals, 1);
BPF_HASH(opens_starts, u64, struct opens_start, OPENS_STARTS);
BPF_PERCPU_ARRAY(opens_scratch, struct opens_scratch, 1);

#define OPENS_READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), &(from))
#define OPENS_READ_PLACE(to, from) (OPENS_READ((to).mnt, (from).mnt) || OPENS_READ((to).dentry, (from).dentry))

static __always_inline int opens_begin(u64 name, s32 folder) {
    u64 task = bpf_get_current_task();
    struct opens_start start = {.name = name, .folder = folder};
    if (!ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        opens_starts.update(&task, &start);
    return 0;
}

int opens_enter(struct ebtop_enter *ctx) {
    return opens_begin(ctx->args[0], OPENS_HERE);
}

int opens_enter_at(struct ebtop_enter *ctx) {
    return opens_begin(ctx->args[1], ctx->args[0]);
}

/* Where a relative name starts: the working folder, or what the descriptor stands for. */
static __always_inline int opens_folder(struct opens_scratch *scratch, struct fs_struct *fs, s32 descriptor) {
    struct file *file;
    if (descriptor == OPENS_HERE)
        return OPENS_READ_PLACE(scratch->at, fs->pwd);
    EBTOP_FILE(file, descriptor);
    if (!file)
        return -1;
    return OPENS_READ_PLACE(scratch->at, file->f_path);
}

/* Writes one name before what stands in scratch->text; 1 when there is no room for it. */
static __always_inline int opens_prepend(struct opens_scratch *scratch, struct dentry *dentry) {
    u32 said = 0;
    const unsigned char *name = 0;
    OPENS_READ(said, dentry->d_name.len);
    OPENS_READ(name, dentry->d_name.name);
    u64 length = said;
    if (scratch->begin < length + 1 + OPENS_MARK)
        return 1;
    /* Where the verifier sees it after the comparison: Linux 6.12's forgets there what it knew of `length`. */
    asm volatile("%0 &= %1" : "+r"(length) : "i"(OPENS_NAME));
    scratch->begin -= length;
    bpf_probe_read_kernel(&scratch->text[scratch->begin & (OPENS_FOLDER - 1)], length, name);
    scratch->begin--;
    scratch->text[scratch->begin & (OPENS_FOLDER - 1)] = '/';
    return 0;
}

/* Writes the path of scratch->at so that it ends at OPENS_FOLDER. All that changes from step to step lies in the scratch
 * map, where the verifier does not follow it: else every step would double the states it has to look at. */
static __always_inline void opens_walk(struct opens_scratch *scratch) {
    scratch->begin = OPENS_FOLDER;
    for (int depth = 0; depth < OPENS_DEPTH; depth++) {
        struct dentry *top = 0, *parent = 0, *dentry = scratch->at.dentry;
        struct vfsmount *mnt = scratch->at.mnt;
        if (dentry == scratch->root.dentry && mnt == scratch->root.mnt)
            return;
        OPENS_READ(top, mnt->mnt_root);
        OPENS_READ(parent, dentry->d_parent);
        if (dentry == top || dentry == parent) {
            struct mount *mount = (void *)mnt - __builtin_offsetof(struct mount, mnt), *above = 0;
            OPENS_READ(above, mount->mnt_parent);
            if (above == mount)
                return;
            OPENS_READ(scratch->at.dentry, mount->mnt_mountpoint);
            scratch->at.mnt = (void *)above + __builtin_offsetof(struct mount, mnt);
        } else {
            if (opens_prepend(scratch, dentry))
                break;
            scratch->at.dentry = parent;
        }
    }
    scratch->begin -= OPENS_MARK;
    __builtin_memset(&scratch->text[scratch->begin & (OPENS_FOLDER - 1)], '.', OPENS_MARK);
}

/* Fills scratch->path with the name at `start`, made absolute. */
static __always_inline void opens_resolve(struct opens_scratch *scratch, struct opens_start *start) {
    struct task_struct *task = (void *)bpf_get_current_task();
    struct fs_struct *fs = 0;
    char *path = scratch->path.path;
    __builtin_memset(path, 0, OPENS_PATH);
    OPENS_READ(fs, task->fs);
    OPENS_READ_PLACE(scratch->root, fs->root);
    int length = bpf_probe_read_user_str(scratch->name, OPENS_PATH, (void *)start->name);
    if (length > 1 && scratch->name[0] != '/' && !opens_folder(scratch, fs, start->folder)) {
        opens_walk(scratch);
        scratch->text[OPENS_FOLDER] = '/';
        bpf_probe_read_kernel(&scratch->text[OPENS_FOLDER + 1], OPENS_PATH, scratch->name);
        length += OPENS_FOLDER + 1 - scratch->begin;
        bpf_probe_read_kernel_str(path, OPENS_PATH, &scratch->text[scratch->begin & (2 * OPENS_FOLDER - 1)]);
    } else if (length > 0) {
        bpf_probe_read_kernel_str(path, OPENS_PATH, scratch->name);
    }
    if (length >= OPENS_PATH)
        __builtin_memset(path + OPENS_PATH - 1 - OPENS_MARK, '.', OPENS_MARK);
}

/* The number of scratch->path, given and told where it is new; 0 when there is no room for it. Numbers of one CPU are
 * never given by another: older kernels (before 5.12) have no way to add and read at once. */
static __always_inline u32 opens_number(struct opens_scratch *scratch) {
    u32 zero = 0, *known = opens_paths.lookup(&scratch->path), *count = opens_numbered.lookup(&zero);
    if (known)
        return *known;
    if (!count)
        return 0;
    u32 number = *count * EBTOP_CPUS + bpf_get_smp_processor_id() + 1;
    if (opens_paths.insert(&scratch->path, &number)) { /* full, or another CPU was first */
        known = opens_paths.lookup(&scratch->path);
        return known ? *known : 0;
    }
    (*count)++;
    struct opens_told *told = opens_paths_told.ringbuf_reserve(sizeof(*told));
    if (told) { /* else the map tells it */
        told->number = number;
        bpf_probe_read_kernel(told->text, OPENS_PATH, scratch->path.path);
        opens_paths_told.ringbuf_submit(told, *count % OPENS_WAKE ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);
    }
    return number;
}

/* The open of scratch->path that failed with `errno`. */
static __always_inline void opens_tell(struct opens_scratch *scratch, u32 errno, struct ebtop_totals *totals) {
    u32 zero = 0;
    struct opens_event *event = opens_events.ringbuf_reserve(sizeof(*event));
    if (!event) {
        totals->lost++;
        return;
    }
    event->ns = bpf_ktime_get_ns();
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->uid = bpf_get_current_uid_gid();
    event->errno = errno;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    __builtin_memcpy(event->path, scratch->path.path, OPENS_PATH);
    u64 *sent = opens_sent.lookup(&zero);
    opens_events.ringbuf_submit(event, ebtop_wake(sent, EBTOP_QUARTER(struct opens_event, OPENS_PAGES)));
}

int opens_exit(struct ebtop_exit *ctx) {
    u64 task = bpf_get_current_task();
    u32 cpu = bpf_get_smp_processor_id(), zero = 0, pid = bpf_get_current_pid_tgid() >> 32;
    struct ebtop_totals *totals = opens_totals.lookup(&cpu);
    struct opens_scratch *scratch = opens_scratch.lookup(&zero);
    struct opens_start *kept = opens_starts.lookup(&task), start = {};
    if (kept) {
        start = *kept;
        kept->name = 0;
    }
    if (!totals || !scratch || ebtop_is_left_out(pid))
        return 0;
    if (!start.name) {
        totals->unmatched++;
        return 0;
    }
    totals->total++;
    opens_resolve(scratch, &start);
    struct opens_key key = {.pid = pid, .errno = ctx->ret < 0 ? -ctx->ret : 0, .path = opens_number(scratch)};
    if (key.errno)
        opens_tell(scratch, key.errno, totals);
    struct opens_value *row = key.path ? opens_files.lookup(&key) : 0, empty = {};
    if (!row && key.path) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = opens_files.lookup_or_try_init(&key, &empty);
    }
    if (!row) {
        totals->drops++;
        return 0;
    }
    ebtop_add(&row->opens, 1);
    ebtop_add(&row->failures, ctx->ret < 0);
    return 0;
}

int opens_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    opens_starts.delete(&task);
    return 0;
}
