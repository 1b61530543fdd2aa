// SPDX-License-Identifier: GPL-2.0-only
/* Calls that the differential test makes at once: which are, and in what order they can have come. */
#include "unit.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "../guest/fuzz/layout.h"
#include "../guest/fuzz/order.h"
#include "../guest/fuzz/rules.h"

#define NEW	FACTS_OF_TYPE1

static struct fuzz_script script;
static struct fuzz_model model;

static int begin(void **state)
{
	(void)state;
	model = (struct fuzz_model){ .driver = true, .v2 = true };
	return 0;
}

static void only_well_formed_calls_begin_a_burst(void **state)
{
	static const struct fuzz_op good = {
		.kind = FUZZ_MAP, .argsz = 32, .flags = 3, .iova = 0x1000, .size = 0x1000,
		.vaddr = 0x10000,
	};
	const unsigned int nr = 2;

	(void)state;
	script = (struct fuzz_script){ .setup.entry_limit = 65535, .nr = nr, .op = { good, good } };
	script.op[1].beside = true;
	assert_int_equal(fuzz_burst(&script, 0, NEW), 2);
	script.setup.limited = true;
	assert_int_equal(fuzz_burst(&script, 0, NEW), 1);
	script.setup.limited = false;
	script.op[0].argsz = 31;
	assert_int_equal(fuzz_burst(&script, 0, NEW), 1);
	script.op[0] = good;
	script.op[0].vaddr = -FUZZ_PAGE;
	assert_int_equal(fuzz_burst(&script, 0, NEW), 1);
	script.op[0] = good;
	script.op[1].beside = false;
	assert_int_equal(fuzz_burst(&script, 0, NEW), 1);
}

#define MAPS(from, bytes)	{ .kind = FUZZ_MAP, .flags = 3, .iova = from, .size = bytes }

static const struct fuzz_op map_low = MAPS(0x1000, 0x2000);
static const struct fuzz_op map_over = MAPS(0x2000, 0x2000);
static const struct fuzz_op unmap_low = { .kind = FUZZ_UNMAP, .iova = 0x1000, .size = 0x2000 };
static const struct fuzz_op unmap_wide = { .kind = FUZZ_UNMAP, .iova = 0, .size = 0x10000 };

/*
 * The order that is found for these results, as a decimal number whose digits count calls from 1;
 * 0: none. A negative number is an errno, another one how much an unmap says it has unmapped.
 */
static unsigned int order_of(const struct fuzz_op *op, unsigned int nr, const int64_t *results)
{
	struct fuzz_returned returned[FUZZ_MOST_AT_ONCE] = {};
	unsigned int order[FUZZ_MOST_AT_ONCE], i, digits = 0;

	for (i = 0; i < nr; i++) {
		returned[i].ret = results[i] < 0 ? results[i] : 0;
		returned[i].size = results[i] < 0 ? 0 : results[i];
	}
	if (fuzz_find_order(&model, op, returned, nr, order) == FUZZ_ORDER_NONE)
		return 0;
	for (i = 0; i < nr; i++)
		digits = digits * 10 + order[i] + 1;
	return digits;
}

#define ORDER2(op, a, b)	order_of(op, 2, (const int64_t[]){ a, b })
#define ORDER3(op, a, b, c)	order_of(op, 3, (const int64_t[]){ a, b, c })

static void the_order_is_the_one_that_explains_the_results(void **state)
{
	const struct fuzz_op maps[] = { map_low, map_over }, pair[] = { unmap_low, map_low };
	const struct fuzz_op three[] = { map_low, unmap_wide, map_over };

	(void)state;
	assert_int_equal(ORDER2(maps, 0, -EEXIST), 12);
	assert_int_equal(ORDER2(maps, -EEXIST, 0), 21);
	assert_int_equal(ORDER2(pair, 0, 0), 12);
	assert_int_equal(ORDER2(pair, 0x2000, 0), 21);
	assert_int_equal(ORDER3(three, 0, 0x2000, 0), 123);
	assert_int_equal(ORDER3(three, -EEXIST, 0x2000, 0), 312);
	/* An errno of the memory, wherever nothing is in the way. */
	assert_int_equal(ORDER2(maps, -EFAULT, 0), 12);
}

static void results_of_no_order_are_found(void **state)
{
	const struct fuzz_op maps[] = { map_low, map_over }, unmaps[] = { unmap_wide, unmap_wide };
	const struct fuzz_op far = MAPS(0x8000, 0x1000);

	(void)state;
	assert_int_equal(ORDER2(maps, 0, 0), 0);
	assert_int_equal(ORDER2(maps, -EEXIST, -EEXIST), 0);
	/* A map that fails is in nobody's way. */
	assert_int_equal(ORDER2(maps, -EFAULT, -EEXIST), 0);
	/* One of two that unmap all of it has it all. */
	fuzz_model_apply(&model, &map_low);
	fuzz_model_apply(&model, &far);
	assert_int_equal(ORDER2(unmaps, 0x3000, 0), 12);
	assert_int_equal(ORDER2(unmaps, 0, 0x3000), 21);
	assert_int_equal(ORDER2(unmaps, 0x2000, 0x1000), 0);
}

static void an_unmap_cuts_no_mapping(void **state)
{
	const struct fuzz_op unmap = { .kind = FUZZ_UNMAP, .iova = 0x1000, .size = 0x1000 };
	const struct fuzz_op half[] = { unmap, map_low };

	(void)state;
	assert_int_equal(ORDER2(half, 0, 0), 12);
	assert_int_equal(ORDER2(half, -EINVAL, 0), 21);
	assert_int_equal(ORDER2(half, -EINVAL, -EFAULT), 0);
}

/* Sizes alike, so that nobody can say which of two pages is still mapped. */
static void what_stays_open_is_said(void **state)
{
	const struct fuzz_op op[] = { MAPS(0x1000, 0x1000), MAPS(0x2000, 0x1000), unmap_wide };
	const struct fuzz_returned returned[] = { {}, {}, { .size = 0x1000 } };
	unsigned int order[FUZZ_MOST_AT_ONCE];

	(void)state;
	assert_int_equal(fuzz_find_order(&model, op, returned, 3, order), FUZZ_ORDER_OPEN);
	assert_int_equal(fuzz_find_order(&model, op, returned, 2, order), FUZZ_ORDER_FOUND);
}

static void bursts_are_of_calls_that_meet_and_no_others(void **state)
{
	const struct fuzz_profile at_once = { .emulated = true, .at_once = true };
	const struct fuzz_profile one_at_a_time = { .emulated = true };
	unsigned int bursts = 0, meet = 0, i, k, nr;
	static struct fuzz_model empty;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		fuzz_generate(&script, seed, &at_once);
		for (i = 0; i < script.nr; i += nr) {
			nr = fuzz_burst(&script, i, NEW);
			assert_in_range(nr, 1, FUZZ_MOST_AT_ONCE);
			bursts += nr > 1;
			for (k = 1; k < nr; k++)
				meet += !fuzz_are_independent(&empty, &script.op[i],
							      &script.op[i + k]);
		}
		fuzz_generate(&script, seed, &one_at_a_time);
		for (i = 0; i < script.nr; i++)
			assert_int_equal(fuzz_burst(&script, i, NEW), 1);
	}
	assert_true(bursts > 1000);
	assert_true(meet > bursts / 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(only_well_formed_calls_begin_a_burst),
	cmocka_unit_test_setup(the_order_is_the_one_that_explains_the_results, begin),
	cmocka_unit_test_setup(results_of_no_order_are_found, begin),
	cmocka_unit_test_setup(an_unmap_cuts_no_mapping, begin),
	cmocka_unit_test_setup(what_stays_open_is_said, begin),
	cmocka_unit_test(bursts_are_of_calls_that_meet_and_no_others),
};

RUN(tests)
