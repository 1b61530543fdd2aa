// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_IOMMU_MAP_DMA of every kind of memory: what can be mapped, what that charges and costs. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

static int map_at(struct container *ct, void *va, uint64_t iova, uint64_t bytes)
{
	return dma_map(ct->fd, va, iova, bytes, DMA_RW);
}

/* --- memory that cannot be mapped --- */

TEST(map_of_unmapped_memory_is_efault)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	void *hole = memory_hole(PAGE * 4);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EFAULT, map_at(&ct, hole, IOVA, PAGE));
	FAILS(EFAULT, map_at(&ct, NULL, IOVA, PAGE));
	FAILS(EFAULT, dma_map(ct.fd, hole, IOVA, PAGE, DMA_READ));
	/* A hole at the end, and one in the middle. */
	munmap(area + PAGE * 7, PAGE);
	FAILS(EFAULT, map_at(&ct, area, IOVA, PAGE * 8));
	munmap(area + PAGE * 3, PAGE);
	FAILS(EFAULT, map_at(&ct, area, IOVA, PAGE * 7));
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	OK(map_at(&ct, area, IOVA, PAGE * 3));
	container_close(&ct);
}

TEST(map_of_a_kernel_address_is_efault)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EFAULT, map_at(&ct, (void *)0xffff888000000000, IOVA, PAGE));
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(map_respects_the_protection_of_the_memory)
{
	uint8_t *area = memory_small_pages(PAGE * 2);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	mprotect(area, PAGE * 2, PROT_READ);
	FAILS(EFAULT, dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	FAILS(EFAULT, dma_map(ct.fd, area, IOVA, PAGE, DMA_WRITE));
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_READ));
	mprotect(area, PAGE * 2, PROT_NONE);
	FAILS(EFAULT, dma_map(ct.fd, area + PAGE, IOVA + PAGE, PAGE, DMA_READ));
	FAILS(EFAULT, dma_map(ct.fd, area + PAGE, IOVA + PAGE, PAGE, DMA_WRITE));
	EQ(container_mappings(&ct), 1);
	container_close(&ct);
}

#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

/* Memory that even the kernel does not look at. */
TEST(map_of_secret_memory_is_efault)
{
	int fd = syscall(SYS_memfd_secret, 0), present;
	struct container ct;
	uint8_t *around, *area;

	if (fd < 0)
		test_skip("this kernel has no secret memory, or it is not switched on");
	OK(ftruncate(fd, PAGE));
	/* Between ordinary pages. */
	around = memory_small_pages(PAGE * 3);
	area = mmap(around + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	TRUE(area == around + PAGE);
	container_make(&ct, 0, 1, TYPE1V2);
	/* It is not there yet; then it is. */
	for (present = 0; present < 2; present++) {
		FAILS(EFAULT, map_at(&ct, area, IOVA, PAGE));
		FAILS(EFAULT, dma_map(ct.fd, area, IOVA, PAGE, DMA_READ));
		FAILS(EFAULT, map_at(&ct, around, IOVA, PAGE * 3));
		area[0] = 1;
	}
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
	munmap(around, PAGE * 3);
	close(fd);
}

/* --- memory that can --- */

/* Map, check the charge and the number of iommu_map() calls, do DMA, unmap. */
static void map_and_use(uint8_t *area, size_t bytes, uint64_t iova, unsigned int most_calls)
{
	struct counts before;
	struct container ct;
	struct edu edu;
	size_t far = bytes - 2048;

	container_make(&ct, 0, 1, TYPE1V2);
	counters_read(&before);
	OK(map_at(&ct, area, iova, bytes));
	if (most_calls)
		TRUE(counters_since(&before, COUNT_MAP) <= most_calls);
	EQ(locked_pages(), bytes / PAGE);
	container_edu(&ct, 0, &edu);
	memory_fill(area, 2048, 1);
	if (iova < EDU_IOVA_LIMIT)
		OK(edu_read_memory(&edu, iova, 2048));
	if (iova + far < EDU_IOVA_LIMIT - 2048) {
		OK(edu_write_memory(&edu, iova + far, 2048));
		TRUE(memory_holds(area + far, 2048, 1));
	}
	EQ(OK(dma_unmap(ct.fd, iova, bytes)), bytes);
	EQ(locked_pages(), 0);
	edu_close(&edu);
	container_close(&ct);
}

TEST(map_4k_pages)
{
	map_and_use(memory_small_pages(PAGE), PAGE, IOVA, 1);
	map_and_use(memory_small_pages(PAGE * 600), PAGE * 600, IOVA, 0);
}

TEST(map_transparent_huge_pages)
{
	uint8_t *area = memory_huge_pages(MIB(16));

	if (memory_huge_bytes(area) < MIB(16))
		test_skip("only %zu KiB of 16 MiB became huge pages", memory_huge_bytes(area) >> 10);
	map_and_use(area, MIB(16), MIB(32), 8);
	/* Parts of huge pages as well, so that runs start and end inside of them. */
	map_and_use(area + PAGE, MIB(16) - PAGE * 2, MIB(32) + PAGE, 10);
}

TEST(map_hugetlb_2m)
{
	uint8_t *area = memory_hugetlb(MIB(8), MIB(2));
	struct counts before;
	struct container ct;

	if (!area)
		test_skip("no 2 MiB pages to be had");
	container_make(&ct, 0, 1, TYPE1V2);
	counters_read(&before);
	OK(map_at(&ct, area, MIB(32), MIB(8)));
	TRUE(counters_since(&before, COUNT_MAP) <= 4);
	EQ(locked_pages(), MIB(8) / PAGE);
	EQ(OK(dma_unmap(ct.fd, MIB(32), MIB(8))), MIB(8));
	EQ(locked_pages(), 0);
	container_close(&ct);
	munmap(area, MIB(8));
}

/* Where there is room for 1 GiB: at iova, unless the MSI window is in the way. */
static uint64_t room_for_1g(uint64_t iova)
{
	return iova + GIB(1) <= MSI_WINDOW ? iova : GIB(1);
}

TEST(map_hugetlb_1g, .seconds = 120)
{
	uint8_t *area = memory_hugetlb(GIB(1), GIB(1));

	if (!area)
		test_skip("no 1 GiB page to be had");
	map_and_use(area, GIB(1), room_for_1g(0), 1);
	munmap(area, GIB(1));
}

TEST(map_1g_of_huge_pages, .seconds = 120)
{
	uint8_t *area = memory_huge_pages(GIB(1));

	if (!area)
		test_skip("no memory");
	map_and_use(area, GIB(1), room_for_1g(MIB(32)), 0);
	munmap(area, GIB(1));
}

TEST(map_larger_than_what_is_unmapped_at_once, .seconds = 240)
{
	const size_t bytes = GIB(2) + MIB(320);
	uint8_t *area = memory_repeated(bytes, MIB(64));
	const uint64_t iova = GIB(4);
	struct container ct;

	TRUE(area);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(map_at(&ct, area, iova, bytes));
	EQ(locked_pages(), bytes / PAGE);
	EQ(OK(dma_unmap(ct.fd, iova, bytes)), bytes);
	EQ(locked_pages(), 0);
	/* As much, and then a page that is not there. */
	munmap(area + bytes - PAGE, PAGE);
	FAILS(EFAULT, map_at(&ct, area, iova, bytes));
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
	munmap(area, bytes);
}

TEST(map_memfd)
{
	map_and_use(memory_memfd(PAGE * 16), PAGE * 16, IOVA, 0);
}

TEST(map_memory_never_touched)
{
	uint8_t *area = mmap(NULL, PAGE * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	map_and_use(area, PAGE * 4, IOVA, 0);
}

TEST(map_one_page_at_many_addresses)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct container ct;
	struct edu edu;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 16; i++)
		OK(map_at(&ct, area, IOVA + i * MIB(1), PAGE));
	container_edu(&ct, 0, &edu);
	memory_fill(area, 256, 4);
	OK(edu_read_memory(&edu, IOVA, 256));
	OK(edu_write_memory(&edu, IOVA + MIB(15) + 1024, 256));
	TRUE(memory_holds(area + 1024, 256, 4));
	edu_close(&edu);
	container_close(&ct);
}

TEST(map_is_longer_than_a_batch_of_scattered_pages)
{
	uint8_t *area = memory_small_pages(PAGE * 2100), *twice = memory_small_pages(PAGE * 1050);
	struct container ct;
	int i;

	/* Every other page goes, so that the rest is not contiguous in memory either. */
	for (i = 0; i < 1050; i++)
		TRUE(mremap(area + i * 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    twice + i * PAGE) != MAP_FAILED);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(map_at(&ct, twice, IOVA, PAGE * 1050));
	EQ(locked_pages(), 1050);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 1050)), PAGE * 1050);
	container_close(&ct);
}

TEST(map_without_huge_pages_maps_page_by_page)
{
	uint8_t *area = memory_huge_pages(MIB(2));
	struct counts before;
	struct container ct;

	if (memory_huge_bytes(area) < MIB(2))
		test_skip("no huge page to be had");
	container_make(&ct, 0, 1, TYPE1V2);
	counters_read(&before);
	OK(map_at(&ct, area, IOVA, MIB(2)));
	EQ(counters_since(&before, COUNT_MAP), 1);
	OK(dma_unmap(ct.fd, IOVA, MIB(2)));
	OK(module_param_set(env.module, "disable_hugepages", "Y"));
	counters_read(&before);
	OK(map_at(&ct, area, IOVA, MIB(2)));
	EQ(counters_since(&before, COUNT_MAP), 512);
	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(2))), MIB(2));
	container_close(&ct);
}

/* Memory of a device: no struct page, nothing to pin or charge. */
TEST(map_of_another_devices_bar_is_not_charged)
{
	struct container ct;
	struct edu target;

	container_make(&ct, 0, 2, TYPE1V2);
	container_edu(&ct, 1, &target);
	OK(map_at(&ct, (void *)target.bar, IOVA, PAGE * 4));
	EQ(locked_pages(), 0);
	OK(dma_map(ct.fd, (void *)target.bar, IOVA + MIB(2), PAGE, DMA_READ));
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 4)), PAGE * 4);
	EQ(OK(dma_unmap(ct.fd, IOVA + MIB(2), PAGE)), PAGE);
	edu_close(&target);
	container_close(&ct);
}

TEST(map_writable_of_a_read_only_bar_is_efault)
{
	struct container ct;
	struct edu target;
	void *bar;

	container_make(&ct, 0, 2, TYPE1V2);
	container_edu(&ct, 1, &target);
	bar = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, target.fd, target.bar_offset);
	TRUE(bar != MAP_FAILED);
	FAILS(EFAULT, map_at(&ct, bar, IOVA, PAGE));
	OK(dma_map(ct.fd, bar, IOVA, PAGE, DMA_READ));
	EQ(locked_pages(), 0);
	munmap(bar, PAGE);
	edu_close(&target);
	container_close(&ct);
}

/* Its pages are not there while the device's memory is switched off; a mapping made before outlives that. */
TEST(map_of_a_bar_that_is_switched_off_is_efault)
{
	struct container ct;
	struct edu target;

	container_make(&ct, 0, 2, TYPE1V2);
	container_edu(&ct, 1, &target);
	OK(map_at(&ct, (void *)target.bar, IOVA, PAGE));
	OK(edu_switch_registers(&target, false));
	FAILS(EFAULT, map_at(&ct, (void *)target.bar, IOVA + PAGE, PAGE));
	FAILS(EFAULT, dma_map(ct.fd, (void *)target.bar, IOVA + PAGE, PAGE, DMA_READ));
	EQ(container_mappings(&ct), 1);
	OK(edu_switch_registers(&target, true));
	OK(map_at(&ct, (void *)target.bar, IOVA + PAGE, PAGE));
	EQ(OK(dma_unmap(ct.fd, IOVA, 2 * PAGE)), 2 * PAGE);
	edu_close(&target);
	container_close(&ct);
}

/* A domain made later gets registers of devices as it gets memory. */
TEST(second_domain_reaches_another_devices_bar)
{
	const unsigned int inverter = 0x04;	/* register that returns the complement */
	struct fault_rule rule = fault_join_incompatible();
	uint32_t *area = memory_small_pages(PAGE);
	struct edu source, target;
	struct container ct;

	NEED_DEVICES(2);
	container_make(&ct, 0, 1, TYPE1V2);
	container_edu(&ct, 0, &target);
	area[0] = 0x2468ace0;
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	OK(map_at(&ct, (void *)target.bar, IOVA + PAGE, 4 * PAGE));
	fault(rule.func, rule.nth, rule.count, rule.err);
	container_add(&ct, 1);
	EQ(fault_hits(0), 1);
	fault_disarm();
	EQ(locked_pages(), 1);

	container_edu(&ct, 1, &source);
	OK(edu_read_memory(&source, IOVA, 4));
	OK(edu_write_memory(&source, IOVA + PAGE + inverter, 4));
	EQ(*(volatile uint32_t *)(target.bar + inverter), ~UINT32_C(0x2468ace0));
	EQ(OK(dma_unmap(ct.fd, IOVA, 5 * PAGE)), 5 * PAGE);
	edu_close(&source);
	edu_close(&target);
	container_close(&ct);
}

/* Two devices whose registers a hypervisor puts at one address: the first stays there. */
TEST(second_bar_at_the_same_address_is_eexist)
{
	const unsigned int inverter = 0x04;	/* register that returns the complement */
	uint32_t *area = memory_small_pages(PAGE);
	struct edu source, first, second;
	struct container ct;

	NEED_DEVICES(3);
	container_make(&ct, 0, 3, TYPE1V2);
	container_edu(&ct, 0, &source);
	container_edu(&ct, 1, &first);
	container_edu(&ct, 2, &second);
	area[0] = 0x13579bdf;
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	OK(map_at(&ct, (void *)first.bar, IOVA + MIB(2), 4 * PAGE));
	FAILS(EEXIST, map_at(&ct, (void *)second.bar, IOVA + MIB(2), 4 * PAGE));
	FAILS(EEXIST, map_at(&ct, (void *)second.bar, IOVA + MIB(2) + PAGE, PAGE));
	EQ(container_mappings(&ct), 2);
	EQ(locked_pages(), 1);
	OK(edu_read_memory(&source, IOVA, 4));
	OK(edu_write_memory(&source, IOVA + MIB(2) + inverter, 4));
	EQ(*(volatile uint32_t *)(first.bar + inverter), ~UINT32_C(0x13579bdf));
	TRUE(*(volatile uint32_t *)(second.bar + inverter) != ~UINT32_C(0x13579bdf));
	edu_close(&second);
	edu_close(&first);
	edu_close(&source);
	container_close(&ct);
}
