// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <iommu_emt/judge.h>
#include <linux/errno.h>

static enum emt_verdict judge(enum emt_driver driver, enum emt_generation generation, unsigned int evidence, int error)
{
	const struct emt_facts facts = { .driver = driver, .generation = generation, .evidence = evidence };

	return emt_judge(&facts, error);
}

static void intel_before_v6_2(void **state)
{
	(void)state;
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED, 0, -EOPNOTSUPP), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED, 0, -EFAULT), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED, 0, -EINVAL), EMT_HARD);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED, 0, -EPERM), EMT_HARD);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED, 0, -ENODEV), EMT_HARD);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED, 0, -ENOSPC), EMT_HARD);
}

static void intel_since_v6_2(void **state)
{
	(void)state;
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_DOCUMENTED, 0, -EINVAL), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_DOCUMENTED, 0, -EPERM), EMT_HARD);
}

static void amd_is_decided_by_dirty_tracking(void **state)
{
	(void)state;
	assert_int_equal(judge(EMT_DRIVER_AMD, EMT_GEN_UNDOCUMENTED, 0, -EINVAL), EMT_HARD);
	assert_int_equal(judge(EMT_DRIVER_AMD, EMT_GEN_DOCUMENTED, 0, -EINVAL), EMT_HARD);
	assert_int_equal(judge(EMT_DRIVER_AMD, EMT_GEN_DOCUMENTED, EMT_DIRTY_TRACKING_DIFFERS, -EINVAL),
			 EMT_INCOMPATIBLE);
}

static void virtio_changed_its_errno(void **state)
{
	(void)state;
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_UNDOCUMENTED, 0, -EXDEV), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_UNDOCUMENTED, 0, -EINVAL), EMT_HARD);
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_DOCUMENTED, 0, -EINVAL), EMT_INCOMPATIBLE);
	/* The same number means the opposite elsewhere. */
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_UNDOCUMENTED, 0, -EFAULT), EMT_HARD);
}

static void unknown_is_on_the_safe_side(void **state)
{
	enum emt_generation generation;
	int error;

	(void)state;
	for (generation = EMT_GEN_UNDOCUMENTED; generation <= EMT_GEN_ANY; generation++) {
		for (error = 1; error < 134; error++) {
			enum emt_verdict verdict = judge(EMT_DRIVER_UNKNOWN, generation, 0, -error);

			switch (error) {
			case ENOMEM:
			case EINTR:
			case EAGAIN:
			case ETIMEDOUT:
				assert_int_equal(verdict, EMT_HARD);
				break;
			default:
				assert_int_not_equal(verdict, EMT_HARD);
			}
		}
	}
	assert_int_equal(judge(EMT_DRIVER_UNKNOWN, EMT_GEN_ANY, 0, -ERESTARTSYS), EMT_HARD);
}

static void no_driver_means_incompatible_by_no_memory(void **state)
{
	enum emt_driver driver;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++) {
		assert_int_equal(judge(driver, EMT_GEN_UNDOCUMENTED, ~0U, -ENOMEM), EMT_HARD);
		assert_int_equal(judge(driver, EMT_GEN_DOCUMENTED, ~0U, -ENOMEM), EMT_HARD);
		assert_int_equal(judge(driver, EMT_GEN_DOCUMENTED, ~0U, -EINTR), EMT_HARD);
	}
}

static void back_port_gets_the_safe_side_of_both_generations(void **state)
{
	(void)state;
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_ANY, 0, -EINVAL), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_ANY, 0, -EOPNOTSUPP), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_ANY, 0, -EXDEV), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_VIRTIO, EMT_GEN_ANY, 0, -EINVAL), EMT_INCOMPATIBLE);
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_ANY, 0, -EPERM), EMT_HARD);
}

static void kernel_with_the_series_needs_no_translation(void **state)
{
	(void)state;
	assert_int_equal(judge(EMT_DRIVER_INTEL, EMT_GEN_UNDOCUMENTED, 0, -EMEDIUMTYPE), EMT_INCOMPATIBLE);
}

/* Is every situation in which rule @b applies one in which the earlier rule @a applies too? */
static bool shadows(const struct emt_rule *a, const struct emt_rule *b)
{
	return a->error == b->error &&
	       (a->driver == EMT_DRIVER_UNKNOWN || a->driver == b->driver) &&
	       (a->generation & b->generation) == b->generation &&
	       (a->evidence & b->evidence) == a->evidence;
}

static void every_rule_can_apply_and_gives_a_reason(void **state)
{
	unsigned int i, j;

	(void)state;
	assert_true(emt_nr_rules > 0);
	for (i = 0; i < emt_nr_rules; i++) {
		assert_true(emt_rules[i].error > 0);
		assert_true(emt_rules[i].generation & EMT_GEN_ANY);
		assert_int_not_equal(emt_rules[i].verdict, EMT_UNKNOWN);
		assert_non_null(emt_rules[i].reason);
		assert_true(strlen(emt_rules[i].reason) > 10);
		for (j = 0; j < i; j++)
			assert_false(shadows(&emt_rules[j], &emt_rules[i]));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(intel_before_v6_2),
	cmocka_unit_test(intel_since_v6_2),
	cmocka_unit_test(amd_is_decided_by_dirty_tracking),
	cmocka_unit_test(virtio_changed_its_errno),
	cmocka_unit_test(unknown_is_on_the_safe_side),
	cmocka_unit_test(no_driver_means_incompatible_by_no_memory),
	cmocka_unit_test(back_port_gets_the_safe_side_of_both_generations),
	cmocka_unit_test(kernel_with_the_series_needs_no_translation),
	cmocka_unit_test(every_rule_can_apply_and_gives_a_reason),
};

RUN(tests)
