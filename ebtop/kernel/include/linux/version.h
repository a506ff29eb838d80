/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* EBTOP_KERNEL is the running kernel's version code, given by the loader. */
#pragma once
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#ifndef LINUX_VERSION_CODE
#define LINUX_VERSION_CODE EBTOP_KERNEL
#endif
