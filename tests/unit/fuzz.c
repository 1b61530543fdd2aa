// SPDX-License-Identifier: GPL-2.0-only
/* The differential test without a kernel: does it find what differs, excuse only what it should, and make scripts short? */
#include "unit.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "../guest/fuzz/compare.h"
#include "../guest/fuzz/layout.h"
#include "../guest/fuzz/rules.h"

#define OLD	0
#define NEW	FACTS_OF_TYPE1
#define AS_6_1	(FACT_UNMAPS_ALL | FACT_UPDATES_VADDR | FACT_OTHERS_UNMAP)
#define AS_6_12	(NEW & ~(FACT_REACHES_THE_TOP | FACT_NO_NESTING))

static const struct fuzz_profile profile = { .emulated = true, .dma_every = 1000 };

static struct fuzz_script script, other;

/* --- the generator --- */

static void same_seed_makes_the_same_script(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 200; seed++) {
		fuzz_generate(&script, seed, &profile);
		fuzz_generate(&other, seed, &profile);
		assert_memory_equal(&script, &other, sizeof(script));
	}
}

static void every_script_fits_and_ends(void **state)
{
	unsigned int i;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 2000; seed++) {
		fuzz_generate(&script, seed, &profile);
		assert_in_range(script.nr, 2, FUZZ_MAX_OPS);
		for (i = 0; i < script.nr; i++) {
			assert_int_equal(script.op[i].kind == FUZZ_END, i == script.nr - 1);
			assert_in_range(script.op[i].actor, 0, FUZZ_ACTORS - 1);
			assert_in_range(script.op[i].device, 0, FUZZ_DEVICES - 1);
		}
	}
}

static void every_kind_and_flag_comes(void **state)
{
	unsigned int kinds[FUZZ_KINDS] = {}, flags[FUZZ_KINDS] = {}, cut = 0, by_others = 0, i;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 500; seed++) {
		fuzz_generate(&script, seed, &profile);
		for (i = 0; i < script.nr; i++) {
			kinds[script.op[i].kind]++;
			flags[script.op[i].kind] |= script.op[i].flags;
			cut += !!script.op[i].cut;
			by_others += script.op[i].kind == FUZZ_MAP && script.op[i].actor;
		}
	}
	for (i = 0; i < FUZZ_KINDS; i++)
		if (!kinds[i])
			fail_msg("no operation of kind %u in 500 scripts", i);
	assert_int_equal(flags[FUZZ_MAP] & 0xf, 0xf);
	assert_int_equal(flags[FUZZ_UNMAP] & 0xf, 0xf);
	assert_int_equal(flags[FUZZ_DIRTY] & 0xf, 0xf);
	assert_true(cut);
	assert_true(by_others);
}

/* Areas that are not memory to be mapped: arguments, and what stands for bad addresses. */
static bool is_for_arguments(unsigned int area)
{
	return area == FUZZ_ARG || area == FUZZ_BITMAP || area == FUZZ_SEALED;
}

static void every_kind_of_memory_and_protection_comes(void **state)
{
	unsigned int mapped[FUZZ_NR_AREAS] = {}, protections = 0, limits = 0, small_limits = 0;
	unsigned int i, area;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 500; seed++) {
		fuzz_generate(&script, seed, &profile);
		small_limits += script.setup.entry_limit < 24;
		for (i = 0; i < script.nr; i++) {
			const struct fuzz_op *op = &script.op[i];

			for (area = 0; op->kind == FUZZ_MAP && area < FUZZ_NR_AREAS; area++)
				mapped[area] += fuzz_is_in(op->vaddr, area);
			if (op->kind == FUZZ_PROTECT)
				protections |= 1u << op->flags;
			limits += op->kind == FUZZ_LIMIT;
		}
	}
	for (area = 0; area < FUZZ_NR_AREAS; area++)
		if (!mapped[area] && !is_for_arguments(area))
			fail_msg("nobody maps %s in 500 scripts", fuzz_areas[area].name);
	assert_int_equal(protections, 0xff);
	assert_true(limits);
	assert_true(small_limits);
}

static void areas_do_not_touch(void **state)
{
	unsigned int a, b;

	(void)state;
	for (a = 0; a < FUZZ_NR_AREAS; a++)
		for (b = 0; b < a; b++)
			assert_true(fuzz_areas[a].base > fuzz_areas[b].base + fuzz_areas[b].bytes);
}

static void no_emulated_device_without_one(void **state)
{
	const struct fuzz_profile without = {};
	unsigned int i;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 500; seed++) {
		fuzz_generate(&script, seed, &without);
		for (i = 0; i < script.nr; i++) {
			assert_int_not_equal(script.op[i].kind, FUZZ_DMA);
			if (script.op[i].kind == FUZZ_ATTACH)
				assert_int_not_equal(script.op[i].device, FUZZ_EMULATED);
		}
	}
}

/* What stock would need years for. */
static void no_group_comes_to_more_than_there_is(void **state)
{
	unsigned int i, scripts = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 2000; seed++) {
		bool huge = false;

		fuzz_generate(&script, seed, &profile);
		for (i = 0; i < script.nr; i++) {
			huge |= script.op[i].kind == FUZZ_MAP && script.op[i].size > UINT64_C(1) << 30;
			if (huge && script.op[i].kind == FUZZ_ATTACH)
				assert_int_equal(script.op[i].device, FUZZ_EMULATED);
		}
		scripts += huge;
	}
	assert_true(scripts);
}

static void every_operation_is_printed(void **state)
{
	char *text;
	size_t size;
	uint64_t seed;
	unsigned int i;

	(void)state;
	for (seed = 0; seed < 100; seed++) {
		fuzz_generate(&script, seed, &profile);
		for (i = 0; i < script.nr; i++) {
			FILE *out = open_memstream(&text, &size);

			fuzz_print_op(out, &script.op[i]);
			fclose(out);
			assert_non_null(strchr(text, ';'));
			assert_null(strchr(text, '\n'));
			free(text);
		}
	}
}

/* --- the comparison --- */

static uint8_t stock_arg[FUZZ_ARG_BYTES], ours_arg[FUZZ_ARG_BYTES];
static uint8_t stock_bytes[FUZZ_PAGE], ours_bytes[FUZZ_PAGE];
static struct fuzz_result stock, ours;
static struct fuzz_context context;
static unsigned int hits[FUZZ_MAX_RULES], different;
static bool parted, leaks;

static int begin(void **state)
{
	(void)state;
	memset(stock_arg, FUZZ_CANARY, sizeof(stock_arg));
	memset(ours_arg, FUZZ_CANARY, sizeof(ours_arg));
	memset(stock_bytes, 0, sizeof(stock_bytes));
	memset(ours_bytes, 0, sizeof(ours_bytes));
	memset(hits, 0, sizeof(hits));
	parted = leaks = false;
	stock = (struct fuzz_result){ .arg = stock_arg, .bytes = stock_bytes };
	ours = (struct fuzz_result){ .arg = ours_arg, .bytes = ours_bytes };
	context = (struct fuzz_context){ .stock = &stock, .ours = &ours, .facts = NEW };
	return 0;
}

static enum fuzz_verdict compare(const struct fuzz_op *op)
{
	context.op = op;
	return fuzz_compare(&context, hits, &parted, &leaks, &different);
}

static const struct fuzz_op good_map = { .kind = FUZZ_MAP, .argsz = 32, .flags = 3, .iova = 0x1000, .size = 0x1000 };

static void equal_results_are_equal(void **state)
{
	(void)state;
	assert_int_equal(compare(&good_map), FUZZ_EQUAL);
	assert_int_equal(context.model.nr, 1);
}

static void every_part_of_a_result_counts(void **state)
{
	(void)state;
	ours.ret = -EPERM;
	assert_int_equal(compare(&good_map), FUZZ_UNEXPLAINED);
	assert_int_equal(different, FUZZ_PART_RET);
	begin(NULL);
	ours.locked = 1;
	assert_int_equal(compare(&good_map), FUZZ_UNEXPLAINED);
	assert_int_equal(different, FUZZ_PART_LOCKED);
	begin(NULL);
	ours.digest = 1;
	assert_int_equal(compare(&good_map), FUZZ_UNEXPLAINED);
	assert_int_equal(different, FUZZ_PART_DIGEST);
	begin(NULL);
	ours_arg[FUZZ_ARG_BYTES - 1] ^= 1;
	assert_int_equal(compare(&good_map), FUZZ_UNEXPLAINED);
	assert_int_equal(different, FUZZ_PART_ARG);
	begin(NULL);
	ours_bytes[FUZZ_PAGE - 1] ^= 1;
	assert_int_equal(compare(&good_map), FUZZ_UNEXPLAINED);
	assert_int_equal(different, FUZZ_PART_BYTES);
}

static const struct fuzz_op wrapping_map = { .kind = FUZZ_MAP, .argsz = 32, .flags = 3, .iova = -0x1000, .size = 0x2000 };

static void a_rule_counts_on_its_kernels_alone(void **state)
{
	(void)state;
	stock.ret = -EINVAL;
	ours.ret = -EOVERFLOW;
	context.facts = OLD;
	assert_int_equal(compare(&wrapping_map), FUZZ_EXPLAINED);
	assert_false(parted);
	context.facts = NEW;
	assert_int_equal(compare(&wrapping_map), FUZZ_UNEXPLAINED);
}

static void a_rule_excuses_its_own_errnos_and_parts_alone(void **state)
{
	(void)state;
	context.facts = OLD;
	stock.ret = -EINVAL;
	ours.ret = -EFAULT;
	assert_int_equal(compare(&wrapping_map), FUZZ_UNEXPLAINED);
	ours.ret = -EOVERFLOW;
	assert_int_equal(compare(&good_map), FUZZ_UNEXPLAINED);
	ours.locked = 1;
	assert_int_equal(compare(&wrapping_map), FUZZ_UNEXPLAINED);
	assert_int_equal(different, FUZZ_PART_LOCKED);
}

static void a_wrapping_pin_may_be_eperm_in_stock_behind_such_a_mapping_alone(void **state)
{
	static const struct fuzz_op map = { .kind = FUZZ_MAP, .flags = 1, .iova = -0x3000, .size = 0x1000 };
	struct fuzz_op pin = { .kind = FUZZ_PIN, .device = FUZZ_EMULATED, .iova = -0x3000, .size = 10, .flags = 2 };

	(void)state;
	context.facts = AS_6_12;
	assert_int_equal(compare(&map), FUZZ_EQUAL);
	stock.ret = -EPERM;
	ours.ret = -EOVERFLOW;
	assert_int_equal(compare(&pin), FUZZ_EXPLAINED);
	assert_false(parted);
	/* Not where the mapping allows it, */
	pin.flags = 1;
	assert_int_equal(compare(&pin), FUZZ_UNEXPLAINED);
	pin.flags = 2;
	/* not where no such mapping comes before the end, */
	pin.iova = -0x2000;
	assert_int_equal(compare(&pin), FUZZ_UNEXPLAINED);
	pin.iova = -0x3000;
	/* not where the range does not wrap, */
	pin.size = 3;
	assert_int_equal(compare(&pin), FUZZ_UNEXPLAINED);
	pin.size = 10;
	/* and not where stock does the same. */
	context.facts = NEW;
	assert_int_equal(compare(&pin), FUZZ_UNEXPLAINED);
}

/* Two pages mapped at 0x1000 and 0x2000; the report is about 0x1000 to 0x4fff. */
static const struct fuzz_op report = {
	.kind = FUZZ_DIRTY, .argsz = 48, .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP, .iova = 0x1000, .size = 0x4000,
	.pgsize = FUZZ_PAGE, .bitmap_bytes = 8, .data = UINT64_C(0x100007000000),
};

static void report_begins(void)
{
	static const struct fuzz_op two_pages = { .kind = FUZZ_MAP, .argsz = 32, .flags = 3, .iova = 0x1000, .size = 0x2000 };

	begin(NULL);
	fuzz_model_apply(&context.model, &two_pages);
}

static void stray_bits_are_excused_in_stock_behind_a_mapping_alone(void **state)
{
	(void)state;
	report_begins();
	stock_bytes[0] = 0xf;
	ours_bytes[0] = 0x3;
	assert_int_equal(compare(&report), FUZZ_EXPLAINED);
	/* Not in ours, */
	report_begins();
	stock_bytes[0] = 0x3;
	ours_bytes[0] = 0x7;
	assert_int_equal(compare(&report), FUZZ_UNEXPLAINED);
	/* not for what is mapped, */
	report_begins();
	stock_bytes[0] = 0x3;
	ours_bytes[0] = 0x1;
	assert_int_equal(compare(&report), FUZZ_UNEXPLAINED);
	/* and not far away. */
	report_begins();
	stock_bytes[40] = 1;
	assert_int_equal(compare(&report), FUZZ_UNEXPLAINED);
}

static void put32(uint8_t *arg, unsigned int offset, uint32_t value)
{
	memcpy(arg + FUZZ_ARG_OFFSET + offset, &value, sizeof(value));
}

/* MIGRATION at 24 and DMA_AVAIL at 56, as both have them; then IOVA_RANGE with one range where each has it. */
static void put_info(uint8_t *arg, uint32_t argsz, uint32_t ranges)
{
	memset(arg + FUZZ_ARG_OFFSET, 0, ranges + 32);
	put32(arg, 0, argsz);
	put32(arg, 4, 3);
	put32(arg, 16, 24);
	put32(arg, 24, 1 << 16 | VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	put32(arg, 28, 56);
	put32(arg, 56, 1 << 16 | VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	put32(arg, 60, ranges);
	put32(arg, 64, 65535);
	put32(arg, ranges, 1 << 16 | VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	put32(arg, ranges + 8, 1);
	put32(arg, ranges + 24, 0x1000);
}

static void alignment_of_capabilities_is_excused_and_nothing_else_in_them(void **state)
{
	static const struct fuzz_op info = { .kind = FUZZ_INFO, .argsz = 512 };

	(void)state;
	context.facts = OLD;
	put_info(stock_arg, 512, 68);
	put_info(ours_arg, 512, 72);
	assert_int_equal(compare(&info), FUZZ_EXPLAINED);
	/* Another number in an entry, */
	put32(ours_arg, 64, 65534);
	assert_int_equal(compare(&info), FUZZ_UNEXPLAINED);
	put32(ours_arg, 64, 65535);
	assert_int_equal(compare(&info), FUZZ_EXPLAINED);
	/* a byte before the structure or behind the chain, */
	ours_arg[0] ^= 1;
	assert_int_equal(compare(&info), FUZZ_UNEXPLAINED);
	ours_arg[0] ^= 1;
	ours_arg[FUZZ_ARG_OFFSET + 400] ^= 1;
	assert_int_equal(compare(&info), FUZZ_UNEXPLAINED);
	/* and a kernel where both are the same. */
	ours_arg[FUZZ_ARG_OFFSET + 400] ^= 1;
	context.facts = NEW;
	assert_int_equal(compare(&info), FUZZ_UNEXPLAINED);
}

static void a_mapping_up_to_the_top_parts_the_containers_of_old_kernels(void **state)
{
	static const struct fuzz_op top = { .kind = FUZZ_MAP, .argsz = 32, .flags = 3, .iova = -0x1000, .size = 0x1000 };

	(void)state;
	assert_int_equal(compare(&top), FUZZ_EQUAL);
	assert_false(parted);
	begin(NULL);
	context.facts = OLD;
	assert_int_equal(compare(&top), FUZZ_EXPLAINED);
	assert_true(parted);
	assert_true(leaks);
}

static void a_driver_beyond_the_last_address_is_told_so_by_ours_alone(void **state)
{
	static const struct fuzz_op beyond = { .kind = FUZZ_READ, .device = FUZZ_EMULATED, .iova = -0x10, .size = 32 };

	(void)state;
	stock.ret = 0;
	ours.ret = -EINVAL;
	assert_int_equal(compare(&beyond), FUZZ_EXPLAINED);
	ours.ret = -EFAULT;
	assert_int_equal(compare(&beyond), FUZZ_UNEXPLAINED);
}

static void a_pin_of_pages_that_nobody_wrote_to_ends_a_script(void **state)
{
	static const struct fuzz_op pin = { .kind = FUZZ_PIN, .device = FUZZ_EMULATED, .iova = 0x2000, .size = 1, .flags = 1 };
	struct fuzz_op map = { .kind = FUZZ_MAP, .flags = 1, .iova = 0x1000, .size = 0x3000, .vaddr = FUZZ_AT(FRESH) };

	(void)state;
	context.facts = OLD;
	assert_int_equal(compare(&map), FUZZ_EQUAL);
	assert_int_equal(compare(&pin), FUZZ_EXPLAINED);
	assert_true(parted);
	context.model = (struct fuzz_model){};
	parted = false;
	map.vaddr = FUZZ_AT(SMALL);
	assert_int_equal(compare(&map), FUZZ_EQUAL);
	assert_int_equal(compare(&pin), FUZZ_EQUAL);
}

static void an_attach_that_fails_in_stock_with_pages_pinned_ends_a_script(void **state)
{
	static const struct fuzz_op attach = { .kind = FUZZ_ATTACH };
	static const struct fuzz_op beyond = { .kind = FUZZ_MAP, .flags = 3, .iova = UINT64_C(1) << 57, .size = 0x1000,
					       .vaddr = UINT64_C(0x100000000000) };
	struct fuzz_op map = { .kind = FUZZ_MAP, .flags = 3, .iova = 0x1000, .size = 0x3000, .vaddr = FUZZ_AT(FRESH) };

	(void)state;
	context.facts = AS_6_1;
	assert_int_equal(compare(&map), FUZZ_EQUAL);
	assert_int_equal(compare(&beyond), FUZZ_EQUAL);
	stock.ret = -EFAULT;
	ours.ret = -EINVAL;
	assert_int_equal(compare(&attach), FUZZ_EXPLAINED);
	assert_true(parted);
	/* Where the zero page is never pinned, nothing is seen of it later. */
	parted = false;
	context.facts = NEW;
	assert_int_equal(compare(&attach), FUZZ_EXPLAINED);
	assert_false(parted);
	/* Nor if all was written to, or cannot be. */
	context.facts = AS_6_1;
	context.model.mapping[0].flags = 1;
	assert_int_equal(compare(&attach), FUZZ_EXPLAINED);
	assert_false(parted);
	context.model.mapping[0].flags = 3;
	context.model.mapping[0].vaddr = FUZZ_AT(SMALL);
	assert_int_equal(compare(&attach), FUZZ_EXPLAINED);
	assert_false(parted);
	/* And it is no excuse where an IOMMU could map all of it. */
	context.model.nr = 1;
	assert_int_equal(compare(&attach), FUZZ_UNEXPLAINED);
}

static void what_is_mapped_is_known_after_unmapping(void **state)
{
	static const struct fuzz_op low = { .kind = FUZZ_MAP, .flags = 3, .iova = 0x1000, .size = 0x3000 };
	static const struct fuzz_op high = { .kind = FUZZ_MAP, .flags = 3, .iova = 0x8000, .size = 0x2000 };
	static const struct fuzz_op all_but_the_first_page = { .kind = FUZZ_UNMAP, .iova = 0x2000, .size = 0x10000 };
	static const struct fuzz_op head_of_the_high_one = { .kind = FUZZ_UNMAP, .iova = 0x4000, .size = 0x5000 };

	(void)state;
	fuzz_model_apply(&context.model, &low);
	fuzz_model_apply(&context.model, &high);
	/* As v1 has it: nothing goes behind a mapping that the range cuts, and a mapping goes as a whole. */
	fuzz_model_apply(&context.model, &all_but_the_first_page);
	assert_int_equal(context.model.nr, 2);
	fuzz_model_apply(&context.model, &head_of_the_high_one);
	assert_int_equal(context.model.nr, 1);
	assert_non_null(fuzz_model_find(&context.model, 0x1000, 0x1000));
	assert_null(fuzz_model_find(&context.model, 0x9000, 0x9000));
}

static void calls_are_independent_if_all_that_they_overlap_is(void **state)
{
	static const struct fuzz_op low = { .kind = FUZZ_MAP, .flags = 3, .iova = 0x1000, .size = 0x3000 };
	static const struct fuzz_op head = { .kind = FUZZ_UNMAP, .iova = 0x1000, .size = 0x1000 };
	static const struct fuzz_op tail = { .kind = FUZZ_UNMAP, .iova = 0x3000, .size = 0x1000 };
	static const struct fuzz_op next = { .kind = FUZZ_MAP, .iova = 0x4000, .size = 0x1000 };

	(void)state;
	assert_true(fuzz_are_independent(&context.model, &head, &tail));
	assert_false(fuzz_are_independent(&context.model, &head, &head));
	/* Not if one of them may unmap what the other is about. */
	fuzz_model_apply(&context.model, &low);
	assert_false(fuzz_are_independent(&context.model, &head, &tail));
	assert_true(fuzz_are_independent(&context.model, &head, &next));
	assert_true(fuzz_are_independent(&context.model, &next, &tail));
}

static void only_plain_calls_run_beside_others(void **state)
{
	struct fuzz_op op = { .kind = FUZZ_MAP, .argsz = 32, .flags = 3, .iova = 0x1000, .size = 0x1000,
			      .vaddr = FUZZ_AT(FRESH) };

	(void)state;
	assert_true(fuzz_may_run_beside(&op, NEW));
	/* Whether the zero page is pinned would depend on who comes first. */
	assert_false(fuzz_may_run_beside(&op, OLD));
	op.vaddr = FUZZ_AT(SMALL);
	assert_true(fuzz_may_run_beside(&op, OLD));
	op.actor = 1;
	assert_false(fuzz_may_run_beside(&op, NEW));
	op.actor = 0;
	op.flags = VFIO_DMA_MAP_FLAG_VADDR;
	assert_false(fuzz_may_run_beside(&op, NEW));
	op.kind = FUZZ_PIN;
	assert_false(fuzz_may_run_beside(&op, NEW));
}

static void sabotage_is_seen(void **state)
{
	static const struct fuzz_op info = { .kind = FUZZ_INFO, .argsz = 512 };
	static const struct fuzz_op large = { .kind = FUZZ_MAP, .argsz = 32, .flags = 3, .size = 16 * FUZZ_PAGE };

	(void)state;
	stock.ret = ours.ret = -EFAULT;
	fuzz_sabotage(FUZZ_WRONG_ERRNO, &good_map, &ours, ours_arg);
	assert_int_equal(compare(&good_map), FUZZ_UNEXPLAINED);
	begin(NULL);
	fuzz_sabotage(FUZZ_WRONG_BYTE, &info, &ours, ours_arg);
	assert_int_equal(compare(&info), FUZZ_UNEXPLAINED);
	begin(NULL);
	stock.locked = ours.locked = 9;
	fuzz_sabotage(FUZZ_WRONG_CHARGE, &large, &ours, ours_arg);
	assert_int_equal(compare(&large), FUZZ_UNEXPLAINED);
}

static void every_rule_has_a_sentence_of_its_own(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; i < fuzz_nr_rules; i++) {
		assert_non_null(fuzz_rules[i].sentence);
		assert_null(strchr(fuzz_rules[i].sentence, '|'));
		for (j = 0; j < i; j++)
			assert_string_not_equal(fuzz_rules[i].sentence, fuzz_rules[j].sentence);
	}
}

/* --- the shrinker --- */

static unsigned int runs;

/* Fails if a v2 container maps more than eight pages while tracking is on, as a real bug might. */
static bool fails(const struct fuzz_script *candidate, void *arg)
{
	bool v2 = false, tracking = false;
	unsigned int i;

	(void)arg;
	runs++;
	for (i = 0; i < candidate->nr; i++) {
		const struct fuzz_op *op = &candidate->op[i];

		v2 |= op->kind == FUZZ_SET_IOMMU && op->type == VFIO_TYPE1v2_IOMMU;
		if (v2 && op->kind == FUZZ_DIRTY && op->flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_START)
			tracking = true;
		if (v2 && op->kind == FUZZ_DIRTY && op->flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP)
			tracking = false;
		if (tracking && op->kind == FUZZ_MAP && op->size > 8 * FUZZ_PAGE)
			return true;
	}
	return false;
}

static void a_failing_script_shrinks_to_what_it_needs(void **state)
{
	unsigned int shrunk = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		fuzz_generate(&script, seed, &profile);
		if (!fails(&script, NULL))
			continue;
		runs = 0;
		fuzz_shrink(&script, fails, NULL, 1000);
		assert_true(fails(&script, NULL));
		assert_int_equal(script.nr, 4);
		assert_int_equal(script.op[0].kind, FUZZ_SET_IOMMU);
		assert_int_equal(script.op[1].kind, FUZZ_DIRTY);
		assert_int_equal(script.op[2].kind, FUZZ_MAP);
		assert_int_equal(script.op[3].kind, FUZZ_END);
		shrunk++;
	}
	assert_true(shrunk > 30);
}

static void shrinking_keeps_to_its_limit(void **state)
{
	uint64_t seed = 0;

	(void)state;
	do
		fuzz_generate(&script, seed++, &profile);
	while (!fails(&script, NULL));
	runs = 0;
	fuzz_shrink(&script, fails, NULL, 5);
	assert_in_range(runs, 1, 5);
	assert_true(fails(&script, NULL));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(same_seed_makes_the_same_script),
	cmocka_unit_test(every_script_fits_and_ends),
	cmocka_unit_test(every_kind_and_flag_comes),
	cmocka_unit_test(every_kind_of_memory_and_protection_comes),
	cmocka_unit_test(areas_do_not_touch),
	cmocka_unit_test(no_emulated_device_without_one),
	cmocka_unit_test(no_group_comes_to_more_than_there_is),
	cmocka_unit_test(every_operation_is_printed),
	cmocka_unit_test_setup(equal_results_are_equal, begin),
	cmocka_unit_test_setup(every_part_of_a_result_counts, begin),
	cmocka_unit_test_setup(a_rule_counts_on_its_kernels_alone, begin),
	cmocka_unit_test_setup(a_rule_excuses_its_own_errnos_and_parts_alone, begin),
	cmocka_unit_test_setup(a_wrapping_pin_may_be_eperm_in_stock_behind_such_a_mapping_alone, begin),
	cmocka_unit_test_setup(stray_bits_are_excused_in_stock_behind_a_mapping_alone, begin),
	cmocka_unit_test_setup(alignment_of_capabilities_is_excused_and_nothing_else_in_them, begin),
	cmocka_unit_test_setup(a_mapping_up_to_the_top_parts_the_containers_of_old_kernels, begin),
	cmocka_unit_test_setup(a_driver_beyond_the_last_address_is_told_so_by_ours_alone, begin),
	cmocka_unit_test_setup(a_pin_of_pages_that_nobody_wrote_to_ends_a_script, begin),
	cmocka_unit_test_setup(an_attach_that_fails_in_stock_with_pages_pinned_ends_a_script, begin),
	cmocka_unit_test_setup(what_is_mapped_is_known_after_unmapping, begin),
	cmocka_unit_test_setup(calls_are_independent_if_all_that_they_overlap_is, begin),
	cmocka_unit_test_setup(only_plain_calls_run_beside_others, begin),
	cmocka_unit_test_setup(sabotage_is_seen, begin),
	cmocka_unit_test(every_rule_has_a_sentence_of_its_own),
	cmocka_unit_test(a_failing_script_shrinks_to_what_it_needs),
	cmocka_unit_test(shrinking_keeps_to_its_limit),
};

RUN(tests)
