/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a program on a sampling perf event is given. */
#pragma once
#include <asm/ptrace.h>

#if defined(EBTOP_ARM64)
typedef struct user_pt_regs bpf_user_pt_regs_t;
#else
typedef struct pt_regs bpf_user_pt_regs_t;
#endif

struct bpf_perf_event_data {
    bpf_user_pt_regs_t regs;
    unsigned long long sample_period;
    unsigned long long addr;
};
