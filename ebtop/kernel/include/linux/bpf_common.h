/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Classic BPF's instruction codes: BCC's own headers define what a program needs of them. */
#pragma once
