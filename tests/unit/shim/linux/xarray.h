/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_XARRAY_H
#define SHIM_XARRAY_H

#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/types.h>

#define SHIM_XARRAY_ENTRIES	8

/* Small, and numbered from 1 on. */
struct xarray {
	void *entries[SHIM_XARRAY_ENTRIES];
};

#define XA_FLAGS_ALLOC1	0
#define xa_limit_32b	0

#define xa_init_flags(xa, flags)	(*(xa) = (struct xarray){})
#define xa_destroy(xa)			((void)(xa))

#define xa_for_each(xa, index, entry)						\
	for (index = 1; index < SHIM_XARRAY_ENTRIES; index++)			\
		if (((entry) = (xa)->entries[index]))

static inline void *xa_load(struct xarray *xa, unsigned long index)
{
	return xa->entries[index];
}

static inline void *xa_erase(struct xarray *xa, unsigned long index)
{
	void *entry = xa->entries[index];

	xa->entries[index] = NULL;
	return entry;
}

/* Takes memory, as the real one does now and then. */
static inline int xa_alloc(struct xarray *xa, u32 *id, void *entry, int limit, int flags)
{
	void *node = kmalloc(1, flags);

	(void)limit;
	if (!node)
		return -ENOMEM;
	kfree(node);
	for (*id = 1; *id < SHIM_XARRAY_ENTRIES; ++*id) {
		if (!xa->entries[*id]) {
			xa->entries[*id] = entry;
			return 0;
		}
	}
	return -EBUSY;
}

#endif
