// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include <linux/slab.h>
#include <vfio_type1_ng/iova_windows.h>

unsigned int shim_allocations_left = UINT_MAX;

static struct ng_range range(u64 first, u64 last)
{
	return (struct ng_range){ .first = first, .last = last };
}

static void assert_windows(const struct ng_iova_windows *list, const struct ng_range *expected, unsigned int nr)
{
	unsigned int i;

	assert_int_equal(list->nr, nr);
	for (i = 0; i < nr; i++) {
		assert_int_equal(list->windows[i].first, expected[i].first);
		assert_int_equal(list->windows[i].last, expected[i].last);
	}
}

#define ASSERT_WINDOWS(list, ...)						\
	do {									\
		const struct ng_range expected[] = { __VA_ARGS__ };		\
										\
		assert_windows(list, expected, sizeof(expected) / sizeof(expected[0])); \
	} while (0)

static struct ng_iova_windows everything(unsigned int capacity)
{
	struct ng_iova_windows list = {};

	assert_int_equal(ng_iova_windows_make_room(&list, capacity), 0);
	assert_int_equal(list.nr, 0);
	ng_iova_windows_reset(&list);
	return list;
}

static void allocation_failure_is_reported(void **state)
{
	struct ng_iova_windows list = {};

	(void)state;
	shim_allocations_left = 0;
	assert_int_equal(ng_iova_windows_make_room(&list, 3), -ENOMEM);
	shim_allocations_left = UINT_MAX;
	ng_iova_windows_free(&list);
}

static void room_is_made_only_where_there_is_not_enough(void **state)
{
	struct ng_iova_windows list = everything(3);
	const struct ng_range *windows = list.windows;

	(void)state;
	shim_allocations_left = 0;
	assert_int_equal(ng_iova_windows_make_room(&list, 2), 0);
	assert_ptr_equal(list.windows, windows);
	assert_int_equal(ng_iova_windows_make_room(&list, 4), -ENOMEM);
	ASSERT_WINDOWS(&list, range(0, U64_MAX));
	shim_allocations_left = UINT_MAX;
	assert_int_equal(ng_iova_windows_make_room(&list, 4), 0);
	assert_int_equal(list.nr, 0);
	ng_iova_windows_free(&list);
}

static void a_copy_is_equal_and_has_the_same_room(void **state)
{
	struct ng_iova_windows list = everything(3), copy = {};

	(void)state;
	ng_iova_windows_exclude(&list, range(0x1000, 0x1fff));
	shim_allocations_left = 0;
	assert_int_equal(ng_iova_windows_copy(&copy, &list), -ENOMEM);
	assert_int_equal(copy.nr, 0);
	shim_allocations_left = UINT_MAX;
	assert_int_equal(ng_iova_windows_copy(&copy, &list), 0);
	assert_int_equal(copy.capacity, 3);
	ng_iova_windows_exclude(&copy, range(0x3000, 0x3fff));
	ASSERT_WINDOWS(&copy, range(0, 0xfff), range(0x2000, 0x2fff), range(0x4000, U64_MAX));
	ASSERT_WINDOWS(&list, range(0, 0xfff), range(0x2000, U64_MAX));
	ng_iova_windows_free(&copy);
	ng_iova_windows_free(&list);
}

static void all_addresses_are_one_window(void **state)
{
	struct ng_iova_windows list = everything(1);

	(void)state;
	ASSERT_WINDOWS(&list, range(0, U64_MAX));
	assert_true(ng_iova_windows_contain(&list, NG_RANGE_ALL));
	ng_iova_windows_free(&list);
}

static void msi_window_splits_the_aperture(void **state)
{
	struct ng_iova_windows list = everything(2);

	(void)state;
	ng_iova_windows_exclude(&list, range(0xfee00000, 0xfeefffff));
	ng_iova_windows_restrict(&list, range(0, (1ULL << 39) - 1));
	ASSERT_WINDOWS(&list, range(0, 0xfedfffff), range(0xfef00000, (1ULL << 39) - 1));
	assert_true(ng_iova_windows_contain(&list, range(0xfedff000, 0xfedfffff)));
	assert_false(ng_iova_windows_contain(&list, range(0xfedff000, 0xfee00000)));
	assert_false(ng_iova_windows_contain(&list, range(0, 1ULL << 39)));
	ng_iova_windows_free(&list);
}

static void excluding_the_ends_wraps_nothing(void **state)
{
	struct ng_iova_windows list = everything(3);

	(void)state;
	ng_iova_windows_exclude(&list, range(0, 0));
	ng_iova_windows_exclude(&list, range(U64_MAX, U64_MAX));
	ASSERT_WINDOWS(&list, range(1, U64_MAX - 1));
	ng_iova_windows_exclude(&list, range(0, U64_MAX));
	assert_int_equal(list.nr, 0);
	ng_iova_windows_free(&list);
}

static void windows_may_vanish(void **state)
{
	struct ng_iova_windows list = everything(3);

	(void)state;
	ng_iova_windows_exclude(&list, range(0x1000, 0x1fff));
	ng_iova_windows_exclude(&list, range(0x3000, 0x3fff));
	ASSERT_WINDOWS(&list, range(0, 0xfff), range(0x2000, 0x2fff), range(0x4000, U64_MAX));
	ng_iova_windows_exclude(&list, range(0x800, 0x37ff));
	ASSERT_WINDOWS(&list, range(0, 0x7ff), range(0x4000, U64_MAX));
	ng_iova_windows_restrict(&list, range(0x900, 0x3fff));
	assert_int_equal(list.nr, 0);
	assert_false(ng_iova_windows_contain(&list, range(0, 0)));
	ng_iova_windows_free(&list);
}

/* 64 addresses, one bit each, at either end of the address space: what the list should hold, the simple way. */
#define MODEL_ADDRESSES 64

static u64 model_bits(struct ng_range r, u64 base)
{
	u64 bits = 0;
	unsigned int i;

	for (i = 0; i < MODEL_ADDRESSES; i++)
		if (base + i >= r.first && base + i <= r.last)
			bits |= 1ULL << i;
	return bits;
}

static u64 list_bits(const struct ng_iova_windows *list, u64 base)
{
	u64 bits = 0;
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		bits |= model_bits(list->windows[i], base);
		assert_true(list->windows[i].first <= list->windows[i].last);
		if (i)
			assert_true(list->windows[i].first > list->windows[i - 1].last + 1);
	}
	return bits;
}

static void random_steps_match_a_bitmap(void **state)
{
	unsigned int round, step, seed = 1;

	(void)state;
	for (round = 0; round < 20000; round++) {
		u64 base = round & 1 ? U64_MAX - MODEL_ADDRESSES + 1 : 0;
		const unsigned int nr_steps = 6;
		struct ng_iova_windows list = everything(nr_steps + 1);
		u64 model = ~0ULL;

		for (step = 0; step < nr_steps; step++) {
			u64 a = base + rand_r(&seed) % MODEL_ADDRESSES;
			u64 b = base + rand_r(&seed) % MODEL_ADDRESSES;
			struct ng_range r = a < b ? range(a, b) : range(b, a);

			if (rand_r(&seed) % 4) {
				ng_iova_windows_exclude(&list, r);
				model &= ~model_bits(r, base);
			} else {
				ng_iova_windows_restrict(&list, r);
				model &= model_bits(r, base);
			}
			assert_int_equal(list_bits(&list, base), model);
			assert_int_equal(ng_iova_windows_contain(&list, range(a, a)), model >> (a - base) & 1);
		}
		ng_iova_windows_free(&list);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(allocation_failure_is_reported),
	cmocka_unit_test(room_is_made_only_where_there_is_not_enough),
	cmocka_unit_test(a_copy_is_equal_and_has_the_same_room),
	cmocka_unit_test(all_addresses_are_one_window),
	cmocka_unit_test(msi_window_splits_the_aperture),
	cmocka_unit_test(excluding_the_ends_wraps_nothing),
	cmocka_unit_test(windows_may_vanish),
	cmocka_unit_test(random_steps_match_a_bitmap),
};

RUN(tests)
