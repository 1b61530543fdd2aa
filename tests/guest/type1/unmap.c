// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_IOMMU_UNMAP_DMA: refusals, the rules of v1 and v2, what is returned. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#define TOP	UINT64_MAX

static void request(struct vfio_iommu_type1_dma_unmap *unmap, uint32_t flags, uint64_t iova, uint64_t bytes)
{
	memset(unmap, 0, sizeof(*unmap));
	unmap->argsz = sizeof(*unmap);
	unmap->flags = flags;
	unmap->iova = iova;
	unmap->size = bytes;
}

static int unmap_raw(int fd, uint32_t argsz, uint32_t flags, uint64_t iova, uint64_t bytes)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = { .bitmap.pgsize = 0 };

	request(&arg.unmap, flags, iova, bytes);
	arg.unmap.argsz = argsz;
	return raw_ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &arg);
}

/* A container with these mappings of 4 pages each: IOVA, +4 pages, a hole of 4, +12 pages. */
static void three_mappings(struct container *ct, int type)
{
	uint8_t *area = memory_small_pages(PAGE * 12);

	container_make(ct, 0, 1, type);
	OK(dma_map(ct->fd, area, IOVA, PAGE * 4, DMA_RW));
	OK(dma_map(ct->fd, area + PAGE * 4, IOVA + PAGE * 4, PAGE * 4, DMA_RW));
	OK(dma_map(ct->fd, area + PAGE * 8, IOVA + PAGE * 12, PAGE * 4, DMA_RW));
}

static void expect_untouched(struct container *ct)
{
	EQ(container_mappings(ct), 3);
	EQ(locked_pages(), 12);
}

/* --- refusals --- */

TEST(unmap_argsz_below_24_is_einval)
{
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	FAILS(EINVAL, unmap_raw(ct.fd, 0, 0, IOVA, PAGE * 4));
	FAILS(EINVAL, unmap_raw(ct.fd, 23, 0, IOVA, PAGE * 4));
	expect_untouched(&ct);
	OK(unmap_raw(ct.fd, 48, 0, IOVA, PAGE * 4));
	OK(unmap_raw(ct.fd, UINT32_MAX, 0, IOVA + PAGE * 4, PAGE * 4));
	container_close(&ct);
}

TEST(unmap_bad_pointers_are_efault)
{
	char *pages = memory_small_pages(PAGE * 2);
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, NULL));
	munmap(pages + PAGE, PAGE);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, pages + PAGE - 23));
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(unmap_flags)
{
	struct container ct;
	uint32_t bit;

	three_mappings(&ct, TYPE1V2);
	for (bit = 8; bit; bit <<= 1)
		FAILS(EINVAL, unmap_raw(ct.fd, 24, bit, IOVA, PAGE * 4));
	FAILS(EINVAL, unmap_raw(ct.fd, 48, 1 | 2, 0, 0));
	FAILS(EINVAL, unmap_raw(ct.fd, 48, 1 | 4, IOVA, PAGE * 4));
	FAILS(EINVAL, unmap_raw(ct.fd, 24, 1, IOVA, PAGE * 4));
	FAILS(EINVAL, unmap_raw(ct.fd, 47, 1, IOVA, PAGE * 4));
	FAILS(EINVAL, unmap_raw(ct.fd, 48, 1, IOVA, PAGE * 4));
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(unmap_vaddr_flag)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	FAILS(DIFF(UPDATE_VADDR) ? 0 : EINVAL, unmap_raw(ct.fd, 24, VFIO_DMA_UNMAP_FLAG_VADDR, IOVA, PAGE * 4));
	EQ(container_mappings(&ct), 1);
	if (DIFF(UPDATE_VADDR))
		OK(dma_map(ct.fd, area, IOVA, PAGE * 4, VFIO_DMA_MAP_FLAG_VADDR));
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 4)), PAGE * 4);
	container_close(&ct);
}

TEST(unmap_size_0_and_unaligned_are_einval)
{
	struct container ct;
	size_t off;

	three_mappings(&ct, TYPE1V2);
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, 0));
	FAILS(EINVAL, dma_unmap(ct.fd, 0, 0));
	for (off = 1; off < PAGE; off <<= 1) {
		FAILS(EINVAL, dma_unmap(ct.fd, IOVA + off, PAGE * 4));
		FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE * 4 - off));
		FAILS(EINVAL, dma_unmap(ct.fd, IOVA, off));
	}
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(unmap_that_wraps_is_refused)
{
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	FAILS(DIFF(ADDRESS_WRAP), dma_unmap(ct.fd, TOP - PAGE + 1, PAGE * 2));
	FAILS(DIFF(ADDRESS_WRAP), dma_unmap(ct.fd, IOVA, TOP - PAGE + 1));
	/* Alignment comes first here. */
	FAILS(EINVAL, dma_unmap(ct.fd, TOP, PAGE));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, TOP));
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(unmap_up_to_2_64_is_fine)
{
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	EQ(OK(dma_unmap(ct.fd, TOP - PAGE + 1, PAGE)), 0);
	expect_untouched(&ct);
	EQ(OK(dma_unmap(ct.fd, IOVA, TOP - IOVA - PAGE + 1)), PAGE * 12);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

TEST(unmap_of_everything_by_range_reaches_2_64)
{
	struct container ct;
	int64_t got;

	three_mappings(&ct, TYPE1V2);
	got = dma_unmap(ct.fd, PAGE, TOP - PAGE + 1);	/* ends at 2^64 exactly */
	if (DIFF(TOP_MAPPING_WORKS)) {
		EQ(got, PAGE * 12);
		EQ(container_mappings(&ct), 0);
	}
	container_close(&ct);
}

TEST(unmap_failing_writes_nothing_back)
{
	struct vfio_iommu_type1_dma_unmap unmap, copy;
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	request(&unmap, 0, IOVA + PAGE, PAGE * 4);
	memcpy(&copy, &unmap, sizeof(copy));
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	TRUE(!memcmp(&unmap, &copy, sizeof(unmap)));
	container_close(&ct);
}

TEST(unmap_success_writes_back_only_the_size)
{
	struct vfio_iommu_type1_dma_unmap unmap;
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	request(&unmap, 0, IOVA, PAGE * 12);
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EQ(unmap.argsz, sizeof(unmap));
	EQ(unmap.flags, 0);
	EQ(unmap.iova, IOVA);
	EQ(unmap.size, PAGE * 8);
	container_close(&ct);
}

/* The work is done when the result turns out not to be writable. */
TEST(unmap_into_read_only_memory_is_efault_and_unmaps)
{
	struct vfio_iommu_type1_dma_unmap *unmap = memory_small_pages(PAGE);
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	request(unmap, 0, IOVA, PAGE * 4);
	mprotect(unmap, PAGE, PROT_READ);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, unmap));
	EQ(container_mappings(&ct), 2);
	EQ(locked_pages(), 8);
	container_close(&ct);
}

/* --- ALL --- */

TEST(unmap_all)
{
	struct container ct;

	if (!DIFF(UNMAP_ALL))
		test_skip("this stock kernel has no UNMAP_ALL");
	three_mappings(&ct, TYPE1V2);
	FAILS(EINVAL, unmap_raw(ct.fd, 24, VFIO_DMA_UNMAP_FLAG_ALL, IOVA, 0));
	FAILS(EINVAL, unmap_raw(ct.fd, 24, VFIO_DMA_UNMAP_FLAG_ALL, 0, PAGE));
	FAILS(EINVAL, unmap_raw(ct.fd, 24, VFIO_DMA_UNMAP_FLAG_ALL, 0, TOP));
	FAILS(EINVAL, unmap_raw(ct.fd, 24, VFIO_DMA_UNMAP_FLAG_ALL, PAGE, PAGE));
	expect_untouched(&ct);
	EQ(OK(dma_unmap_all(ct.fd)), PAGE * 12);
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	EQ(OK(dma_unmap_all(ct.fd)), 0);
	container_close(&ct);
}

TEST(unmap_all_on_v1)
{
	struct container ct;

	if (!DIFF(UNMAP_ALL))
		test_skip("this stock kernel has no UNMAP_ALL");
	three_mappings(&ct, TYPE1);
	EQ(OK(dma_unmap_all(ct.fd)), PAGE * 12);
	EQ(OK(dma_unmap_all(ct.fd)), 0);
	container_close(&ct);
}

TEST(unmap_all_reaches_the_first_and_the_last_page)
{
	uint64_t last;
	void *area = memory_small_pages(PAGE);
	struct type1_info info;
	struct container ct;

	if (!DIFF(UNMAP_ALL))
		test_skip("this stock kernel has no UNMAP_ALL");
	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	OK(dma_map(ct.fd, area, info.range[0].first, PAGE, DMA_RW));
	last = info.range[info.nr_ranges - 1].last;
	if (last == TOP && !DIFF(TOP_MAPPING_WORKS))
		last -= PAGE;
	OK(dma_map(ct.fd, area, last + 1 - PAGE, PAGE, DMA_RW));
	EQ(OK(dma_unmap_all(ct.fd)), PAGE * 2);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

/* --- v2 --- */

TEST(v2_unmaps_whole_mappings_one_or_several)
{
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE * 4, PAGE * 4)), PAGE * 4);
	EQ(container_mappings(&ct), 2);
	container_close(&ct);

	three_mappings(&ct, TYPE1V2);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 8)), PAGE * 8);
	EQ(container_mappings(&ct), 1);
	container_close(&ct);
}

TEST(v2_range_may_have_holes_at_both_ends_and_inside)
{
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	EQ(OK(dma_unmap(ct.fd, IOVA - PAGE * 16, PAGE * 64)), PAGE * 12);
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(v2_unmap_of_nothing_is_success_of_size_0)
{
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE * 8, PAGE * 4)), 0);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE * 8, PAGE)), 0);
	EQ(OK(dma_unmap(ct.fd, IOVA - PAGE, PAGE)), 0);
	EQ(OK(dma_unmap(ct.fd, 0, PAGE)), 0);
	EQ(OK(dma_unmap(ct.fd, GIB(512), GIB(1))), 0);
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(v2_range_that_cuts_a_mapping_is_einval_and_touches_nothing)
{
	struct container ct;

	three_mappings(&ct, TYPE1V2);
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE));			/* head stays cut */
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + PAGE * 3, PAGE));		/* tail */
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + PAGE, PAGE));		/* inside */
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + PAGE, PAGE * 7));		/* first byte inside */
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE * 7));		/* last byte inside */
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + PAGE, PAGE * 6));		/* both */
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + PAGE * 10, PAGE * 4));	/* from a hole */
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + PAGE * 5, PAGE * 5));	/* into a hole */
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(v2_unmapped_range_can_be_mapped_again)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 50; i++) {
		OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
		EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 4)), PAGE * 4);
	}
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* --- v1 --- */

/* A request that does not cover a mapping's first IOVA does nothing to it. */
TEST(v1_unmap_not_from_the_start_is_success_of_size_0)
{
	struct container ct;

	three_mappings(&ct, TYPE1);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE, PAGE)), 0);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE * 3, PAGE)), 0);
	expect_untouched(&ct);
	container_close(&ct);
}

/* One that does takes the whole mapping and says so. */
TEST(v1_unmap_of_the_head_takes_the_whole_mapping)
{
	struct container ct;

	three_mappings(&ct, TYPE1);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE)), PAGE * 4);
	EQ(container_mappings(&ct), 2);
	EQ(locked_pages(), 8);
	EQ(OK(dma_unmap(ct.fd, IOVA - PAGE, PAGE * 6)), PAGE * 4);
	EQ(container_mappings(&ct), 1);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE * 8, PAGE * 5)), PAGE * 4);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

TEST(v1_walk_stops_at_a_mapping_that_starts_before_the_request)
{
	struct container ct;
	int64_t got;

	three_mappings(&ct, TYPE1);
	got = OK(dma_unmap(ct.fd, IOVA + PAGE, PAGE * 15));
	if (DIFF(UNMAP_ASCENDS)) {
		EQ(got, 0);
		expect_untouched(&ct);
	}
	container_close(&ct);
}

TEST(v1_unmap_of_several_with_a_cut_end)
{
	struct container ct;

	three_mappings(&ct, TYPE1);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 13)), PAGE * 12);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

TEST(v1_refuses_what_v2_refuses_before_the_lock)
{
	struct container ct;

	three_mappings(&ct, TYPE1);
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, 0));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + 1, PAGE));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE + 1));
	FAILS(DIFF(ADDRESS_WRAP), dma_unmap(ct.fd, TOP - PAGE + 1, PAGE * 2));
	FAILS(EINVAL, unmap_raw(ct.fd, 48, 1, IOVA, PAGE * 4));
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(unmap_many_small_mappings_at_once)
{
	uint8_t *area = memory_small_pages(PAGE * 1024);
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 1024; i++)
		OK(dma_map(ct.fd, area + i * PAGE, IOVA + i * 3 * PAGE, PAGE, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, IOVA, 3 * 1024 * PAGE)), 1024 * PAGE);
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}
