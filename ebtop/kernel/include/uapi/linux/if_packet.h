/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* BCC's helpers include it for packet programs; none of its names is used. */
#pragma once
