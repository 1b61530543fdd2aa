// SPDX-License-Identifier: GPL-2.0-only
/* Sets of dirty pages. */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "alloc.h"
#include "dirt.h"

/**
 * ng_dirt_add() - add pages to a set
 * @dirt: the set
 * @mapping_pages: number of pages of the mapping
 * @first_page: index of the first page to add
 * @npages: number of pages to add, at least 1
 * Context: may sleep.
 */
void ng_dirt_add(struct ng_dirt *dirt, u64 mapping_pages, u64 first_page, u64 npages)
{
	if (dirt->all)
		return;
	if (!dirt->bits && npages < mapping_pages && mapping_pages <= NG_DIRT_MAX_PAGES)
		dirt->bits = kvcalloc(BITS_TO_LONGS(mapping_pages), sizeof(long), NG_GFP_OPTIONAL);
	if (dirt->bits)
		bitmap_set(dirt->bits, first_page, npages);
	else
		dirt->all = true;
}

void ng_dirt_add_all(struct ng_dirt *dirt)
{
	ng_dirt_clear(dirt);
	dirt->all = true;
}

/**
 * ng_dirt_move() - move all pages of one set into another
 * @to: the set that grows
 * @from: a set of the same mapping, empty afterwards
 * @mapping_pages: number of pages of the mapping
 */
void ng_dirt_move(struct ng_dirt *to, struct ng_dirt *from, u64 mapping_pages)
{
	if (from->all)
		ng_dirt_add_all(to);
	else if (!to->bits && !to->all)
		swap(*to, *from);
	else if (to->bits && from->bits)
		bitmap_or(to->bits, to->bits, from->bits, mapping_pages);
	ng_dirt_clear(from);
}

void ng_dirt_clear(struct ng_dirt *dirt)
{
	kvfree(dirt->bits);
	*dirt = (struct ng_dirt){};
}

/**
 * ng_dirt_extract() - copy a part of a set into a bitmap of other alignment
 * @dirt: the set
 * @first_page: index of the first page
 * @npages: number of pages, all of the mapping
 * @offset: bit that stands for the first page
 * @words: whole 64-bit words for @offset + @npages + BITS_PER_LONG bits
 *
 * Clears the bits before and behind, up to the end of the last 64-bit word.
 */
void ng_dirt_extract(const struct ng_dirt *dirt, u64 first_page, unsigned int npages, unsigned int offset,
		     unsigned long *words)
{
	unsigned int ahead = first_page % BITS_PER_LONG;

	bitmap_zero(words, ALIGN(offset + npages, 64));
	if (dirt->all) {
		bitmap_set(words, offset, npages);
	} else if (dirt->bits) {
		bitmap_copy_clear_tail(words, dirt->bits + BIT_WORD(first_page), ahead + npages);
		bitmap_shift_right(words, words, ahead, ahead + npages);
		bitmap_shift_left(words, words, offset, offset + npages);
	}
}
