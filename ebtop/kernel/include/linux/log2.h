/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* BCC rounds the pages of a ring buffer with these; both are constants when their argument is one. */
#pragma once
#define ilog2(n) (63 - __builtin_clzll((n) | 1))
#define roundup_pow_of_two(n) ((n) < 2 ? 1UL : 1UL << (64 - __builtin_clzll((n) - 1)))
