// SPDX-License-Identifier: GPL-2.0-only
/* The rule table itself: every row is of use, every driver is covered, and the verdicts are those of the survey. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/bits.h>
#include <iommu_emt/judge.h>

#include "evidence.h"

/* Does the row decide, on a kernel of this generation, in a situation that can come about? */
static bool decides(const struct emt_rule *rule, enum emt_generation generation, enum emt_driver driver)
{
	unsigned int set;

	for (set = 0; set < evidence_sets(); set++) {
		const struct emt_facts facts = {
			.driver = driver, .generation = generation, .evidence = evidence_set(set),
		};
		const struct emt_rule *predicted = emt_predict(&facts);

		if (rule->error == EMT_UNASKED ? predicted == rule
					       : !predicted && emt_find_rule(&facts, -rule->error) == rule)
			return true;
	}
	return false;
}

static void every_row_decides_where_it_was_read(void **state)
{
	const struct emt_rule *rule;

	(void)state;
	for (rule = emt_rules; rule < emt_rules + emt_nr_rules; rule++) {
		const enum emt_generation covered = emt_rule_generation(rule);
		enum emt_generation generation;

		for (generation = EMT_GEN_UNDOCUMENTED; generation <= EMT_GEN_DOCUMENTED; generation++) {
			if (!(covered & generation))
				continue;
			if (!decides(rule, generation, rule->driver))
				fail_msg("row %d never decides: %s, errno %d, %s", (int)(rule - emt_rules),
					 emt_drivers[rule->driver].name, rule->error, rule->reason);
		}
	}
}

static void every_row_is_judged_as_it_says(void **state)
{
	const struct emt_rule *rule;

	(void)state;
	for (rule = emt_rules; rule < emt_rules + emt_nr_rules; rule++) {
		const struct emt_facts facts = {
			.driver = rule->driver,
			.generation = emt_rule_generation(rule),
			.evidence = rule->evidence,
		};

		assert_ptr_equal(emt_find_rule(&facts, -rule->error), rule);
		if (rule->error == EMT_UNASKED)
			assert_ptr_equal(emt_predict(&facts), rule);
		else
			assert_int_equal(emt_judge(&facts, -rule->error), rule->verdict);
	}
}

static void every_row_is_complete(void **state)
{
	const unsigned int releases = EMT_5_10 | EMT_6_1 | EMT_6_12 | EMT_7_3;
	const struct emt_rule *rule;

	(void)state;
	assert_true(emt_nr_rules > 0);
	for (rule = emt_rules; rule < emt_rules + emt_nr_rules; rule++) {
		assert_true(rule->driver < EMT_DRIVER_COUNT);
		assert_true(rule->releases && !(rule->releases & ~releases));
		assert_true(rule->error >= 0 && rule->error < LAST_ERRNO);
		assert_true(rule->verdict == EMT_HARD || rule->verdict == EMT_INCOMPATIBLE);
		assert_true(strlen(rule->function) > 5);
		assert_true(strlen(rule->reason) > 10);
		/* They become a table. */
		assert_null(strpbrk(rule->function, "|\n"));
		assert_null(strpbrk(rule->reason, "|\n"));
	}
}

static void unasked_rows_are_those_that_are_looked_for(void **state)
{
	unsigned int drivers = 0, evidence = 0;
	const struct emt_rule *rule;

	(void)state;
	for (rule = emt_rules; rule < emt_rules + emt_nr_rules && rule->error == EMT_UNASKED; rule++) {
		if (rule->driver != EMT_DRIVER_UNKNOWN) {
			drivers |= BIT(rule->driver);
			continue;
		}
		assert_int_not_equal(rule->evidence, EMT_EVIDENCE_NONE);
		evidence |= rule->evidence;
	}
	for (; rule < emt_rules + emt_nr_rules; rule++)
		assert_int_not_equal(rule->error, EMT_UNASKED);
	assert_int_equal(emt_unasked_drivers, drivers);
	assert_int_equal(emt_unasked_evidence, evidence);
}

static bool has_soft_row(enum emt_driver driver)
{
	const struct emt_rule *rule;

	for (rule = emt_rules; rule < emt_rules + emt_nr_rules; rule++)
		if (rule->driver == driver && rule->verdict == EMT_INCOMPATIBLE)
			return true;
	return false;
}

static void every_driver_has_a_row_or_a_reason_for_none(void **state)
{
	enum emt_driver driver;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN + 1; driver < EMT_DRIVER_COUNT; driver++) {
		const char *reason = emt_drivers[driver].never_incompatible;

		assert_int_equal(has_soft_row(driver), !reason);
		assert_true(!reason || strlen(reason) > 10);
	}
}

#define OLD	EMT_GEN_UNDOCUMENTED
#define NEW	EMT_GEN_DOCUMENTED
#define MIXED	EMT_GEN_ANY

/*
 * The survey of the drivers' sources, written down a second time: what each says, in a domain that serves other
 * groups already, to mean "incompatible" and to mean something else.  MIXED is a kernel of which nobody knows whose
 * drivers it has: soft there is what either generation calls so, hard only what both mean alike.  What is neither has no
 * rule, and counts as soft.
 */
static const struct {
	enum emt_driver driver;
	enum emt_generation generation;
	int soft[3];
	int hard[8];
} survey[] = {
	{ EMT_DRIVER_INTEL, OLD, { EFAULT, EOPNOTSUPP }, { EINVAL, EBUSY, EPERM, ENODEV, ENOSPC } },
	{ EMT_DRIVER_INTEL, NEW, { EINVAL }, { EBUSY, ENODEV, ENOSPC } },
	{ EMT_DRIVER_INTEL, MIXED, { EFAULT, EINVAL, EOPNOTSUPP }, { EBUSY, ENODEV, ENOSPC } },
	{ EMT_DRIVER_AMD, OLD, { 0 }, { EINVAL, EBUSY } },
	{ EMT_DRIVER_AMD, NEW, { EINVAL }, { EBUSY, ENOSPC } },
	{ EMT_DRIVER_AMD, MIXED, { EINVAL }, { EBUSY } },
	{ EMT_DRIVER_ARM_SMMU_V3, OLD, { ENXIO, EINVAL }, { ENOENT, EBUSY, ENOSPC } },
	{ EMT_DRIVER_ARM_SMMU_V3, NEW, { EINVAL, EBUSY }, { ENOENT, ENOSPC, EOPNOTSUPP } },
	{ EMT_DRIVER_ARM_SMMU_V3, MIXED, { ENXIO, EBUSY, EINVAL }, { ENOENT, ENOSPC } },
	{ EMT_DRIVER_ARM_SMMU, OLD, { EINVAL }, { ENXIO, ENODEV, ENOSPC } },
	{ EMT_DRIVER_ARM_SMMU, NEW, { EINVAL }, { ENODEV, ENOSPC } },
	{ EMT_DRIVER_ARM_SMMU, MIXED, { EINVAL }, { ENODEV, ENOSPC } },
	{ EMT_DRIVER_QCOM, OLD, { 0 }, { ENXIO } },
	{ EMT_DRIVER_QCOM, NEW, { EINVAL }, { ENXIO } },
	{ EMT_DRIVER_QCOM, MIXED, { EINVAL }, { ENXIO } },
	{ EMT_DRIVER_VIRTIO, OLD, { EXDEV, ENOSYS },
	  { EINVAL, EOPNOTSUPP, ENOENT, ERANGE, EFAULT, EIO, ENOSPC, EBUSY } },
	{ EMT_DRIVER_VIRTIO, NEW, { EINVAL, ENOSYS }, { ENODEV, ENOENT, ERANGE, EFAULT, EIO, ENOSPC, EBUSY } },
	{ EMT_DRIVER_VIRTIO, MIXED, { EXDEV, EINVAL, ENOSYS }, { ENOENT, EIO, EFAULT, EBUSY, ENOSPC, ERANGE } },
	{ EMT_DRIVER_APPLE_DART, OLD, { EINVAL }, { 0 } },
	{ EMT_DRIVER_APPLE_DART, NEW, { EINVAL }, { 0 } },
	{ EMT_DRIVER_APPLE_DART, MIXED, { EINVAL }, { 0 } },
	{ EMT_DRIVER_IPMMU, OLD, { EINVAL }, { EBUSY, ENXIO } },
	{ EMT_DRIVER_IPMMU, NEW, { EINVAL }, { EBUSY, ENXIO } },
	{ EMT_DRIVER_IPMMU, MIXED, { EINVAL }, { ENXIO, EBUSY } },
	{ EMT_DRIVER_OMAP, OLD, { EBUSY }, { EINVAL } },
	{ EMT_DRIVER_OMAP, NEW, { EINVAL }, { ENODEV } },
	{ EMT_DRIVER_OMAP, MIXED, { EBUSY, EINVAL }, { 0 } },
	{ EMT_DRIVER_S390, OLD, { EINVAL }, { ENODEV, EIO } },
	{ EMT_DRIVER_S390, NEW, { EINVAL }, { ENODEV, EIO } },
	{ EMT_DRIVER_S390, MIXED, { EINVAL }, { EIO, ENODEV } },
	{ EMT_DRIVER_SPRD, OLD, { EINVAL }, { 0 } },
	{ EMT_DRIVER_SPRD, NEW, { EINVAL }, { 0 } },
	{ EMT_DRIVER_SPRD, MIXED, { EINVAL }, { 0 } },
	{ EMT_DRIVER_ROCKCHIP, OLD, { 0 }, { EFAULT } },
	{ EMT_DRIVER_ROCKCHIP, NEW, { EINVAL }, { EFAULT } },
	{ EMT_DRIVER_ROCKCHIP, MIXED, { EINVAL }, { EFAULT } },
	{ EMT_DRIVER_RISCV, NEW, { EINVAL, ENODEV }, { 0 } },
	{ EMT_DRIVER_RISCV, MIXED, { ENODEV, EINVAL }, { 0 } },
	{ EMT_DRIVER_TEGRA_GART, OLD, { EBUSY }, { 0 } },
	{ EMT_DRIVER_TEGRA_GART, NEW, { EINVAL }, { 0 } },
	{ EMT_DRIVER_TEGRA_GART, MIXED, { EBUSY, EINVAL }, { 0 } },
	{ EMT_DRIVER_TEGRA_SMMU, OLD, { 0 }, { ENODEV, ENOENT, ENOSPC } },
	{ EMT_DRIVER_TEGRA_SMMU, NEW, { EINVAL }, { ENODEV, ENOENT, ENOSPC } },
	{ EMT_DRIVER_TEGRA_SMMU, MIXED, { EINVAL }, { ENOENT, ENODEV, ENOSPC } },
	{ EMT_DRIVER_EXYNOS, OLD, { 0 }, { ENODEV } },
	{ EMT_DRIVER_EXYNOS, NEW, { EINVAL }, { 0 } },
	{ EMT_DRIVER_EXYNOS, MIXED, { EINVAL }, { 0 } },
	{ EMT_DRIVER_MSM, OLD, { 0 }, { EEXIST, ENODEV } },
	{ EMT_DRIVER_MSM, NEW, { EINVAL }, { EEXIST, ENODEV } },
	{ EMT_DRIVER_MSM, MIXED, { EINVAL }, { EEXIST, ENODEV } },
	{ EMT_DRIVER_MTK, OLD, { 0 }, { ENODEV, EINVAL } },
	{ EMT_DRIVER_MTK, NEW, { 0 }, { EINVAL } },
	{ EMT_DRIVER_MTK, MIXED, { 0 }, { EINVAL } },
	{ EMT_DRIVER_MTK_V1, OLD, { 0 }, { 0 } },
	{ EMT_DRIVER_MTK_V1, NEW, { EINVAL }, { 0 } },
	{ EMT_DRIVER_MTK_V1, MIXED, { EINVAL }, { 0 } },
	{ EMT_DRIVER_SUN50I, OLD, { 0 }, { ENODEV } },
	{ EMT_DRIVER_SUN50I, NEW, { EINVAL }, { ENODEV } },
	{ EMT_DRIVER_SUN50I, MIXED, { EINVAL }, { ENODEV } },
	{ EMT_DRIVER_FSL_PAMU, OLD, { 0 }, { EINVAL } },
	{ EMT_DRIVER_FSL_PAMU, NEW, { 0 }, { EINVAL, ENODEV } },
	{ EMT_DRIVER_FSL_PAMU, MIXED, { 0 }, { EINVAL } },
	{ EMT_DRIVER_VSI, NEW, { EINVAL }, { 0 } },
	{ EMT_DRIVER_VSI, MIXED, { EINVAL }, { 0 } },
	{ EMT_DRIVER_UNKNOWN, OLD, { 0 }, { 0 } },
	{ EMT_DRIVER_UNKNOWN, NEW, { EINVAL }, { 0 } },
	{ EMT_DRIVER_UNKNOWN, MIXED, { EINVAL }, { 0 } },
};

static bool contains(const int *errors, unsigned int nr, int error)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (errors[i] == error)
			return true;
	return false;
}

static void verdicts_are_those_of_the_survey(void **state)
{
	unsigned int i;
	int error;

	(void)state;
	for (i = 0; i < sizeof(survey) / sizeof(survey[0]); i++) {
		const struct emt_facts facts = {
			.driver = survey[i].driver,
			.generation = survey[i].generation,
			.evidence = EMT_DOMAIN_USED,
		};

		for (error = 1; error < LAST_ERRNO; error++) {
			const struct emt_rule *rule = emt_find_rule(&facts, -error);
			const bool soft = contains(survey[i].soft, 3, error), hard = contains(survey[i].hard, 8, error);

			if (rule ? rule->verdict == EMT_HARD ? !hard : !soft : soft || hard)
				fail_msg("%s, generation %d, errno %d: a row says %s", emt_drivers[survey[i].driver].name,
					 survey[i].generation, error, rule ? rule->reason : "nothing");
		}
	}
}

/* The same the other way round: of two rows above, the one for a mixed kernel has to follow. */
static void mixed_rows_of_the_survey_follow_from_the_others(void **state)
{
	unsigned int i;
	int error;

	(void)state;
	for (i = 0; i < sizeof(survey) / sizeof(survey[0]); i++) {
		for (error = 1; survey[i].generation == MIXED && error < LAST_ERRNO; error++) {
			unsigned int j, soft = 0, hard = 0, generations = 0;

			for (j = 0; j < sizeof(survey) / sizeof(survey[0]); j++) {
				if (survey[j].driver != survey[i].driver || survey[j].generation == MIXED)
					continue;
				generations++;
				soft += contains(survey[j].soft, 3, error);
				hard += contains(survey[j].hard, 8, error);
			}
			assert_int_equal(contains(survey[i].soft, 3, error), soft > 0);
			assert_int_equal(contains(survey[i].hard, 8, error), hard == 2 && generations == 2);
		}
	}
}

static void every_driver_is_in_the_survey(void **state)
{
	enum emt_driver driver;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++) {
		unsigned int i, generations = 0, mixed = 0;

		for (i = 0; i < sizeof(survey) / sizeof(survey[0]); i++) {
			if (survey[i].driver != driver)
				continue;
			if (survey[i].generation == MIXED)
				mixed++;
			else
				generations |= survey[i].generation;
		}
		assert_int_equal(generations != 0, driver != EMT_DRIVER_HYPERV);
		assert_int_equal(mixed, driver != EMT_DRIVER_HYPERV);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_row_decides_where_it_was_read),
	cmocka_unit_test(every_row_is_judged_as_it_says),
	cmocka_unit_test(every_row_is_complete),
	cmocka_unit_test(unasked_rows_are_those_that_are_looked_for),
	cmocka_unit_test(every_driver_has_a_row_or_a_reason_for_none),
	cmocka_unit_test(verdicts_are_those_of_the_survey),
	cmocka_unit_test(mixed_rows_of_the_survey_follow_from_the_others),
	cmocka_unit_test(every_driver_is_in_the_survey),
};

RUN(tests)
