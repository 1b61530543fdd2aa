// SPDX-License-Identifier: GPL-2.0-only
/*
 * What keeps a group out of a container that has mappings: addresses its IOMMU cannot translate or its devices reserve,
 * pages that are too coarse, and the MSI doorbell that finds no place. IOMMU 1 is the one that is different.
 */
#include <string.h>
#include <unistd.h>

#include "../lib/emulated.h"
#include "mock.h"

#define BYTES	(4 * PAGE)

/* All IOMMUs as they were, so that a test can go from one oddity to the next. */
static void forget_oddities(void)
{
	mock_write("reset", "1");
}

/* Group 0 with something mapped at IOVA. */
static uint8_t *make(struct container *ct)
{
	uint8_t *area = memory_small_pages(BYTES);

	NEED_DEVICES(2);
	container_make(ct, 0, 1, TYPE1V2);
	OK(dma_map(ct->fd, area, IOVA, BYTES, DMA_RW));
	return area;
}

/* Group 1 is refused, and nobody notices. */
static void expect_refused(struct container *ct, uint8_t *area)
{
	FAILS(EINVAL, container_try_add(ct, 1));
	EQ(container_mappings(ct), 1);
	EQ(locked_pages(), BYTES / PAGE);
	expect_group_reaches(0, IOVA, area);
	expect_group_is_home(1, IOVA);
}

/* --- apertures --- */

TEST(group_whose_iommu_does_not_translate_a_mapping_stays_out)
{
	struct container ct;
	uint8_t *area = make(&ct);

	mock_write("iommu1/first", "0x%llx", (unsigned long long)(IOVA + BYTES));
	expect_refused(&ct, area);
	mock_write("iommu1/first", "0x%llx", (unsigned long long)(IOVA + PAGE));
	expect_refused(&ct, area);
	forget_oddities();
	mock_write("iommu1/last", "0x%llx", (unsigned long long)(IOVA - 1));
	expect_refused(&ct, area);
	mock_write("iommu1/last", "0x%llx", (unsigned long long)(IOVA + BYTES - PAGE - 1));
	expect_refused(&ct, area);

	/* Exactly as far as is needed. */
	mock_write("iommu1/first", "0x%llx", (unsigned long long)IOVA);
	mock_write("iommu1/last", "0x%llx", (unsigned long long)(IOVA + BYTES - 1));
	container_add(&ct, 1);
	expect_group_reaches(1, IOVA, area);
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA + BYTES, PAGE, DMA_RW));
	container_remove(&ct, 1);
	OK(dma_map(ct.fd, area, IOVA + BYTES, PAGE, DMA_RW));
	container_close(&ct);
}

TEST(iommus_that_translate_nothing_in_common_do_not_share_a_container)
{
	struct container ct;

	NEED_DEVICES(2);
	mock_write("iommu0/last", "0xffffffff");
	mock_write("iommu1/first", "0x100000000");
	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EINVAL, container_try_add(&ct, 1));
	expect_group_is_home(1, IOVA);
	container_close(&ct);

	container_init(&ct);
	container_add(&ct, 0);
	container_add(&ct, 1);
	FAILS(EINVAL, container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

/* --- reservations --- */

TEST(group_that_reserves_what_is_mapped_stays_out)
{
	static const char *const types[] = { "direct", "reserved", "msi", "sw_msi" };
	struct container ct;
	uint8_t *area = make(&ct);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		/* The last page of the mapping, and one behind it. */
		mock_write("iommu1/reserved", "0x%llx 0x%llx %s", (unsigned long long)(IOVA + BYTES - PAGE),
			   (unsigned long long)(IOVA + BYTES + PAGE - 1), types[i]);
		expect_refused(&ct, area);
		forget_oddities();
	}
	mock_write("iommu1/reserved", "0x%llx 0x%llx reserved", (unsigned long long)(IOVA + BYTES),
		   (unsigned long long)(IOVA + BYTES + PAGE - 1));
	container_add(&ct, 1);
	expect_group_reaches(1, IOVA, area);
	container_close(&ct);
}

TEST(region_that_firmware_no_longer_needs_is_no_obstacle)
{
	struct container ct;
	uint8_t *area = make(&ct);

	mock_write("iommu1/reserved", "0x%llx 0x%llx relaxable", (unsigned long long)IOVA,
		   (unsigned long long)(IOVA + 2 * BYTES - 1));
	container_add(&ct, 1);
	expect_group_reaches(1, IOVA, area);
	OK(dma_map(ct.fd, area, IOVA + BYTES, PAGE, DMA_RW));
	container_close(&ct);
}

TEST(reservations_hold_as_long_as_their_group_stays)
{
	struct type1_info before, info;
	struct container ct;
	uint8_t *area = make(&ct);

	OK(type1_get_info(ct.fd, &before));
	mock_write("iommu1/reserved", "0x8000000 0x80fffff reserved");
	mock_write("iommu1/reserved", "0x9000000 0x90fffff sw_msi");
	container_add(&ct, 1);
	FAILS(EINVAL, dma_map(ct.fd, area, 0x8000000, PAGE, DMA_RW));
	FAILS(EINVAL, dma_map(ct.fd, area, 0x9100000 - PAGE, PAGE, DMA_RW));
	OK(type1_get_info(ct.fd, &info));
	EQ(info.nr_ranges, before.nr_ranges + 2);
	container_remove(&ct, 1);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.nr_ranges, before.nr_ranges);
	TRUE(!memcmp(info.range, before.range, info.nr_ranges * sizeof(info.range[0])));
	OK(dma_map(ct.fd, area, 0x8000000, PAGE, DMA_RW));
	container_close(&ct);
}

TEST(group_that_leaves_nothing_to_map_stays_out)
{
	struct container ct;

	NEED_DEVICES(2);
	mock_write("iommu0/last", "0xfffffff");
	mock_write("iommu1/reserved", "0x0 0xfffffff reserved");
	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EINVAL, container_try_add(&ct, 1));
	OK(dma_map(ct.fd, memory_small_pages(PAGE), IOVA, PAGE, DMA_RW));
	container_close(&ct);
}

/* --- page sizes --- */

/* Else the mapping could not be unmapped any more, because requests have to be aligned to the smallest page. */
TEST(group_whose_smallest_page_is_larger_than_a_mapping_stays_out)
{
	struct type1_info info;
	struct container ct;
	uint8_t *area = make(&ct);

	mock_write("iommu1/pgsizes", "0x200000");
	expect_refused(&ct, area);
	OK(type1_get_info(ct.fd, &info));
	TRUE(info.pgsizes & PAGE);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	container_close(&ct);
}

TEST(container_with_an_iommu_of_large_pages_maps_in_those, .not_on_stock = "stock warns in the log of every map")
{
	uint8_t *huge = memory_huge_pages(MIB(2)), *area = memory_small_pages(PAGE);
	struct type1_info info;
	struct container ct;

	NEED_DEVICES(2);
	if (memory_huge_bytes(huge) < MIB(2))
		test_skip("no huge page to be had");
	mock_write("iommu1/pgsizes", "0x200000");
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, huge, IOVA, MIB(2), DMA_RW));
	container_add(&ct, 1);
	expect_group_reaches(1, IOVA, huge);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.pgsizes & (MIB(4) - 1), MIB(2));
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA + MIB(2), PAGE, DMA_RW));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE));
	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(2))), MIB(2));
	container_close(&ct);
}

/* --- the MSI doorbell --- */

TEST(doorbell_that_finds_no_place_keeps_a_group_out)
{
	struct container ct;
	uint8_t *area = make(&ct);

	mock_write("iommu1/reserved", "0x9000000 0x90fffff sw_msi");
	fault("iommu_get_msi_cookie", 1, 1, -ENOMEM);
	FAILS(ENOMEM, container_try_add(&ct, 1));
	EQ(fault_hits(0), 1);
	fault_disarm();
	EQ(container_mappings(&ct), 1);
	expect_group_reaches(0, IOVA, area);
	expect_group_is_home(1, IOVA);

	/* No such thing on this platform: then none is needed. */
	fault("iommu_get_msi_cookie", 1, 1, -ENODEV);
	container_add(&ct, 1);
	EQ(fault_hits(0), 1);
	fault_disarm();
	expect_group_reaches(1, IOVA, area);
	container_close(&ct);
}

/* A container whose memory the group is to pin, because so far it has only a device without an IOMMU. */
static uint8_t *make_emulated(struct container *ct, int *group)
{
	uint8_t *area = memory_small_pages(BYTES);

	if (module_modprobe("ng_emulated") || emulated_group(0) < 0)
		test_skip("no ng_emulated.ko");
	container_init(ct);
	*group = OK(group_open(emulated_group(0)));
	OK(group_set_container(*group, ct->fd));
	OK(container_set_iommu(ct->fd, TYPE1V2));
	OK(dma_map(ct->fd, area, IOVA, BYTES, DMA_RW));
	EQ(locked_pages(), 0);
	return area;
}

TEST(doorbell_that_finds_no_place_leaves_nothing_pinned,
     .not_on_stock = "stock frees the domain under what is mapped and pinned")
{
	struct pin_counts before, after;
	struct container ct;
	uint8_t *area;
	int group;

	area = make_emulated(&ct, &group);
	mock_write("iommu0/reserved", "0x9000000 0x90fffff sw_msi");
	pin_counts_read(&before);
	fault("iommu_get_msi_cookie", 1, 1, -ENOMEM);
	FAILS(ENOMEM, container_try_add(&ct, 0));
	EQ(fault_hits(0), 1);
	fault_disarm();
	pin_counts_read(&after);
	EQ(after.acquired - before.acquired, after.released - before.released);
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 1);
	expect_nothing_left();

	container_add(&ct, 0);
	EQ(locked_pages(), BYTES / PAGE);
	expect_group_reaches(0, IOVA, area);
	container_close(&ct);
	close(group);
}
