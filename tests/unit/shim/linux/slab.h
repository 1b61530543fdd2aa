/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SLAB_H
#define SHIM_SLAB_H

#include <stdlib.h>
#include <string.h>

#define GFP_KERNEL 0
#define GFP_KERNEL_ACCOUNT 0
#define __GFP_NORETRY 0
#define __GFP_NOWARN 0

/* Allocations that may still succeed; a test sets it to see a failure. */
extern unsigned int shim_allocations_left;

static inline void *kmalloc(size_t size, int flags)
{
	(void)flags;
	if (!shim_allocations_left)
		return NULL;
	shim_allocations_left--;
	return malloc(size);
}

static inline void *kcalloc(size_t n, size_t size, int flags)
{
	void *p = kmalloc(n * size, flags);

	return p ? memset(p, 0, n * size) : NULL;
}

static inline void *kzalloc(size_t size, int flags)
{
	return kcalloc(1, size, flags);
}

#define kvcalloc kcalloc
#define kfree free
#define kvfree free

#endif
