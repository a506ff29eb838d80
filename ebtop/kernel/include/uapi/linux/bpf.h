/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* BCC includes its own copy of this header, whatever the kernel's says; that copy is the one in use. */
#pragma once
