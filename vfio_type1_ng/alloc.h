/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that the memory cgroup of the calling task pays for, and that is no reason to end the
 * task.
 *
 * Until Linux 6.3, stock's module charges nobody for what it allocates, and what we remember beside
 * that, it never needs.  So user space that fits its cgroup with that module must fit it with ours.
 */
#ifndef NG_ALLOC_H
#define NG_ALLOC_H

#include <linux/gfp.h>
#include <linux/slab.h>

/* For memory that can be done without: charged; if that is not possible, there is none. */
#define NG_GFP_OPTIONAL	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/*
 * For small objects whose number something else limits: charged if the cgroup has room for it,
 * otherwise not.  kfree() frees them.
 */
static inline void *ng_kcalloc(size_t n, size_t bytes)
{
	void *object = kcalloc(n, bytes, NG_GFP_OPTIONAL);

	return object ? object : kcalloc(n, bytes, GFP_KERNEL);
}

static inline void *ng_kzalloc(size_t bytes)
{
	return ng_kcalloc(1, bytes);
}

#endif
