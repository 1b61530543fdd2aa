/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The set of dirty pages of a mapping. Without memory for bits, all pages count
 * as dirty: that costs a migration time but no data. Also built by tests/unit.
 */
#ifndef NG_DIRT_H
#define NG_DIRT_H

#include <linux/types.h>

/* Limit of the bitmap functions (int) and of NG_DIRTY_MAX_BITMAP_BYTES. */
#define NG_DIRT_MAX_PAGES	((u64)S32_MAX)

/**
 * struct ng_dirt - a set of pages of a mapping; all zeroes is the empty set
 * @bits: one per page, allocated with the first; NULL if empty or full
 * @all: the set is full
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
