// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include <linux/errno.h>
#include <linux/slab.h>
#include <vfio_type1_ng/runs.h>

unsigned int shim_allocations_left = UINT_MAX;

static void no_run_at_first(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {};

	(void)state;
	assert_null(ng_runs_last(&runs));
	assert_null(ng_run_cursor_peek(&cursor, &runs));
	assert_null(ng_run_cursor_next(&cursor, &runs));
	ng_runs_free(&runs);
}

static void contiguous_frames_make_one_run(void **state)
{
	struct ng_runs runs = {};
	unsigned long i;

	(void)state;
	for (i = 0; i < 100000; i++)
		assert_int_equal(ng_runs_append(&runs, 0x1000 + i, 1, true, true), 0);
	assert_int_equal(ng_runs_last(&runs)->pfn, 0x1000);
	assert_int_equal(ng_runs_last(&runs)->npages, 100000);
	assert_null(ng_runs_last_chunk(&runs));
	ng_runs_free(&runs);
	assert_null(ng_runs_last(&runs));
}

static void runs_have_a_longest(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {};
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(ng_runs_append(&runs, (unsigned long)i << 31, 1UL << 31, false, true), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(ng_run_cursor_peek(&cursor, &runs)->pfn, (unsigned long)i << 31);
		assert_int_equal(ng_run_cursor_next(&cursor, &runs)->npages, 1UL << 31);
	}
	assert_null(ng_run_cursor_next(&cursor, &runs));
	ng_runs_free(&runs);
}

static void different_kinds_do_not_merge(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor;

	(void)state;
	assert_int_equal(ng_runs_append(&runs, 10, 1, true, true), 0);
	assert_int_equal(ng_runs_append(&runs, 11, 1, false, true), 0);	/* device memory next to memory */
	assert_int_equal(ng_runs_append(&runs, 12, 1, false, false), 0);	/* large pages are off */
	assert_int_equal(ng_runs_append(&runs, 11, 1, false, true), 0);	/* going down */
	cursor = (struct ng_run_cursor){};
	assert_int_equal(ng_run_cursor_next(&cursor, &runs)->pinned, 1);
	assert_int_equal(ng_run_cursor_next(&cursor, &runs)->pinned, 0);
	assert_int_equal(ng_run_cursor_next(&cursor, &runs)->pfn, 12);
	assert_int_equal(ng_run_cursor_next(&cursor, &runs)->pfn, 11);
	assert_null(ng_run_cursor_next(&cursor, &runs));
	ng_runs_free(&runs);
}

static void scattered_frames_come_back_in_order(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor, early;
	unsigned long i;

	(void)state;
	early = (struct ng_run_cursor){};
	for (i = 0; i < 5000; i++)
		assert_int_equal(ng_runs_append(&runs, 3 * i, 1, true, true), 0);
	cursor = (struct ng_run_cursor){};
	for (i = 0; i < 5000; i++) {
		assert_int_equal(ng_run_cursor_peek(&cursor, &runs)->pfn, 3 * i);
		assert_int_equal(ng_run_cursor_next(&cursor, &runs)->pfn, 3 * i);
		/* A cursor that started on the empty list sees what came later. */
		assert_int_equal(ng_run_cursor_next(&early, &runs)->pfn, 3 * i);
	}
	assert_null(ng_run_cursor_next(&cursor, &runs));
	/* The list may grow behind a cursor that has reached its end. */
	assert_int_equal(ng_runs_append(&runs, 1, 1, true, true), 0);
	assert_int_equal(ng_run_cursor_next(&cursor, &runs)->pfn, 1);
	ng_runs_free(&runs);
}

static void failed_append_adds_nothing(void **state)
{
	unsigned int allowed;

	(void)state;
	for (allowed = 0; allowed < 12; allowed++) {
		struct ng_runs runs = {};
		struct ng_run_cursor cursor;
		unsigned long n = 0, seen = 0;

		shim_allocations_left = allowed;
		while (!ng_runs_append(&runs, 2 * n, 1, true, true))
			n++;
		assert_int_equal(ng_runs_append(&runs, 2 * n, 1, true, true), -ENOMEM);
		cursor = (struct ng_run_cursor){};
		while (ng_run_cursor_next(&cursor, &runs))
			seen++;
		assert_int_equal(seen, n);
		ng_runs_free(&runs);
	}
	shim_allocations_left = UINT_MAX;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(no_run_at_first),
	cmocka_unit_test(contiguous_frames_make_one_run),
	cmocka_unit_test(runs_have_a_longest),
		cmocka_unit_test(different_kinds_do_not_merge),
	cmocka_unit_test(scattered_frames_come_back_in_order),
	cmocka_unit_test(failed_append_adds_nothing),
};

RUN(tests)
