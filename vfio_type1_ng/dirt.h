/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirt: which pages of one mapping were written to.
 *
 * A bitmap that exists only while it says more than "none" or "all".  Adding to it cannot fail: without memory for the
 * bitmap everything counts as dirty, which costs whoever migrates some time, and never data.  Pure logic: the tests
 * run it on the build host.
 */
#ifndef NG_DIRT_H
#define NG_DIRT_H

#include <linux/types.h>

/* So many pages can be counted in the kernel's bitmap functions, and in the largest bitmap that user space may ask for. */
#define NG_DIRT_MAX_PAGES	((u64)S32_MAX)

/**
 * struct ng_dirt - a set of pages of a mapping; all zeroes is the empty set
 * @bits: one for each page of the mapping, or NULL: none, unless @all
 * @all: every page is in it, and @bits is NULL
 *
 * At most one bit a page, allocated when the first page is added and charged to the memory cgroup of the task that adds it.
 */
struct ng_dirt {
	unsigned long *bits;
	bool all;
};

void ng_dirt_add(struct ng_dirt *dirt, u64 mapping_pages, u64 first_page, u64 npages);
void ng_dirt_add_all(struct ng_dirt *dirt);
void ng_dirt_move(struct ng_dirt *to, struct ng_dirt *from, u64 mapping_pages);
void ng_dirt_clear(struct ng_dirt *dirt);
void ng_dirt_extract(const struct ng_dirt *dirt, u64 first_page, unsigned int npages, unsigned int offset,
		     unsigned long *words);

#endif
