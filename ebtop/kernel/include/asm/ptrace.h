/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The registers a kprobe sees, as the kernel keeps them: arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h. */
#pragma once

#if defined(EBTOP_ARM64)
struct user_pt_regs {
    unsigned long long regs[31];
    unsigned long long sp;
    unsigned long long pc;
    unsigned long long pstate;
};

struct pt_regs {
    union {
        struct user_pt_regs user_regs;
        struct {
            unsigned long long regs[31];
            unsigned long long sp;
            unsigned long long pc;
            unsigned long long pstate;
        };
    };
    unsigned long long orig_x0;
    int syscallno;
    unsigned int unused;
};
#else
struct pt_regs {
    unsigned long r15, r14, r13, r12, bp, bx;
    unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
    unsigned long orig_ax, ip, cs, flags, sp, ss;
};
#endif
