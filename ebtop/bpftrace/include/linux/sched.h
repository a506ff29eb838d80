/* SPDX-License-Identifier: Apache-2.0 */
/* States of a task, as programs of bpftrace name them, where no kernel headers are installed: structs come from the
 * kernel's type information, but macros are not in it. Values: include/linux/sched.h of Linux 5.8 to 6.18.
 */
#pragma once

#define TASK_RUNNING 0x00000000
#define TASK_INTERRUPTIBLE 0x00000001
#define TASK_UNINTERRUPTIBLE 0x00000002
#define __TASK_STOPPED 0x00000004
#define __TASK_TRACED 0x00000008
#define EXIT_DEAD 0x00000010
#define EXIT_ZOMBIE 0x00000020
#define TASK_PARKED 0x00000040
#define TASK_DEAD 0x00000080
#define PF_KTHREAD 0x00200000
