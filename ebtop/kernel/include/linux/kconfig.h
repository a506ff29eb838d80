/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Included first by BCC; the few options its headers look at. */
#pragma once
#define CONFIG_BPF_SYSCALL 1
#define CONFIG_64BIT 1
#define CONFIG_CGROUP_BPF 1
