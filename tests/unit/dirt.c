// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include <linux/bitmap.h>
#include <linux/slab.h>
#include <vfio_type1_ng/dirt.h>

unsigned int shim_allocations_left = UINT_MAX;

#define PAGES 200

/* Is exactly this page of the mapping in the set, asked for by itself? */
static bool has(const struct ng_dirt *dirt, unsigned int page)
{
	unsigned long words[2] = { ~0UL, ~0UL };

	ng_dirt_extract(dirt, page, 1, 0, words);
	assert_true(words[0] <= 1);
	return words[0];
}

static void expect(const struct ng_dirt *dirt, unsigned int first, unsigned int last)
{
	unsigned int page;

	for (page = 0; page < PAGES; page++)
		assert_int_equal(has(dirt, page), first <= page && page <= last);
}

static void nothing_is_dirty_at_first(void **state)
{
	struct ng_dirt dirt = {};

	(void)state;
	expect(&dirt, 1, 0);
	ng_dirt_clear(&dirt);
}

static void what_is_added_is_dirty(void **state)
{
	struct ng_dirt dirt = {};

	(void)state;
	ng_dirt_add(&dirt, PAGES, 64, 1);
	expect(&dirt, 64, 64);
	ng_dirt_add(&dirt, PAGES, 60, 10);
	expect(&dirt, 60, 69);
	assert_false(dirt.all);
	ng_dirt_clear(&dirt);
	expect(&dirt, 1, 0);
}

static void everything_needs_no_bitmap(void **state)
{
	struct ng_dirt dirt = {};

	(void)state;
	ng_dirt_add(&dirt, PAGES, 0, PAGES);
	assert_null(dirt.bits);
	expect(&dirt, 0, PAGES - 1);
	ng_dirt_clear(&dirt);

	ng_dirt_add(&dirt, PAGES, 7, 1);
	ng_dirt_add_all(&dirt);
	assert_null(dirt.bits);
	ng_dirt_add(&dirt, PAGES, 9, 1);
	assert_null(dirt.bits);
	expect(&dirt, 0, PAGES - 1);
	ng_dirt_clear(&dirt);
}

static void without_memory_everything_is_dirty(void **state)
{
	struct ng_dirt dirt = {};

	(void)state;
	shim_allocations_left = 0;
	ng_dirt_add(&dirt, PAGES, 7, 1);
	shim_allocations_left = UINT_MAX;
	expect(&dirt, 0, PAGES - 1);
	ng_dirt_clear(&dirt);
}

/* More than the kernel's bitmap functions can count. */
static void of_a_mapping_too_large_everything_is_dirty(void **state)
{
	struct ng_dirt dirt = {};

	(void)state;
	ng_dirt_add(&dirt, NG_DIRT_MAX_PAGES + 1, 7, 1);
	assert_true(dirt.all);
	ng_dirt_clear(&dirt);
}

static void moving_unites(void **state)
{
	struct ng_dirt a = {}, b = {};

	(void)state;
	ng_dirt_move(&a, &b, PAGES);		/* nothing to nothing */
	expect(&a, 1, 0);
	ng_dirt_add(&b, PAGES, 100, 20);
	ng_dirt_move(&a, &b, PAGES);		/* some to nothing */
	expect(&a, 100, 119);
	expect(&b, 1, 0);
	ng_dirt_move(&a, &b, PAGES);		/* nothing to some */
	expect(&a, 100, 119);
	ng_dirt_add(&b, PAGES, 120, 5);
	ng_dirt_move(&a, &b, PAGES);		/* some to some */
	expect(&a, 100, 124);
	expect(&b, 1, 0);
	ng_dirt_add_all(&b);
	ng_dirt_move(&a, &b, PAGES);		/* everything to some */
	expect(&a, 0, PAGES - 1);
	expect(&b, 1, 0);
	ng_dirt_add(&b, PAGES, 3, 1);
	ng_dirt_move(&a, &b, PAGES);		/* some to everything */
	expect(&a, 0, PAGES - 1);
	expect(&b, 1, 0);
	ng_dirt_clear(&a);
}

/* Every stretch, put at every place in a word, against a bit-by-bit answer. */
static void extracted(const struct ng_dirt *dirt, unsigned int first, unsigned int npages, unsigned int offset)
{
	unsigned int i, words = (offset + npages + 63) / 64;
	/* As much as is promised and no more, so that a sanitizer sees a step beyond. */
	unsigned long *got = malloc((offset + npages + 63 + 64) / 64 * 8);

	memset(got, 0xff, words * 8);
	ng_dirt_extract(dirt, first, npages, offset, got);
	for (i = 0; i < words * 64; i++) {
		bool inside = offset <= i && i < offset + npages;
		bool dirty = inside && (dirt->all || (dirt->bits && test_bit(first + i - offset, dirt->bits)));

		if (test_bit(i, got) != dirty)
			fail_msg("pages %u+%u at %u: bit %u is %d", first, npages, offset, i, !dirty);
	}
	free(got);
}

static void stretches_come_out_at_any_alignment(void **state)
{
	struct ng_dirt some = {}, none = {}, all = { .all = true };
	unsigned int first, npages, offset;

	(void)state;
	for (first = 0; first < PAGES; first += 3 + first % 5)
		ng_dirt_add(&some, PAGES, first, 1 + first % 2);
	for (offset = 0; offset < 64; offset += 7)
		for (first = 0; first < PAGES; first += offset ? 13 : 1)
			for (npages = 1; first + npages <= PAGES; npages += 1 + npages / 3) {
				extracted(&some, first, npages, offset);
				extracted(&none, first, npages, offset);
				extracted(&all, first, npages, offset);
			}
	ng_dirt_clear(&some);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(nothing_is_dirty_at_first),
	cmocka_unit_test(what_is_added_is_dirty),
	cmocka_unit_test(everything_needs_no_bitmap),
	cmocka_unit_test(without_memory_everything_is_dirty),
	cmocka_unit_test(of_a_mapping_too_large_everything_is_dirty),
	cmocka_unit_test(moving_unites),
	cmocka_unit_test(stretches_come_out_at_any_alignment),
};

RUN(tests)
