/* SPDX-License-Identifier: GPL-2.0-only */
/* Inclusive ranges of I/O virtual addresses; last + 1 may wrap to 0. */
#ifndef NG_RANGE_H
#define NG_RANGE_H

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/types.h>

struct ng_range {
	u64 first;
	u64 last;
};

#define NG_RANGE_ALL ((struct ng_range){ .first = 0, .last = U64_MAX })

/**
 * ng_range_init() - make a range from an address and a length of user space
 * @range: filled on success
 * @first: first address
 * @size: length in bytes
 * Return: 0; -EINVAL if @size is 0; -EOVERFLOW if the range would wrap.
 */
static inline int ng_range_init(struct ng_range *range, u64 first, u64 size)
{
	u64 last;

	if (!size)
		return -EINVAL;
	if (check_add_overflow(first, size - 1, &last))
		return -EOVERFLOW;
	*range = (struct ng_range){ .first = first, .last = last };
	return 0;
}

/* As ng_range_init(), but also -EOVERFLOW beyond an unsigned long. */
static inline int ng_range_init_native(struct ng_range *range, u64 first, u64 size)
{
	int ret = ng_range_init(range, first, size);

	return !ret && range->last > ULONG_MAX ? -EOVERFLOW : ret;
}

static inline bool ng_ranges_overlap(struct ng_range a, struct ng_range b)
{
	return a.first <= b.last && b.first <= a.last;
}

static inline bool ng_range_contains(struct ng_range outer, struct ng_range inner)
{
	return outer.first <= inner.first && inner.last <= outer.last;
}

static inline bool ng_ranges_equal(struct ng_range a, struct ng_range b)
{
	return a.first == b.first && a.last == b.last;
}

#endif
