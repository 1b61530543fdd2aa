// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel calls that fail while a group attaches: at allocation, at attach, at
 * replay. User space sees the right errno, the container is as it was, and the
 * runner finds nothing left behind.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../lib/file.h"
#include "../lib/kmsg.h"
#include "test.h"

static bool exists(const char *pattern)
{
	glob_t found;
	bool any = !glob(pattern, 0, NULL, &found);

	globfree(&found);
	return any;
}

/* --- a container's first group --- */

static const char *const alloc_functions[] = {
	"iommu_paging_domain_alloc_flags", "iommu_paging_domain_alloc", "iommu_domain_alloc",
};

TEST(alloc_failure_of_the_first_group_is_reported)
{
	struct container ct;
	int ret, done = 0;
	unsigned int i;

	container_init(&ct);
	container_add(&ct, 0);
	for (i = 0; i < 3; i++) {
		/* Only iommu_domain_alloc() says NULL where the others say why. */
		const bool null = !strcmp(alloc_functions[i], "iommu_domain_alloc");
		const struct fault_rule rule = { alloc_functions[i], 1, FAULT_FOREVER, null ? 0 : -ENOMEM };

		ret = fault_arm(&rule, 1);
		if (ret == -ENOENT)
			continue;
		OK(ret);
		ret = container_set_iommu(ct.fd, TYPE1V2);
		if (fault_hits(0)) {
			done++;
			FAILS(null ? EIO : ENOMEM, ret);
		} else {
			OK(ret);
			container_remove(&ct, 0);
			container_add(&ct, 0);
		}
		fault_disarm();
	}
	if (!done)
		test_skip("no ng_fault.ko, or no allocation function can be probed");
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

/* Whatever attach says about a fresh domain is the user's answer. */
TEST(attach_failure_of_the_first_group_is_reported_raw)
{
	static const int errors[] = { -ENOMEM, -EBUSY, -EINVAL, -ENODEV, -ENOSPC, -EPERM, -EFAULT, -E2BIG };
	struct container ct;
	unsigned int i;

	container_init(&ct);
	container_add(&ct, 0);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault("iommu_attach_group", 1, 1, errors[i]);
		FAILS(-errors[i], container_set_iommu(ct.fd, TYPE1V2));
		EQ(fault_hits(0), 1);
		fault_disarm();
	}
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

TEST(attach_failure_in_set_iommu_detaches_the_groups_before_it)
{
	struct counts before;
	struct container ct;
	struct fault_rule rule = { "iommu_attach_group", 1, FAULT_FOREVER, -ENOMEM };
	int i;

	NEED_DEVICES(3);
	container_init(&ct);
	for (i = 0; i < 3; i++)
		container_add(&ct, i);
	/* Let the first one or two groups through, then nothing. */
	for (rule.nth = 2; rule.nth <= attach_cost(3).attaches; rule.nth++) {
		/* Stock takes a failed join for "does not fit"; then re-attach fails as well. */
		counters_read(&before);
		fault(rule.func, rule.nth, rule.count, rule.err);
		FAILS(ENOMEM, container_set_iommu(ct.fd, TYPE1V2));
		fault_disarm();
		EQ(counters_since(&before, COUNT_FREE), counters_since(&before, COUNT_ALLOC));
		EQ(module_use_count(env.module), 0);
	}
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

TEST(reserved_region_failure_is_reported)
{
	struct container ct;

	NEED_DEVICES(2);
	container_init(&ct);
	container_add(&ct, 0);
	fault("iommu_get_group_resv_regions", 1, 1, -ENOMEM);
	FAILS(ENOMEM, container_set_iommu(ct.fd, TYPE1V2));
	fault_disarm();
	OK(container_set_iommu(ct.fd, TYPE1V2));
	fault("iommu_get_group_resv_regions", 1, 1, -ENOMEM);
	FAILS(ENOMEM, container_try_add(&ct, 1));
	fault_disarm();
	container_add(&ct, 1);
	container_close(&ct);
}

/* --- a group that comes later --- */

/* A container with one group and two mappings, the second group about to fail. */
static uint8_t *one_group_two_mappings(struct container *ct)
{
	uint8_t *area = memory_small_pages(PAGE * 6);

	NEED_DEVICES(2);
	container_make(ct, 0, 1, TYPE1V2);
	OK(dma_map(ct->fd, area, IOVA, PAGE * 4, DMA_RW));
	OK(dma_map(ct->fd, area + PAGE * 4, IOVA + MIB(1), PAGE * 2, DMA_RW));
	return area;
}

/* The container is as it was: mappings, charges, DMA of the first group. */
static void expect_undisturbed(struct container *ct, uint8_t *area)
{
	struct edu edu;

	EQ(container_mappings(ct), 2);
	EQ(locked_pages(), 6);
	container_edu(ct, 0, &edu);
	memory_fill(area, 512, 40);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + MIB(1), 512));
	TRUE(memory_holds(area + PAGE * 4, 512, 40));
	edu_close(&edu);
}

/* And the group that failed can try again and then works. */
static void expect_second_attempt_works(struct container *ct, uint8_t *area)
{
	struct edu edu;

	fault_disarm();
	container_add(ct, 1);
	container_edu(ct, 1, &edu);
	memory_fill(area, 512, 41);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + MIB(1), 512));
	TRUE(memory_holds(area + PAGE * 4, 512, 41));
	edu_close(&edu);
	EQ(OK(dma_unmap(ct->fd, IOVA, MIB(2))), PAGE * 6);
	EQ(locked_pages(), 0);
}

TEST(alloc_failure_of_a_later_group)
{
	struct counts before;
	struct container ct;
	uint8_t *area = one_group_two_mappings(&ct);
	int ret = -ENOENT;
	unsigned int i;

	for (i = 0; i < 3 && ret == -ENOENT; i++) {
		const bool null = !strcmp(alloc_functions[i], "iommu_domain_alloc");
		const struct fault_rule rule = { alloc_functions[i], 1, FAULT_FOREVER, null ? 0 : -ENOMEM };

		ret = fault_arm(&rule, 1);
		if (ret)
			continue;
		counters_read(&before);
		if (env.series.reuses_first) {
			/* A group that fits needs no domain, so no failure either. */
			container_add(&ct, 1);
			EQ(fault_hits(0), 0);
			container_remove(&ct, 1);
		} else {
			FAILS(null ? EIO : ENOMEM, container_try_add(&ct, 1));
			EQ(fault_hits(0), 1);
		}
	}
	if (ret == -ENOENT)
		test_skip("no ng_fault.ko, or no allocation function can be probed");
	expect_undisturbed(&ct, area);
	expect_second_attempt_works(&ct, area);
	container_close(&ct);
}

/*
 * What a driver's attach means by an errno, as far as it is known for sure:
 * "fits no domain of this kind" (soft), or something that no other domain
 * helps against (hard). In old kernels every driver has its own mind; in new
 * ones EINVAL is documented to be the soft one. Where nobody knows which drivers
 * a kernel has, it is soft too, and hard is what both mean so. From virtio's it
 * may come from the device as well, and does where the domain serves groups of
 * that device.
 */
struct join_errnos {
	int soft[4];
	int hard[8];
};

static struct join_errnos join_errnos(void)
{
	static const struct join_errnos old_intel = {
		.soft = { -EFAULT, -EOPNOTSUPP },
		.hard = { -ENOMEM, -EINTR, -EINVAL, -EPERM, -ENODEV, -ENOSPC },
	};
	static const struct join_errnos old_amd = { .hard = { -ENOMEM, -EINTR, -EINVAL } };
	static const struct join_errnos old_smmuv3 = {
		.soft = { -ENXIO, -EINVAL },
		.hard = { -ENOMEM, -EINTR, -ENOENT, -EBUSY, -ENOSPC },
	};
	static const struct join_errnos virtio = { .soft = { -ENOSYS }, .hard = { -ENOMEM, -EINTR, -EINVAL, -EIO } };
	static const struct join_errnos some_virtio = { .soft = { -ENOSYS }, .hard = { -ENOMEM, -EINTR, -EIO } };
	static const struct join_errnos documented = { .soft = { -EINVAL }, .hard = { -ENOMEM, -EINTR } };
	static const struct join_errnos unknown = { .hard = { -ENOMEM, -EINTR } };

	/* A kernel that has the series has its own contract. */
	if (env.backend == STOCK && env.series.reports_errors)
		return (struct join_errnos){ .soft = { -env.series.incompatible }, .hard = { -ENOMEM, -EINTR } };
	if (exists("/sys/bus/virtio/drivers/virtio_iommu/virtio*"))
		return attach_errnos() == (ERRNOS_OF_EACH_DRIVER | ERRNOS_DOCUMENTED) ? some_virtio : virtio;
	if (attach_errnos() & ERRNOS_DOCUMENTED)
		return documented;
	if (exists("/sys/class/iommu/dmar*"))
		return old_intel;
	if (exists("/sys/class/iommu/ivhd*"))
		return old_amd;
	if (exists("/sys/class/iommu/smmu3.*"))
		return old_smmuv3;
	return unknown;
}

/* An errno that is no statement about the domain: the user gets it. Stock swallows it. */
TEST(hard_failure_of_a_join_is_reported)
{
	const struct join_errnos errnos = join_errnos();
	struct container ct;
	uint8_t *area = one_group_two_mappings(&ct);
	unsigned int i;

	for (i = 0; i < 8 && errnos.hard[i]; i++) {
		struct counts before;

		counters_read(&before);
		fault("iommu_attach_group", 1 + DIFF(FRESH_TRY_FIRST), 1, errnos.hard[i]);
		if (DIFF(HARD_JOIN_IS_REPORTED)) {
			FAILS(-errnos.hard[i], container_try_add(&ct, 1));
			EQ(counters_since(&before, COUNT_ALLOC), 0);
			EQ(counters_since(&before, COUNT_FREE), 0);
		} else {
			container_add(&ct, 1);
			EQ(counters_since(&before, COUNT_ALLOC), 1);
			EQ(counters_since(&before, COUNT_FREE), 0);
			container_remove(&ct, 1);
		}
		EQ(fault_hits(0), 1);
		fault_disarm();
	}
	expect_undisturbed(&ct, area);
	expect_second_attempt_works(&ct, area);
	container_close(&ct);
}

static void soft_failure_makes_a_domain(int err)
{
	struct container ct;
	uint8_t *area = one_group_two_mappings(&ct);
	struct counts before;

	counters_read(&before);
	fault("iommu_attach_group", 1 + DIFF(FRESH_TRY_FIRST), 1, err);
	container_add(&ct, 1);
	EQ(fault_hits(0), 1);
	EQ(counters_since(&before, COUNT_ALLOC), 1);
	EQ(counters_since(&before, COUNT_FREE), 0);
	container_remove(&ct, 1);
	EQ(counters_since(&before, COUNT_FREE), 1);
	expect_undisturbed(&ct, area);
	expect_second_attempt_works(&ct, area);
	container_close(&ct);
}

TEST(join_refused_as_incompatible_makes_a_second_domain)
{
	const struct join_errnos errnos = join_errnos();
	int i;

	if (!errnos.soft[0])
		test_skip("this IOMMU driver has no errno for it");
	for (i = 0; i < 4 && errnos.soft[i]; i++)
		soft_failure_makes_a_domain(errnos.soft[i]);
}

/* An errno that no driver is known for costs a domain, never the group. */
TEST(join_refused_with_an_unknown_errno_makes_a_second_domain)
{
	if (env.backend == STOCK && env.series.reports_errors)
		test_skip("this kernel's own contract says which errnos mean incompatible");
	soft_failure_makes_a_domain(-E2BIG);
}

/* How often iommu_emt met an errno that its rules do not know. */
static long unknown_count(int error)
{
	char text[4096], *line;
	int len = OK(file_read("/sys/kernel/debug/iommu_emt/unknown", text, sizeof(text)));

	TRUE(len < (int)sizeof(text) - 1);
	for (line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
		int errno_column;
		long count;

		if (sscanf(line, "\n%*s%d%ld", &errno_column, &count) == 2 && errno_column == error)
			return count;
	}
	return 0;
}

TEST(join_refused_with_an_unknown_errno_is_counted_and_named_once)
{
	static const char *const words[] = { "for which there is no rule", NULL };
	char line[512];
	int reader;

	if (env.backend != NG)
		test_skip("stock has no rules");
	EQ(unknown_count(EBADSLT), 0);
	reader = OK(kmsg_open());
	soft_failure_makes_a_domain(-EBADSLT);
	EQ(unknown_count(EBADSLT), 1);
	TRUE(kmsg_find(reader, words, line, sizeof(line)));
	soft_failure_makes_a_domain(-EBADSLT);
	EQ(unknown_count(EBADSLT), 2);
	TRUE(!kmsg_find(reader, words, line, sizeof(line)));
}

/* Neither the old domain nor a new one: the new one's errno is the answer. */
TEST(join_and_fresh_attach_failing_is_reported_raw)
{
	/* Soft or unknown or hard: with the fresh domain failing alike, nothing is left to try. */
	static const int errors[] = { -EINVAL, -ENODEV, -EFAULT, -E2BIG };
	struct container ct;
	uint8_t *area = one_group_two_mappings(&ct);
	unsigned int i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault("iommu_attach_group", 1, 100, errors[i]);
		FAILS(-errors[i], container_try_add(&ct, 1));
		fault_disarm();
	}
	expect_undisturbed(&ct, area);
	expect_second_attempt_works(&ct, area);
	container_close(&ct);
}

/* Callers use attach to find out; an answer is no reason for a line in the log. */
TEST(join_that_does_not_fit_is_not_logged)
{
	static const char *const words[] = { "iommu", "vfio", "emt", NULL };
	struct fault_rule rule = fault_join_incompatible();
	struct container ct;
	char line[256];
	int reader;

	one_group_two_mappings(&ct);
	fault(rule.func, rule.nth, rule.count, rule.err);
	reader = OK(kmsg_open());
	container_add(&ct, 1);
	EQ(fault_hits(0), 1);
	while (kmsg_find(reader, words, line, sizeof(line))) {
		ktap_diag("logged: %s", line);
		TRUE(false);
	}
	container_close(&ct);
}

/* --- replay into a second domain --- */

TEST(second_domain_gets_the_mappings_and_they_work)
{
	struct container ct;
	uint8_t *area = one_group_two_mappings(&ct);
	struct fault_rule rule = fault_join_incompatible();
	struct edu edu;

	fault(rule.func, rule.nth, rule.count, rule.err);
	container_add(&ct, 1);
	EQ(fault_hits(0), 1);
	fault_disarm();
	EQ(locked_pages(), 6);
	container_edu(&ct, 1, &edu);
	memory_fill(area, 512, 42);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + MIB(1), 512));
	TRUE(memory_holds(area + PAGE * 4, 512, 42));
	edu_close(&edu);
	expect_undisturbed(&ct, area);

	/* The first group leaves with its domain; the second one's mappings stay. */
	container_remove(&ct, 0);
	EQ(container_mappings(&ct), 2);
	EQ(locked_pages(), 6);
	container_edu(&ct, 1, &edu);
	memory_fill(area, 512, 43);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + MIB(1), 512));
	TRUE(memory_holds(area + PAGE * 4, 512, 43));
	edu_close(&edu);
	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(2))), PAGE * 6);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(groups_find_their_domain_among_two)
{
	struct counts before;
	struct container ct;

	NEED_DEVICES(4);
	container_two_domains(&ct, 0, 1);
	counters_read(&before);
	container_add(&ct, 2);
	container_add(&ct, 3);
	/* Both fit one that exists. */
	EQ(counters_since(&before, COUNT_ALLOC), counters_since(&before, COUNT_FREE));
	container_remove(&ct, 0);
	container_remove(&ct, 1);
	container_remove(&ct, 2);
	container_remove(&ct, 3);
	container_close(&ct);
}

/*
 * Stock undoes a replay that failed by unmapping also what it had not mapped.
 * Drivers with an ARM page table tell so with a kernel warning.
 */
static void need_driver_that_unmaps_nothing_quietly(void)
{
#ifdef __aarch64__
	if (env.backend == STOCK)
		test_skip("stock unmaps what was not mapped, and the SMMU driver warns of that");
#endif
}

TEST(replay_failure_is_reported_and_undone)
{
	struct fault_rule map = { "iommu_map", 1, FAULT_FOREVER, -ENOMEM };
	struct container ct;
	uint8_t *area;

	need_driver_that_unmaps_nothing_quietly();
	area = one_group_two_mappings(&ct);
	fault2(fault_join_incompatible(), map);
	FAILS(ENOMEM, container_try_add(&ct, 1));
	TRUE(fault_hits(1) >= 1);
	fault_disarm();
	expect_undisturbed(&ct, area);
	expect_second_attempt_works(&ct, area);
	container_close(&ct);
}

/* The 1st, 2nd, 3rd ... map of the replay fails, until there is none left to fail. */
TEST(replay_failure_at_every_step_leaks_nothing, .seconds = 120)
{
	uint8_t *area = memory_small_pages(PAGE * 12);
	struct fault_rule map = { "iommu_map", 1, FAULT_FOREVER, -ENOMEM };
	struct pin_counts before, after;
	struct container ct;
	int ret, i;

	NEED_DEVICES(2);
	need_driver_that_unmaps_nothing_quietly();
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 12; i++)
		OK(dma_map(ct.fd, area + i * PAGE, IOVA + i * 2 * PAGE, PAGE, DMA_RW));
	for (map.nth = 1; ; map.nth++) {
		pin_counts_read(&before);
		fault2(fault_join_incompatible(), map);
		ret = container_try_add(&ct, 1);
		if (!fault_hits(1))
			break;
		/* Stock's superpage test before the replay may fail unnoticed, not the replay. */
		FAILS(ENOMEM, ret);
		fault_disarm();
		pin_counts_read(&after);
		EQ(after.acquired - before.acquired, after.released - before.released);
		EQ(locked_pages(), 12);
		EQ(container_mappings(&ct), 12);
		TRUE(map.nth < 40);
	}
	OK(ret);
	TRUE(map.nth > 12);
	fault_disarm();
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 24)), PAGE * 12);
	container_close(&ct);
}
