/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The page size is the running kernel's, given by the loader: arm64 has three. */
#pragma once
#define PAGE_SHIFT EBTOP_PAGE_SHIFT
#define PAGE_SIZE (1UL << PAGE_SHIFT)
