/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Let the n-th allocation that this thread makes in the kernel fail, be it a slab object or a page. For kernels with
 * fault injection, as tests/kernels/config/debug.config makes them.
 */
#ifndef NG_FAIL_NTH_H
#define NG_FAIL_NTH_H

#include <stdbool.h>

/* Make every allocation one that may fail, without a word in the kernel log. -ENOENT: this kernel injects no faults. */
int fail_nth_prepare(void);

/* In a process that was forked since then: it is itself whose allocations fail, not its parent. */
void fail_nth_forked(void);

/* From now on count, and fail the nth one, counted from 1. */
void fail_nth_arm(unsigned int nth);

/* Stop counting. Was there an nth one? */
bool fail_nth_disarm(void);

#endif
