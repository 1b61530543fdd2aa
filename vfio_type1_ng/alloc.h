/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory charged to the memory cgroup of the calling task. Before v6.3,
 * vfio_iommu_type1 charges none; it never keeps runs. What fits a cgroup there
 * must fit here, so a failed charge must not fail a call or kill the task.
 */
#ifndef NG_ALLOC_H
#define NG_ALLOC_H

#include <linux/gfp.h>
#include <linux/slab.h>

/* For memory that can be done without: fails if it cannot be charged. */
#define NG_GFP_OPTIONAL	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* For small objects limited in number: not charged if the cgroup is full. */
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
