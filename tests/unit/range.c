// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include <vfio_type1_ng/range.h>

static struct ng_range range(u64 first, u64 last)
{
	return (struct ng_range){ .first = first, .last = last };
}

static void empty_range_is_refused(void **state)
{
	struct ng_range r = range(7, 8);

	(void)state;
	assert_int_equal(ng_range_init(&r, 0, 0), -EINVAL);
	assert_int_equal(ng_range_init(&r, U64_MAX, 0), -EINVAL);
	assert_true(ng_ranges_equal(r, range(7, 8)));
}

static void range_may_end_at_the_last_address(void **state)
{
	struct ng_range r;

	(void)state;
	assert_int_equal(ng_range_init(&r, U64_MAX - 4095, 4096), 0);
	assert_true(ng_ranges_equal(r, range(U64_MAX - 4095, U64_MAX)));
	assert_int_equal(ng_range_init(&r, U64_MAX, 1), 0);
	assert_int_equal(ng_range_init(&r, 0, U64_MAX), 0);
	assert_true(ng_ranges_equal(r, range(0, U64_MAX - 1)));
}

static void range_past_the_last_address_is_an_overflow(void **state)
{
	struct ng_range r = range(7, 8);

	(void)state;
	assert_int_equal(ng_range_init(&r, U64_MAX, 2), -EOVERFLOW);
	assert_int_equal(ng_range_init(&r, U64_MAX - 4095, 4097), -EOVERFLOW);
	assert_int_equal(ng_range_init(&r, 2, U64_MAX), -EOVERFLOW);
	assert_true(ng_ranges_equal(r, range(7, 8)));
}

static void overlap_needs_a_common_address(void **state)
{
	(void)state;
	assert_true(ng_ranges_overlap(range(0, 5), range(5, 9)));
	assert_true(ng_ranges_overlap(range(5, 9), range(0, 5)));
	assert_true(ng_ranges_overlap(range(3, 3), NG_RANGE_ALL));
	assert_false(ng_ranges_overlap(range(0, 4), range(5, 9)));
	assert_false(ng_ranges_overlap(range(5, U64_MAX), range(0, 4)));
}

static void containing_includes_both_ends(void **state)
{
	(void)state;
	assert_true(ng_range_contains(range(1, 9), range(1, 9)));
	assert_true(ng_range_contains(NG_RANGE_ALL, range(U64_MAX, U64_MAX)));
	assert_false(ng_range_contains(range(1, 9), range(0, 5)));
	assert_false(ng_range_contains(range(1, 9), range(5, 10)));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(empty_range_is_refused),
	cmocka_unit_test(range_may_end_at_the_last_address),
	cmocka_unit_test(range_past_the_last_address_is_an_overflow),
	cmocka_unit_test(overlap_needs_a_common_address),
	cmocka_unit_test(containing_includes_both_ends),
};

RUN(tests)
