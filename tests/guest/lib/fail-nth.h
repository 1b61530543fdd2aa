/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Let the n-th allocation that this thread makes in the kernel fail, be it a slab object or a page,
 * alone or with those that come after it: who asks a second time, in another way, is refused again.
 * For kernels with fault injection, as tests/kernels/config/debug.config makes them.
 */
#ifndef NG_FAIL_NTH_H
#define NG_FAIL_NTH_H

#include <stdbool.h>

/* Make every allocation one that may fail, without a word in the kernel log. -ENOENT: this kernel injects no faults. */
int fail_nth_prepare(void);

/* In a process that was forked since then: it is itself whose allocations fail, not its parent. */
void fail_nth_forked(void);

/* Every request after the nth one, too. */
#define FAIL_ALL_AFTER	(-1)

/*
 * From now on count, and fail the nth one, counted from 1, and so many more of its kind, slab object
 * or page; of the other kind, one more than that. For more than one, the process needs CAP_SYS_RESOURCE.
 */
void fail_nth_arm(unsigned int nth, int more);

/* Stop counting and failing. Was there an nth one? */
bool fail_nth_disarm(void);

#endif
