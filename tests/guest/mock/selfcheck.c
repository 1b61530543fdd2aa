// SPDX-License-Identifier: GPL-2.0-only
/* The mock itself: what it is told shows, and what it does is what an IOMMU does. */
#include <string.h>
#include <unistd.h>

#include "mock.h"

TEST(mock_translates_what_is_mapped_and_nothing_else)
{
	uint8_t *area = memory_small_pages(2 * PAGE);
	struct container ct;
	uint8_t byte;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EFAULT, mock_device_reads(0, IOVA, &byte, 1));
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	OK(dma_map(ct.fd, area + PAGE, IOVA + PAGE, PAGE, DMA_READ));
	expect_group_reaches(0, IOVA, area);
	OK(mock_device_reads(0, IOVA + PAGE, &byte, 1));
	FAILS(EFAULT, mock_device_writes(0, IOVA + PAGE, &byte, 1));
	FAILS(EFAULT, mock_device_reads(0, IOVA + 2 * PAGE, &byte, 1));
	EQ(mock_counter("pages"), 2);
	EQ(dma_unmap(ct.fd, IOVA, 2 * PAGE), 2 * PAGE);
	EQ(mock_counter("pages"), 0);
	FAILS(EFAULT, mock_device_reads(0, IOVA, &byte, 1));
	container_close(&ct);
	expect_group_is_home(0, IOVA);
}

/* Capabilities of an IOMMU are those of the container, on both backends. */
TEST(mock_aperture_page_sizes_and_reserved_regions_show)
{
	const uint64_t last = (UINT64_C(1) << 36) - 1;
	struct type1_info info;
	struct container ct;
	uint8_t *area = memory_small_pages(PAGE);

	mock_write("iommu0/last", "0x%llx", (unsigned long long)last);
	mock_write("iommu0/pgsizes", "0x201000");
	mock_write("iommu0/reserved", "0x8000000 0x80fffff reserved");
	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.nr_ranges, 2);
	EQ(info.range[0].first, 0);
	EQ(info.range[0].last, 0x8000000 - 1);
	EQ(info.range[1].first, 0x8100000);
	EQ(info.range[1].last, last);
	EQ(info.pgsizes, PAGE | MIB(2));
	FAILS(EINVAL, dma_map(ct.fd, area, 0x8000000, PAGE, DMA_RW));
	FAILS(EINVAL, dma_map(ct.fd, area, last + 1, PAGE, DMA_RW));
	OK(dma_map(ct.fd, area, last + 1 - PAGE, PAGE, DMA_RW));
	container_close(&ct);
}

/* Two IOMMUs of one container: what both can do. */
TEST(mock_capabilities_of_two_domains_are_intersected)
{
	struct type1_info info;
	struct container ct;

	mock_write("iommu0/pgsizes", "0x%zx", PAGE | MIB(2));
	mock_write("iommu1/pgsizes", "0x%zx", PAGE | GIB(1));
	mock_write("iommu0/first", "0x100000");
	mock_write("iommu1/last", "0xffffffff");
	container_make(&ct, 0, 2, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.pgsizes, PAGE);
	EQ(info.nr_ranges, 1);
	EQ(info.range[0].first, 0x100000);
	EQ(info.range[0].last, 0xffffffff);
	/* The second domain goes, and what it could not do can be done again. */
	container_remove(&ct, 1);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.pgsizes, PAGE | MIB(2));
	EQ(info.range[info.nr_ranges - 1].last, (UINT64_C(1) << 48) - 1);
	container_close(&ct);
}

TEST(mock_device_can_be_opened)
{
	struct container ct;
	int fd;

	container_make(&ct, 0, 1, TYPE1V2);
	fd = OK(group_get_device(ct.group[0], devices[0].bdf));
	close(fd);
	container_close(&ct);
}

TEST(mock_answers_are_given_to_the_calls_they_name)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	mock_answer("attach errno=7 device=1");
	mock_answer("attach errno=11 device=0 nth=2 count=1");
	mock_answer("attach errno=5 member=1");
	OK(container_set_iommu(ct.fd, TYPE1V2));
	EQ(mock_answers_given(), 0);
	container_remove(&ct, 0);
	container_add(&ct, 0);
	FAILS(11, container_set_iommu(ct.fd, TYPE1V2));
	OK(container_set_iommu(ct.fd, TYPE1V2));
	EQ(mock_answers_given(), 1);
	container_close(&ct);
}
