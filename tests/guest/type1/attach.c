// SPDX-License-Identifier: GPL-2.0-only
/* SET_CONTAINER and SET_IOMMU: groups join, what that costs, what they reach then. */
#include <string.h>
#include <unistd.h>

#include "../lib/kmsg.h"
#include "test.h"

static void expect_cost(const struct counts *before, unsigned int groups)
{
	const struct attach_cost want = attach_cost(groups);

	EQ(counters_since(before, COUNT_ALLOC), want.allocs);
	EQ(counters_since(before, COUNT_ATTACH), want.attaches);
	EQ(counters_since(before, COUNT_DETACH), want.detaches);
	EQ(counters_since(before, COUNT_FREE), want.frees);
}

static void attach_cost_before_set_iommu(int groups)
{
	struct counts before;
	struct container ct;

	NEED_DEVICES(groups);
	counters_read(&before);
	container_make(&ct, 0, groups, TYPE1V2);
	expect_cost(&before, groups);
	container_close(&ct);
	EQ(counters_since(&before, COUNT_DETACH), attach_cost(groups).attaches);
	EQ(counters_since(&before, COUNT_FREE), attach_cost(groups).allocs);
}

static void attach_cost_after_set_iommu(int groups)
{
	struct counts before;
	struct container ct;
	int i;

	NEED_DEVICES(groups);
	counters_read(&before);
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 1; i < groups; i++)
		container_add(&ct, i);
	expect_cost(&before, groups);
	container_close(&ct);
	EQ(counters_since(&before, COUNT_DETACH), attach_cost(groups).attaches);
	EQ(counters_since(&before, COUNT_FREE), attach_cost(groups).allocs);
}

TEST(attach_1_group_cost)
{
	attach_cost_before_set_iommu(1);
}

TEST(attach_2_groups_before_set_iommu_cost)
{
	attach_cost_before_set_iommu(2);
}

TEST(attach_2_groups_after_set_iommu_cost)
{
	attach_cost_after_set_iommu(2);
}

TEST(attach_16_groups_before_set_iommu_cost)
{
	attach_cost_before_set_iommu(16);
}

TEST(attach_16_groups_after_set_iommu_cost)
{
	attach_cost_after_set_iommu(16);
}

TEST(attach_to_type1_v1_works)
{
	struct container ct;

	container_make(&ct, 0, 2, TYPE1);
	container_close(&ct);
}

TEST(set_iommu_without_a_group_is_refused)
{
	struct container ct;

	container_init(&ct);
	FAILS(EINVAL, container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

TEST(set_iommu_twice_is_refused)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EINVAL, container_set_iommu(ct.fd, TYPE1V2));
	FAILS(EINVAL, container_set_iommu(ct.fd, TYPE1));
	container_close(&ct);
}

TEST(set_iommu_of_another_type_finds_no_driver)
{
	static const int types[] = { 0, VFIO_SPAPR_TCE_IOMMU, VFIO_DMA_CC_IOMMU, VFIO_EEH,
				     VFIO_SPAPR_TCE_v2_IOMMU, VFIO_NOIOMMU_IOMMU, 77, -1 };
	struct container ct;
	unsigned int i;

	container_init(&ct);
	container_add(&ct, 0);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		FAILS(ENODEV, container_set_iommu(ct.fd, types[i]));
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

/* Extensions that are no container types are still asked as such by SET_IOMMU. */
TEST(set_iommu_of_an_extension_is_refused)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	FAILS(DIFF(UNMAP_ALL) ? EINVAL : ENODEV, container_set_iommu(ct.fd, VFIO_UNMAP_ALL));
	FAILS(ENODEV, container_set_iommu(ct.fd, VFIO_UPDATE_VADDR));
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

TEST(nesting_container_is_refused_and_leaves_the_container_usable)
{
	struct container ct;
	int ret;

	container_init(&ct);
	container_add(&ct, 0);
	ret = container_set_iommu(ct.fd, VFIO_TYPE1_NESTING_IOMMU);
	if (!ret && DIFF(EXT_NESTING))
		test_skip("this IOMMU can nest, and so can containers of this stock module");
	TRUE(ret < 0);
	if (!DIFF(EXT_NESTING))
		EQ(ret, -ENODEV);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

TEST(group_is_in_one_container_at_a_time)
{
	struct container a, b;
	int other;

	container_make(&a, 0, 1, TYPE1V2);
	container_init(&b);
	FAILS(EINVAL, group_set_container(a.group[0], b.fd));
	FAILS(EINVAL, group_set_container(a.group[0], a.fd));
	other = group_open(devices[0].group);
	FAILS(EBUSY, other);
	container_close(&b);
	container_close(&a);
}

TEST(group_moves_to_another_container)
{
	struct container a, b;
	int round;

	container_make(&a, 0, 2, TYPE1V2);
	container_make(&b, 2, 1, TYPE1V2);
	for (round = 0; round < 3; round++) {
		container_remove(&a, 1);
		container_add(&b, 1);
		container_remove(&b, 1);
		container_add(&a, 1);
	}
	container_close(&a);
	container_close(&b);
}

TEST(joining_group_maps_nothing_anew)
{
	struct counts before;
	struct container ct;
	void *area = memory_huge_pages(MIB(8));

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, MIB(8), DMA_RW));
	counters_read(&before);
	container_add(&ct, 1);
	EQ(counters_since(&before, COUNT_MAP), 0);
	EQ(locked_pages(), MIB(8) / PAGE);
	container_close(&ct);
}

TEST(late_group_reaches_earlier_mappings)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	container_add(&ct, 1);
	container_edu(&ct, 1, &edu);
	memory_fill(area, 2048, 1);
	OK(edu_read_memory(&edu, IOVA, 2048));
	OK(edu_write_memory(&edu, IOVA + PAGE * 3, 2048));
	TRUE(memory_holds(area + PAGE * 3, 2048, 1));
	edu_close(&edu);
	container_close(&ct);
}

TEST(all_groups_reach_a_mapping_made_later)
{
	uint8_t *area = memory_small_pages(PAGE * 2);
	struct container ct;
	struct edu edu;
	int i;

	container_make(&ct, 0, 3, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 2, DMA_RW));
	for (i = 0; i < 3; i++) {
		container_edu(&ct, i, &edu);
		memory_fill(area, 1024, i);
		OK(edu_read_memory(&edu, IOVA, 1024));
		OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
		TRUE(memory_holds(area + PAGE, 1024, i));
		edu_close(&edu);
	}
	container_close(&ct);
}

TEST(many_mappings_survive_joins)
{
	uint8_t *area = memory_small_pages(PAGE * 64);
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 64; i++)
		OK(dma_map(ct.fd, area + i * PAGE, IOVA + i * 2 * PAGE, PAGE, DMA_RW));
	container_add(&ct, 1);
	container_add(&ct, 2);
	EQ(container_mappings(&ct), 64);
	EQ(locked_pages(), 64);
	EQ(OK(dma_unmap(ct.fd, IOVA, 128 * PAGE)), 64 * PAGE);
	container_close(&ct);
}

/* The same IOVA leads each container's device to that container's memory. */
TEST(two_containers_do_not_see_each_other)
{
	uint8_t *mine = memory_small_pages(PAGE), *other = memory_small_pages(PAGE);
	struct container a, b;
	struct edu edu_a, edu_b;

	container_make(&a, 0, 1, TYPE1V2);
	container_make(&b, 1, 1, TYPE1V2);
	OK(dma_map(a.fd, mine, IOVA, PAGE, DMA_RW));
	OK(dma_map(b.fd, other, IOVA, PAGE, DMA_RW));
	container_edu(&a, 0, &edu_a);
	container_edu(&b, 1, &edu_b);
	memory_fill(mine, 512, 1);
	memory_fill(other, 512, 2);
	OK(edu_read_memory(&edu_a, IOVA, 512));
	OK(edu_read_memory(&edu_b, IOVA, 512));
	memset(mine, 0, PAGE);
	memset(other, 0, PAGE);
	OK(edu_write_memory(&edu_a, IOVA + 1024, 512));
	OK(edu_write_memory(&edu_b, IOVA + 1024, 512));
	TRUE(memory_holds(mine + 1024, 512, 1));
	TRUE(memory_holds(other + 1024, 512, 2));

	/* And unmapping in one leaves the other's mapping. */
	OK(dma_unmap(a.fd, IOVA, PAGE));
	memset(other, 0, PAGE);
	OK(edu_write_memory(&edu_b, IOVA, 512));
	TRUE(memory_holds(other, 512, 2));
	edu_close(&edu_a);
	edu_close(&edu_b);
	container_close(&a);
	container_close(&b);
}

static void expect_ranges(const struct container *ct, const struct type1_info *want)
{
	struct type1_info info;

	OK(type1_get_info(ct->fd, &info));
	EQ(info.nr_ranges, want->nr_ranges);
	TRUE(!memcmp(info.range, want->range, sizeof(info.range)));
	EQ(info.pgsizes, want->pgsizes);
}

/* Nor when the one leaves that reserved the same addresses first. */
TEST(iova_ranges_stay_when_an_equal_group_joins)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct type1_info before;
	struct container ct;
	int i;

	NEED_DEVICES(3);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &before));
	for (i = 1; i < 3; i++) {
		container_add(&ct, i);
		expect_ranges(&ct, &before);
	}
	for (i = 0; i < 2; i++) {
		container_remove(&ct, i);
		expect_ranges(&ct, &before);
	}
	FAILS(EINVAL, dma_map(ct.fd, area, MSI_WINDOW, PAGE, DMA_RW));
	container_add(&ct, 0);
	expect_ranges(&ct, &before);
	container_close(&ct);
}

TEST(attach_without_interrupt_remapping_is_eperm_until_allowed)
{
	static const char *const words[] = { "allow_unsafe_interrupts", NULL };
	struct container ct;
	char line[512];
	int reader;

	if (env.interrupt_remapping)
		test_skip("interrupts are remapped in this guest");
	OK(module_param_set(env.module, "allow_unsafe_interrupts", "N"));
	container_init(&ct);
	container_add(&ct, 0);
	reader = OK(kmsg_open());
	FAILS(EPERM, container_set_iommu(ct.fd, TYPE1V2));
	TRUE(kmsg_find(reader, words, line, sizeof(line)));
	OK(module_param_set(env.module, "allow_unsafe_interrupts", "Y"));
	OK(container_set_iommu(ct.fd, TYPE1V2));

	/* Read at every attach: a later group is refused again. */
	if (nr_devices > 1) {
		OK(module_param_set(env.module, "allow_unsafe_interrupts", "N"));
		FAILS(EPERM, container_try_add(&ct, 1));
	}
	container_close(&ct);
}

TEST(attach_with_interrupt_remapping_needs_no_parameter)
{
	struct container ct;

	if (!env.interrupt_remapping)
		test_skip("interrupts are not remapped in this guest");
	OK(module_param_set(env.module, "allow_unsafe_interrupts", "N"));
	container_make(&ct, 0, 1, TYPE1V2);
	container_close(&ct);
}

TEST(attach_and_leave_100_times_leaks_nothing)
{
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 100; i++) {
		container_add(&ct, 1);
		container_remove(&ct, 1);
	}
	container_close(&ct);
}
