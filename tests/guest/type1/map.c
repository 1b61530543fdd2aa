// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_IOMMU_MAP_DMA: what is refused, with which errno and in which order. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#define TOP	UINT64_MAX	/* last IOVA there is */

static int map_raw(int fd, uint32_t argsz, uint32_t flags, uint64_t vaddr, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_map map[2] = { {
		.argsz = argsz, .flags = flags, .vaddr = vaddr, .iova = iova, .size = bytes,
	} };

	return raw_ioctl(fd, VFIO_IOMMU_MAP_DMA, map);
}

static int map_at(struct container *ct, void *va, uint64_t iova, uint64_t bytes)
{
	return dma_map(ct->fd, va, iova, bytes, DMA_RW);
}

/* Nothing was mapped, charged or counted by calls that failed. */
static void expect_nothing(struct container *ct)
{
	EQ(container_mappings(ct), 0);
	EQ(locked_pages(), 0);
}

/* --- the structure --- */

TEST(map_argsz_below_32_is_einval)
{
	static const uint32_t sizes[] = { 0, 8, 24, 31 };
	void *area = memory_small_pages(PAGE);
	struct container ct;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 4; i++)
		FAILS(EINVAL, map_raw(ct.fd, sizes[i], DMA_RW, (uintptr_t)area, IOVA, PAGE));
	expect_nothing(&ct);
	container_close(&ct);
}

TEST(map_larger_argsz_is_fine)
{
	void *area = memory_small_pages(PAGE);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(map_raw(ct.fd, 33, DMA_RW, (uintptr_t)area, IOVA, PAGE));
	OK(map_raw(ct.fd, 64, DMA_RW, (uintptr_t)area, IOVA + PAGE, PAGE));
	OK(map_raw(ct.fd, UINT32_MAX, DMA_RW, (uintptr_t)area, IOVA + 2 * PAGE, PAGE));
	container_close(&ct);
}

TEST(map_bad_pointers_are_efault)
{
	char *pages = memory_small_pages(PAGE * 2);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_MAP_DMA, NULL));
	munmap(pages + PAGE, PAGE);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_MAP_DMA, pages + PAGE - 31));
	expect_nothing(&ct);
	container_close(&ct);
}

TEST(map_flags)
{
	void *area = memory_small_pages(PAGE);
	struct container ct;
	uint32_t bit;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, PAGE, 0));
	for (bit = 8; bit; bit <<= 1)
		FAILS(EINVAL, dma_map(ct.fd, area, IOVA, PAGE, DMA_RW | bit));
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, PAGE, DMA_RW | VFIO_DMA_MAP_FLAG_VADDR));
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, PAGE, DMA_READ | VFIO_DMA_MAP_FLAG_VADDR));
	FAILS(DIFF(UPDATE_VADDR) ? ENOENT : EINVAL,
	      dma_map(ct.fd, area, IOVA, PAGE, VFIO_DMA_MAP_FLAG_VADDR));
	expect_nothing(&ct);
	container_close(&ct);
}

TEST(map_structure_is_not_written_back)
{
	struct vfio_iommu_type1_dma_map map, copy;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	map = (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(map), .flags = DMA_RW, .iova = IOVA, .size = PAGE,
		.vaddr = (uintptr_t)memory_small_pages(PAGE),
	};
	copy = map;
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_MAP_DMA, &map));
	TRUE(!memcmp(&map, &copy, sizeof(map)));
	FAILS(EEXIST, raw_ioctl(ct.fd, VFIO_IOMMU_MAP_DMA, &map));
	TRUE(!memcmp(&map, &copy, sizeof(map)));
	container_close(&ct);
}

TEST(map_reads_its_argument_from_read_only_memory)
{
	struct vfio_iommu_type1_dma_map *map = memory_small_pages(PAGE);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	*map = (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(*map), .flags = DMA_RW, .iova = IOVA, .size = PAGE,
		.vaddr = (uintptr_t)memory_small_pages(PAGE),
	};
	mprotect(map, PAGE, PROT_READ);
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_MAP_DMA, map));
	container_close(&ct);
}

/* --- addresses and sizes --- */

TEST(map_size_0_is_einval)
{
	void *area = memory_small_pages(PAGE);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EINVAL, map_at(&ct, area, IOVA, 0));
	FAILS(EINVAL, map_at(&ct, area, 0, 0));
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, 0, 0));
	FAILS(EINVAL, map_at(&ct, area, TOP & ~(PAGE - 1), 0));
	expect_nothing(&ct);
	container_close(&ct);
}

TEST(map_unaligned_is_einval)
{
	uint8_t *area = memory_small_pages(PAGE * 2);
	struct container ct;
	size_t off;

	container_make(&ct, 0, 1, TYPE1V2);
	for (off = 1; off < PAGE; off <<= 1) {
		FAILS(EINVAL, map_at(&ct, area + off, IOVA, PAGE));
		FAILS(EINVAL, map_at(&ct, area, IOVA + off, PAGE));
		FAILS(EINVAL, map_at(&ct, area, IOVA, PAGE + off));
		FAILS(EINVAL, map_at(&ct, area, IOVA, off));
	}
	expect_nothing(&ct);
	container_close(&ct);
}

TEST(map_that_wraps_is_refused)
{
	void *area = memory_small_pages(PAGE);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(DIFF(ADDRESS_WRAP), map_at(&ct, area, TOP - PAGE + 1, PAGE * 2));
	FAILS(DIFF(ADDRESS_WRAP), map_at(&ct, area, IOVA, TOP - PAGE + 1));
	FAILS(DIFF(ADDRESS_WRAP), map_at(&ct, (void *)(TOP - PAGE + 1), IOVA, PAGE * 2));
	/* Unaligned as well: the wrap is seen first where it is EOVERFLOW. */
	FAILS(DIFF(ADDRESS_WRAP), map_at(&ct, area, TOP, PAGE));
	FAILS(DIFF(ADDRESS_WRAP), map_at(&ct, area, PAGE, TOP));
	FAILS(DIFF(ADDRESS_WRAP), dma_map(ct.fd, area, TOP - PAGE + 1, PAGE * 2, 0));
	/* But unknown flags and a short structure come before. */
	FAILS(EINVAL, dma_map(ct.fd, area, TOP - PAGE + 1, PAGE * 2, DMA_RW | 0x100));
	FAILS(EINVAL, map_raw(ct.fd, 31, DMA_RW, (uintptr_t)area, TOP - PAGE + 1, PAGE * 2));
	expect_nothing(&ct);
	container_close(&ct);
}

/* 2^64 itself is no wrap; the page is only outside of what the IOMMU translates. */
TEST(map_that_ends_at_2_64_is_outside_of_the_ranges)
{
	void *area = memory_small_pages(PAGE);
	struct type1_info info;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	if (info.range[info.nr_ranges - 1].last == TOP)
		test_skip("this IOMMU translates the last page, other tests use it");
	FAILS(EINVAL, map_at(&ct, area, TOP - PAGE + 1, PAGE));
	expect_nothing(&ct);
	container_close(&ct);
}

/* A container whose last IOVA range reaches 2^64, on a backend that can use that. */
static void container_up_to_the_top(struct container *ct, int type)
{
	struct type1_info info;

	if (!DIFF(TOP_MAPPING_WORKS))
		test_skip("this stock kernel never unmaps a mapping that ends at 2^64");
	container_make(ct, 0, 1, type);
	OK(type1_get_info(ct->fd, &info));
	if (info.range[info.nr_ranges - 1].last != TOP)
		test_skip("this IOMMU does not translate the last page");
}

TEST(mapping_that_ends_at_2_64_is_found_and_unmapped)
{
	void *area = memory_small_pages(PAGE * 2);
	struct container ct;

	container_up_to_the_top(&ct, TYPE1V2);
	OK(map_at(&ct, area, TOP - PAGE * 2 + 1, PAGE * 2));
	EQ(locked_pages(), 2);
	FAILS(EEXIST, map_at(&ct, area, TOP - PAGE * 2 + 1, PAGE * 2));
	FAILS(EEXIST, map_at(&ct, area, TOP - PAGE + 1, PAGE));
	FAILS(EINVAL, dma_unmap(ct.fd, TOP - PAGE + 1, PAGE));
	EQ(container_mappings(&ct), 1);
	EQ(OK(dma_unmap(ct.fd, TOP - PAGE * 2 + 1, PAGE * 2)), PAGE * 2);
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(mapping_that_ends_at_2_64_goes_with_unmap_all_and_with_the_last_group)
{
	void *area = memory_small_pages(PAGE);
	struct container ct;

	container_up_to_the_top(&ct, TYPE1);
	OK(map_at(&ct, area, TOP - PAGE + 1, PAGE));
	EQ(OK(dma_unmap_all(ct.fd)), PAGE);
	OK(map_at(&ct, area, TOP - PAGE + 1, PAGE));
	EQ(OK(dma_unmap(ct.fd, TOP - PAGE + 1, PAGE)), PAGE);
	OK(map_at(&ct, area, TOP - PAGE + 1, PAGE));
	container_remove(&ct, 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(map_at_the_edges_of_every_range)
{
	void *area = memory_small_pages(PAGE * 2);
	struct type1_info info;
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	for (i = 0; i < info.nr_ranges; i++) {
		const uint64_t first = info.range[i].first, last = info.range[i].last;

		if (first)
			FAILS(EINVAL, map_at(&ct, area, first - PAGE, PAGE * 2));
		OK(map_at(&ct, area, first, PAGE));
		if (last == TOP)	/* that edge has tests of its own */
			continue;
		FAILS(EINVAL, map_at(&ct, area, last + 1 - PAGE, PAGE * 2));
		FAILS(EINVAL, map_at(&ct, area, last + 1, PAGE));
		OK(map_at(&ct, area, last + 1 - PAGE, PAGE));
	}
	container_close(&ct);
}

TEST(map_in_the_msi_window_is_einval)
{
	void *area = memory_small_pages(MIB(2) + PAGE * 2);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EINVAL, map_at(&ct, area, MSI_WINDOW, PAGE));
	FAILS(EINVAL, map_at(&ct, area, MSI_WINDOW + MIB(1) - PAGE, PAGE));
	FAILS(EINVAL, map_at(&ct, area, MSI_WINDOW - PAGE, PAGE * 2));
	FAILS(EINVAL, map_at(&ct, area, MSI_WINDOW + MIB(1) - PAGE, PAGE * 2));
	FAILS(EINVAL, map_at(&ct, area, MSI_WINDOW - PAGE, MIB(1) + PAGE * 2));
	expect_nothing(&ct);
	OK(map_at(&ct, area, MSI_WINDOW - PAGE, PAGE));
	OK(map_at(&ct, area, MSI_WINDOW + MIB(1), PAGE));
	container_close(&ct);
}

/* --- overlaps and the order of checks --- */

TEST(map_over_a_mapping_is_eexist)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(map_at(&ct, area, IOVA, PAGE * 4));
	FAILS(EEXIST, map_at(&ct, area, IOVA, PAGE * 4));
	FAILS(EEXIST, map_at(&ct, area, IOVA, PAGE));
	FAILS(EEXIST, map_at(&ct, area, IOVA + PAGE * 3, PAGE));
	FAILS(EEXIST, map_at(&ct, area, IOVA + PAGE, PAGE * 2));
	FAILS(EEXIST, map_at(&ct, area, IOVA - PAGE, PAGE * 2));
	FAILS(EEXIST, map_at(&ct, area, IOVA + PAGE * 3, PAGE * 2));
	FAILS(EEXIST, map_at(&ct, area, IOVA - PAGE, PAGE * 6));
	EQ(container_mappings(&ct), 1);
	EQ(locked_pages(), 4);
	OK(map_at(&ct, area, IOVA - PAGE, PAGE));
	OK(map_at(&ct, area, IOVA + PAGE * 4, PAGE));
	EQ(container_mappings(&ct), 3);
	container_close(&ct);
}

TEST(map_checks_come_in_order)
{
	uint8_t *area = memory_small_pages(PAGE * 2);
	void *hole = memory_hole(PAGE);
	struct container ct;

	OK(module_param_set(env.module, "dma_entry_limit", "1"));
	container_make(&ct, 0, 1, TYPE1V2);
	/* Outside of the ranges comes before the address is looked at. */
	FAILS(EINVAL, map_at(&ct, hole, MSI_WINDOW, PAGE));
	FAILS(EFAULT, map_at(&ct, hole, IOVA, PAGE));
	OK(map_at(&ct, area, IOVA, PAGE));
	/* Alignment before overlap, overlap before the limit, the limit before the ranges. */
	FAILS(EINVAL, map_at(&ct, area + 1, IOVA, PAGE));
	FAILS(EINVAL, map_at(&ct, area, IOVA, PAGE + 1));
	FAILS(EEXIST, map_at(&ct, hole, IOVA, PAGE));
	FAILS(ENOSPC, map_at(&ct, area, IOVA + PAGE, PAGE));
	FAILS(ENOSPC, map_at(&ct, hole, IOVA + PAGE, PAGE));
	FAILS(ENOSPC, map_at(&ct, area, MSI_WINDOW, PAGE));
	container_close(&ct);
}

TEST(map_more_than_the_entry_limit_is_enospc)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct type1_info info;
	struct container ct;
	int i;

	OK(module_param_set(env.module, "dma_entry_limit", "10"));
	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.avail, 10);
	for (i = 0; i < 10; i++)
		OK(map_at(&ct, area, IOVA + i * PAGE, PAGE));
	FAILS(ENOSPC, map_at(&ct, area, IOVA + i * PAGE, PAGE));
	OK(type1_get_info(ct.fd, &info));
	EQ(info.avail, 0);
	OK(dma_unmap(ct.fd, IOVA, PAGE));
	OK(map_at(&ct, area, IOVA + i * PAGE, PAGE));
	FAILS(ENOSPC, map_at(&ct, area, IOVA, PAGE));
	container_close(&ct);
}

TEST(entry_limit_is_sampled_when_the_container_gets_its_driver)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct type1_info info;
	struct container ct;

	OK(module_param_set(env.module, "dma_entry_limit", "2"));
	container_make(&ct, 0, 1, TYPE1V2);
	OK(module_param_set(env.module, "dma_entry_limit", "65535"));
	OK(map_at(&ct, area, IOVA, PAGE));
	OK(map_at(&ct, area, IOVA + PAGE, PAGE));
	FAILS(ENOSPC, map_at(&ct, area, IOVA + PAGE * 2, PAGE));
	container_close(&ct);

	OK(module_param_set(env.module, "dma_entry_limit", "0"));
	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.avail, 0);
	FAILS(ENOSPC, map_at(&ct, area, IOVA, PAGE));
	container_close(&ct);
}

/* A failed call gives its entry back. */
TEST(failed_maps_do_not_use_up_the_entry_limit)
{
	void *area = memory_small_pages(PAGE), *hole = memory_hole(PAGE);
	struct container ct;
	int i;

	OK(module_param_set(env.module, "dma_entry_limit", "1"));
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 5; i++)
		FAILS(EFAULT, map_at(&ct, hole, IOVA, PAGE));
	OK(map_at(&ct, area, IOVA, PAGE));
	container_close(&ct);
}
