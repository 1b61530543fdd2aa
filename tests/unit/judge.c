// SPDX-License-Identifier: GPL-2.0-only
/* How the rule table is applied: what an errno means with and without a row, and on kernels that mix generations. */
#include "unit.h"

#include <errno.h>
#include <iommu_emt/judge.h>
#include <linux/errno.h>

#include "evidence.h"

static enum emt_verdict judge(enum emt_driver driver, enum emt_generation generation, unsigned int evidence, int error)
{
	const struct emt_facts facts = { .driver = driver, .generation = generation, .evidence = evidence };

	return emt_judge(&facts, error);
}

static bool asked(enum emt_driver driver, enum emt_generation generation, unsigned int evidence)
{
	const struct emt_facts facts = { .driver = driver, .generation = generation, .evidence = evidence };

	return !emt_predict(&facts);
}

static void same_number_means_the_opposite_elsewhere(void **state)
{
	static const struct {
		int error;
		enum emt_driver soft, hard;
		enum emt_generation generation;
	} pairs[] = {
		{ EFAULT, EMT_DRIVER_INTEL, EMT_DRIVER_VIRTIO, EMT_GEN_UNDOCUMENTED },
		{ EFAULT, EMT_DRIVER_INTEL, EMT_DRIVER_ROCKCHIP, EMT_GEN_UNDOCUMENTED },
		{ EBUSY, EMT_DRIVER_OMAP, EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED },
		{ EBUSY, EMT_DRIVER_TEGRA_GART, EMT_DRIVER_IPMMU, EMT_GEN_UNDOCUMENTED },
		{ ENXIO, EMT_DRIVER_ARM_SMMU_V3, EMT_DRIVER_ARM_SMMU, EMT_GEN_UNDOCUMENTED },
		{ ENODEV, EMT_DRIVER_RISCV, EMT_DRIVER_INTEL, EMT_GEN_DOCUMENTED },
		{ EINVAL, EMT_DRIVER_S390, EMT_DRIVER_VIRTIO, EMT_GEN_UNDOCUMENTED },
		{ EOPNOTSUPP, EMT_DRIVER_INTEL, EMT_DRIVER_VIRTIO, EMT_GEN_UNDOCUMENTED },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(judge(pairs[i].soft, pairs[i].generation, EMT_DOMAIN_USED, -pairs[i].error),
				 EMT_INCOMPATIBLE);
		assert_int_equal(judge(pairs[i].hard, pairs[i].generation, EMT_DOMAIN_USED, -pairs[i].error), EMT_HARD);
	}
}

static void domain_that_no_device_was_attached_to_is_not_of_another_iommu(void **state)
{
	static const enum emt_driver lazy[] = { EMT_DRIVER_ARM_SMMU, EMT_DRIVER_QCOM, EMT_DRIVER_IPMMU };
	enum emt_generation generation;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(lazy) / sizeof(lazy[0]); i++) {
		for (generation = EMT_GEN_UNDOCUMENTED; generation <= EMT_GEN_ANY; generation++) {
			assert_int_equal(judge(lazy[i], generation, EMT_DOMAIN_UNUSED, -EINVAL), EMT_HARD);
			assert_int_not_equal(judge(lazy[i], generation, EMT_DOMAIN_USED, -EINVAL), EMT_HARD);
		}
	}
	/* Before v6.2 this one refused a fresh domain for its type, too. */
	assert_int_equal(judge(EMT_DRIVER_APPLE_DART, EMT_GEN_UNDOCUMENTED, EMT_DOMAIN_UNUSED, -EINVAL),
			 EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_APPLE_DART, EMT_GEN_DOCUMENTED, EMT_DOMAIN_UNUSED, -EINVAL), EMT_HARD);
}

static void instance_decides_what_virtio_means(void **state)
{
	(void)state;
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_DOCUMENTED, EMT_SAME_INSTANCE, -EINVAL), EMT_HARD);
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_DOCUMENTED, EMT_OTHER_INSTANCE, -EINVAL), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_DOCUMENTED, EMT_DOMAIN_USED, -EINVAL), EMT_INCOMPATIBLE);
}

static void known_refusal_is_not_asked_for(void **state)
{
	enum emt_generation generation;

	(void)state;
	for (generation = EMT_GEN_UNDOCUMENTED; generation <= EMT_GEN_ANY; generation++) {
		assert_false(asked(EMT_DRIVER_UNKNOWN, generation, EMT_FOREIGN_DOMAIN));
		assert_false(asked(EMT_DRIVER_ARM_SMMU_V3, generation, EMT_OTHER_INSTANCE));
		assert_false(asked(EMT_DRIVER_QCOM, generation, EMT_DOMAIN_USED));
		assert_false(asked(EMT_DRIVER_OMAP, generation, EMT_DOMAIN_HAS_GROUPS));
		assert_false(asked(EMT_DRIVER_MTK_V1, generation, EMT_DOMAIN_UNUSED));

		/* One domain may serve several units there. */
		assert_true(asked(EMT_DRIVER_INTEL, generation, EMT_DOMAIN_HAS_GROUPS | EMT_OTHER_INSTANCE));
		assert_true(asked(EMT_DRIVER_S390, generation, EMT_DOMAIN_HAS_GROUPS | EMT_OTHER_INSTANCE));
		assert_true(asked(EMT_DRIVER_UNKNOWN, generation, EMT_DOMAIN_HAS_GROUPS | EMT_OTHER_INSTANCE));
		assert_true(asked(EMT_DRIVER_ARM_SMMU_V3, generation, EMT_DOMAIN_HAS_GROUPS | EMT_SAME_INSTANCE));
	}
	assert_false(asked(EMT_DRIVER_INTEL, EMT_GEN_DOCUMENTED, EMT_DIRTY_TRACKING_DIFFERS));
}

static void unknown_driver_is_on_the_safe_side(void **state)
{
	enum emt_generation generation;
	int error;

	(void)state;
	for (generation = EMT_GEN_UNDOCUMENTED; generation <= EMT_GEN_ANY; generation++) {
		for (error = 1; error < LAST_ERRNO; error++) {
			const enum emt_verdict verdict = judge(EMT_DRIVER_UNKNOWN, generation, EMT_DOMAIN_USED, -error);

			switch (error) {
			case ENOMEM:
			case EINTR:
			case EAGAIN:
			case ETIMEDOUT:
			case ERESTARTSYS:
				assert_int_equal(verdict, EMT_HARD);
				break;
			case EMEDIUMTYPE:
				assert_int_equal(verdict, EMT_INCOMPATIBLE);
				break;
			case EINVAL:
				assert_int_equal(verdict, generation & EMT_GEN_DOCUMENTED ? EMT_INCOMPATIBLE : EMT_UNKNOWN);
				break;
			default:
				assert_int_equal(verdict, EMT_UNKNOWN);
			}
		}
	}
}

static void no_driver_means_incompatible_by_what_never_does(void **state)
{
	static const int never[] = { ENOMEM, EINTR, EAGAIN, ETIMEDOUT, ERESTARTSYS };
	enum emt_generation generation;
	enum emt_driver driver;
	unsigned int i, set;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++)
		for (generation = EMT_GEN_UNDOCUMENTED; generation <= EMT_GEN_ANY; generation++)
			for (set = 0; set < evidence_sets(); set++)
				for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
					assert_int_equal(judge(driver, generation, evidence_set(set), -never[i]),
							 EMT_HARD);
}

static bool is_soft_by_a_row(enum emt_driver driver, enum emt_generation generation, unsigned int evidence, int error)
{
	const struct emt_facts facts = { .driver = driver, .generation = generation, .evidence = evidence };
	const struct emt_rule *rule = emt_find_rule(&facts, error);

	return rule && rule->verdict == EMT_INCOMPATIBLE;
}

/* What one generation is known to mean is no riddle where both may be, so nobody is asked to report it. */
static void mixed_kernel_knows_what_either_generation_calls_incompatible(void **state)
{
	enum emt_driver driver;
	unsigned int set;
	int error;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++)
		for (set = 0; set < evidence_sets(); set++)
			for (error = 1; error < LAST_ERRNO; error++) {
				const unsigned int evidence = evidence_set(set);

				if (is_soft_by_a_row(driver, EMT_GEN_UNDOCUMENTED, evidence, -error) ||
				    is_soft_by_a_row(driver, EMT_GEN_DOCUMENTED, evidence, -error))
					assert_true(is_soft_by_a_row(driver, EMT_GEN_ANY, evidence, -error));
			}
}

/* A kernel with back-ported drivers may carry the ones of either generation. */
static void mixed_kernel_gets_the_safe_side_of_both_generations(void **state)
{
	enum emt_driver driver;
	unsigned int set;
	int error;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++) {
		for (set = 0; set < evidence_sets(); set++) {
			for (error = 1; error < LAST_ERRNO; error++) {
				const unsigned int evidence = evidence_set(set);

				if (judge(driver, EMT_GEN_ANY, evidence, -error) != EMT_HARD)
					continue;
				assert_int_equal(judge(driver, EMT_GEN_UNDOCUMENTED, evidence, -error), EMT_HARD);
				assert_int_equal(judge(driver, EMT_GEN_DOCUMENTED, evidence, -error), EMT_HARD);
			}
		}
	}
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_ANY, 0, -EINVAL), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_ANY, 0, -EOPNOTSUPP), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_ANY, 0, -EXDEV), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_ARM_SMMU_V3, EMT_GEN_ANY, 0, -ENXIO), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_ANY, 0, -ENODEV), EMT_HARD);
}

static void kernel_with_the_series_needs_no_translation(void **state)
{
	enum emt_driver driver;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++)
		assert_int_equal(judge(driver, EMT_GEN_UNDOCUMENTED, 0, -EMEDIUMTYPE), EMT_INCOMPATIBLE);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(same_number_means_the_opposite_elsewhere),
	cmocka_unit_test(domain_that_no_device_was_attached_to_is_not_of_another_iommu),
	cmocka_unit_test(instance_decides_what_virtio_means),
	cmocka_unit_test(known_refusal_is_not_asked_for),
	cmocka_unit_test(unknown_driver_is_on_the_safe_side),
	cmocka_unit_test(no_driver_means_incompatible_by_what_never_does),
	cmocka_unit_test(mixed_kernel_knows_what_either_generation_calls_incompatible),
	cmocka_unit_test(mixed_kernel_gets_the_safe_side_of_both_generations),
	cmocka_unit_test(kernel_with_the_series_needs_no_translation),
};

RUN(tests)
