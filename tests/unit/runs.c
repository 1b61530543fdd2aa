// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include <linux/slab.h>
#include <vfio_type1_ng/runs.h>

unsigned int shim_allocations_left = UINT_MAX;

static unsigned long append(struct ng_runs *runs, unsigned long pfn, unsigned long npages, bool pinned,
			    bool extend)
{
	const struct ng_run frames = { .pfn = pfn, .npages = npages, .pinned = pinned };

	return ng_runs_append(runs, &frames, extend);
}

/* The next run must be this one. */
static void expect(struct ng_run_cursor *cursor, const struct ng_runs *runs, unsigned long pfn, unsigned long npages,
		   bool pinned)
{
	struct ng_run run;

	assert_true(ng_run_cursor_peek(cursor, runs, &run));
	assert_int_equal(run.pfn, pfn);
	assert_true(ng_run_cursor_next(cursor, runs, &run));
	assert_int_equal(run.pfn, pfn);
	assert_int_equal(run.npages, npages);
	assert_int_equal(run.pinned, pinned);
}

static void expect_end(struct ng_run_cursor *cursor, const struct ng_runs *runs)
{
	struct ng_run run;

	assert_false(ng_run_cursor_peek(cursor, runs, &run));
	assert_false(ng_run_cursor_next(cursor, runs, &run));
}

static void no_run_at_first(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {};

	(void)state;
	assert_true(ng_runs_empty(&runs));
	expect_end(&cursor, &runs);
	ng_runs_free(&runs);
}

static void contiguous_frames_make_one_run(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {};
	unsigned long i;

	(void)state;
	for (i = 0; i < 100000; i++)
		assert_int_equal(append(&runs, 0x1000 + i, 1, true, true), 1);
	expect(&cursor, &runs, 0x1000, 100000, true);
	expect_end(&cursor, &runs);
	assert_null(ng_runs_last_chunk(&runs));
	ng_runs_free(&runs);
	assert_true(ng_runs_empty(&runs));
}

static void run_is_packed_into_8_bytes(void **state)
{
	static const unsigned long pfns[] = { 0, 1, 0x123456789a, (1UL << 40) - 1 };
	static const unsigned long lengths[] = { 1, 2, 4711, NG_RUN_MAX_PAGES };
	unsigned int i, j, pinned;

	(void)state;
	assert_int_equal(sizeof(ng_packed_run), 8);
	for (i = 0; i < 4; i++)
		for (j = 0; j < 4; j++)
			for (pinned = 0; pinned < 2; pinned++) {
				const struct ng_run in = { .pfn = pfns[i], .npages = lengths[j], .pinned = pinned };
				const struct ng_run out = ng_run_unpack(ng_run_pack(&in));

				assert_int_equal(out.pfn, in.pfn);
				assert_int_equal(out.npages, in.npages);
				assert_int_equal(out.pinned, in.pinned);
			}
}

/* As far as an IOMMU has huge pages, a cut must be between two of them. */
static void long_stretches_are_cut_where_huge_pages_end(void **state)
{
	const unsigned long most = NG_RUN_MAX_PAGES;
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {};

	(void)state;
	assert_int_equal(append(&runs, most - 3, 2 * most, true, true), 2 * most);
	expect(&cursor, &runs, most - 3, 3, true);
	expect(&cursor, &runs, most, most, true);
	expect(&cursor, &runs, 2 * most, most - 3, true);
	/* Page by page, it is the same. */
	assert_int_equal(append(&runs, 3 * most - 3, 3, true, true), 3);
	assert_int_equal(append(&runs, 3 * most, 1, true, true), 1);
	expect(&cursor, &runs, 3 * most, 1, true);
	expect_end(&cursor, &runs);
	ng_runs_free(&runs);
}

static void frames_beyond_52_bits_are_not_remembered(void **state)
{
	const unsigned long far = 1UL << 40;
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {};

	(void)state;
	/* The only run has room for any. */
	assert_int_equal(append(&runs, far, 5, false, true), 5);
	assert_int_equal(append(&runs, 7, 1, true, true), 0);
	expect(&cursor, &runs, far, 5, false);
	expect_end(&cursor, &runs);
	ng_runs_free(&runs);

	cursor = (struct ng_run_cursor){};
	assert_int_equal(append(&runs, 7, 1, true, true), 1);
	assert_int_equal(append(&runs, 9, 1, true, true), 1);
	assert_int_equal(append(&runs, far - 1, 2, true, true), 1);
	assert_int_equal(append(&runs, far, 1, true, true), 0);
	expect(&cursor, &runs, 7, 1, true);
	expect(&cursor, &runs, 9, 1, true);
	expect(&cursor, &runs, far - 1, 1, true);
	expect_end(&cursor, &runs);
	ng_runs_free(&runs);
}

static void different_kinds_do_not_merge(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {};

	(void)state;
	append(&runs, 10, 1, true, true);
	append(&runs, 11, 1, false, true);	/* device memory next to memory */
	append(&runs, 12, 1, false, false);	/* large pages are off */
	append(&runs, 11, 1, false, true);	/* going down */
	expect(&cursor, &runs, 10, 1, true);
	expect(&cursor, &runs, 11, 1, false);
	expect(&cursor, &runs, 12, 1, false);
	expect(&cursor, &runs, 11, 1, false);
	expect_end(&cursor, &runs);
	ng_runs_free(&runs);
}

static void scattered_frames_come_back_in_order(void **state)
{
	struct ng_runs runs = {};
	struct ng_run_cursor cursor = {}, early = {};
	struct ng_run run;
	unsigned long i;

	(void)state;
	for (i = 0; i < 5000; i++)
		assert_int_equal(append(&runs, 3 * i, 1, true, true), 1);
	for (i = 0; i < 5000; i++) {
		expect(&cursor, &runs, 3 * i, 1, true);
		/* A cursor that started on the empty list sees what came later. */
		assert_true(ng_run_cursor_peek(&early, &runs, &run));
		assert_int_equal(ng_run_cursor_at_last(&early, &runs), i == 4999);
		expect(&early, &runs, 3 * i, 1, true);
	}
	expect_end(&cursor, &runs);
	/* The list may grow behind a cursor that has reached its end. */
	append(&runs, 1, 1, true, true);
	expect(&cursor, &runs, 1, 1, true);
	ng_runs_free(&runs);
}

static void failed_append_adds_nothing(void **state)
{
	unsigned int allowed;

	(void)state;
	for (allowed = 0; allowed < 12; allowed++) {
		struct ng_runs runs = {};
		struct ng_run_cursor cursor = {};
		unsigned long n = 0, i;

		shim_allocations_left = allowed;
		while (append(&runs, 2 * n, 1, true, true))
			n++;
		assert_true(n);
		assert_int_equal(append(&runs, 2 * n, 1, true, true), 0);
		for (i = 0; i < n; i++)
			expect(&cursor, &runs, 2 * i, 1, true);
		expect_end(&cursor, &runs);
		ng_runs_free(&runs);
	}
	shim_allocations_left = UINT_MAX;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(no_run_at_first),
	cmocka_unit_test(contiguous_frames_make_one_run),
	cmocka_unit_test(run_is_packed_into_8_bytes),
	cmocka_unit_test(long_stretches_are_cut_where_huge_pages_end),
	cmocka_unit_test(frames_beyond_52_bits_are_not_remembered),
	cmocka_unit_test(different_kinds_do_not_merge),
	cmocka_unit_test(scattered_frames_come_back_in_order),
	cmocka_unit_test(failed_append_adds_nothing),
};

RUN(tests)
