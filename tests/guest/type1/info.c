// SPDX-License-Identifier: GPL-2.0-only
/* CHECK_EXTENSION, GET_INFO with its capability chain, DIRTY_PAGES, unknown ioctls. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#define INFO_FIXED	((uint32_t)sizeof(struct vfio_iommu_type1_info))

TEST(api_version_is_0)
{
	struct container ct;

	container_init(&ct);
	EQ(raw_ioctl(ct.fd, VFIO_GET_API_VERSION, NULL), 0);
	container_close(&ct);
}

/* Answers that do not depend on whether the container has a driver. */
static void fixed_extensions(struct container *ct)
{
	EQ(container_check_extension(ct->fd, 0), 0);
	EQ(container_check_extension(ct->fd, VFIO_TYPE1_IOMMU), 1);
	EQ(container_check_extension(ct->fd, VFIO_SPAPR_TCE_IOMMU), 0);
	EQ(container_check_extension(ct->fd, VFIO_TYPE1v2_IOMMU), 1);
	EQ(container_check_extension(ct->fd, VFIO_EEH), 0);
	EQ(container_check_extension(ct->fd, VFIO_TYPE1_NESTING_IOMMU), DIFF(EXT_NESTING));
	EQ(container_check_extension(ct->fd, VFIO_SPAPR_TCE_v2_IOMMU), 0);
	EQ(container_check_extension(ct->fd, VFIO_NOIOMMU_IOMMU), 0);
	EQ(container_check_extension(ct->fd, VFIO_UNMAP_ALL), DIFF(UNMAP_ALL));
	EQ(container_check_extension(ct->fd, 11), 0);
	EQ(container_check_extension(ct->fd, 1000), 0);
}

TEST(extensions_before_set_iommu)
{
	struct container ct;

	container_init(&ct);
	fixed_extensions(&ct);
	EQ(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU), 0);
	EQ(container_check_extension(ct.fd, VFIO_UPDATE_VADDR), 0);
	container_add(&ct, 0);
	fixed_extensions(&ct);
	EQ(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU), 0);
	EQ(container_check_extension(ct.fd, VFIO_UPDATE_VADDR), 0);
	container_close(&ct);
}

TEST(extensions_after_set_iommu)
{
	struct container ct;
	int cc;

	container_make(&ct, 0, 1, TYPE1V2);
	fixed_extensions(&ct);
	EQ(container_check_extension(ct.fd, VFIO_UPDATE_VADDR), DIFF(UPDATE_VADDR));
	cc = OK(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU));
	TRUE(cc == 0 || cc == 1);
	test_same_on_both("dma_cc", "%d", cc);
	container_close(&ct);
}

TEST(unknown_ioctls_are_enotty)
{
	static const int numbers[] = { 15, 16, 18, 19, 20, 22, 60, 100 };
	struct container ct;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		FAILS(ENOTTY, raw_ioctl(ct.fd, _IO(VFIO_TYPE, VFIO_BASE + numbers[i]), NULL));
	FAILS(ENOTTY, raw_ioctl(ct.fd, _IO('x', VFIO_BASE + 13), NULL));
	container_close(&ct);
}

TEST(type1_ioctls_before_set_iommu_are_einval)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	struct container ct;
	void *area = memory_small_pages(PAGE);

	container_init(&ct);
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, &info));
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE));
	container_add(&ct, 0);
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, &info));
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	container_close(&ct);
}

/* --- GET_INFO: argsz --- */

/* Call with a buffer of 0xee; returns how many bytes the kernel wrote. */
static unsigned int bytes_written(int fd, uint32_t argsz, struct vfio_iommu_type1_info *out)
{
	unsigned char buf[8192];
	unsigned int n = sizeof(buf);

	memset(buf, 0xee, sizeof(buf));
	memcpy(buf, &argsz, sizeof(argsz));
	OK(raw_ioctl(fd, VFIO_IOMMU_GET_INFO, buf));
	memcpy(out, buf, sizeof(*out));
	while (n && buf[n - 1] == 0xee)
		n--;
	return n;
}

TEST(info_argsz_below_16_is_einval_and_writes_nothing)
{
	static const uint32_t sizes[] = { 0, 1, 15 };
	unsigned char buf[64], copy[64];
	struct container ct;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 3; i++) {
		memset(buf, 0xee, sizeof(buf));
		memcpy(buf, &sizes[i], 4);
		memcpy(copy, buf, sizeof(buf));
		FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, buf));
		TRUE(!memcmp(buf, copy, sizeof(buf)));
	}
	container_close(&ct);
}

/* Too small for the chain: the size that is needed, no offset, nothing behind. */
static void small_info(struct container *ct, uint32_t argsz, unsigned int written, uint32_t needed)
{
	struct vfio_iommu_type1_info info;

	EQ(bytes_written(ct->fd, argsz, &info), written);
	EQ(info.argsz, needed);
	EQ(info.flags, VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS);
	TRUE(info.iova_pgsizes & PAGE);
	if (written >= 20)
		EQ(info.cap_offset, 0);
}

/* How much of the structure is written back. */
static unsigned int written(uint32_t argsz)
{
	if (!DIFF(INFO_WRITES_ALL))
		return argsz < 20 ? 16 : 20;
	return argsz < 24 ? argsz : 24;
}

TEST(info_argsz_without_room_for_the_chain)
{
	struct type1_info all;
	struct container ct;
	uint32_t chain_end;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &all));
	chain_end = all.cap[all.nr_caps - 1].offset + 16 + 16 * all.nr_ranges;
	small_info(&ct, 16, 16, chain_end);
	small_info(&ct, 17, written(17), chain_end);
	small_info(&ct, 19, written(19), chain_end);
	small_info(&ct, 20, 20, chain_end);
	small_info(&ct, 23, written(23), chain_end);
	small_info(&ct, 24, written(24), chain_end);
	small_info(&ct, chain_end - 1, written(chain_end - 1), chain_end);
	container_close(&ct);
}

TEST(info_argsz_with_room_for_the_chain)
{
	struct vfio_iommu_type1_info info;
	struct type1_info all;
	struct container ct;
	uint32_t chain_end;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &all));
	chain_end = all.cap[all.nr_caps - 1].offset + 16 + 16 * all.nr_ranges;
	EQ(bytes_written(ct.fd, chain_end, &info), chain_end);
	EQ(info.argsz, chain_end);
	EQ(info.cap_offset, INFO_FIXED);
	EQ(bytes_written(ct.fd, 8192, &info), chain_end);
	EQ(info.argsz, 8192);
	EQ(info.cap_offset, INFO_FIXED);
	EQ(bytes_written(ct.fd, UINT32_MAX, &info), chain_end);
	EQ(info.argsz, UINT32_MAX);
	container_close(&ct);
}

TEST(info_flags_on_input_are_ignored)
{
	struct vfio_iommu_type1_info info = { .argsz = 16, .flags = ~0u };
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, &info));
	EQ(info.flags, VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS);
	container_close(&ct);
}

TEST(info_bad_pointers_are_efault)
{
	char *pages = mmap(NULL, PAGE * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_iommu_type1_info *info;
	uint32_t argsz = 4096;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, NULL));
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, (void *)8));

	/* 15 bytes before a hole; then 24 bytes, so that the chain does not fit. */
	munmap(pages + PAGE, PAGE);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, pages + PAGE - 15));
	memcpy(pages + PAGE - 24, &argsz, sizeof(argsz));
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, pages + PAGE - 24));

	/* Readable but not writable. */
	info = (void *)pages;
	info->argsz = 24;
	mprotect(pages, PAGE, PROT_READ);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_GET_INFO, info));
	container_close(&ct);
}

/* --- GET_INFO: the chain --- */

static uint32_t aligned(uint32_t offset)
{
	const uint32_t mask = DIFF(INFO_CAP_ALIGN) - 1;

	return (offset + mask) & ~mask;
}

static void expect_chain(struct container *ct)
{
	uint32_t offset = INFO_FIXED;
	struct type1_info info;
	int i = 0;

	OK(type1_get_info(ct->fd, &info));
	EQ(info.cap_offset, INFO_FIXED);
	EQ(info.nr_caps, 3);
	EQ(info.cap[i].id, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	EQ(info.cap[i].version, 1);
	EQ(info.cap[i].offset, offset);
	offset = aligned(offset + 32);
	EQ(info.cap[i++].next, offset);
	EQ(info.cap[i].id, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	EQ(info.cap[i].version, 1);
	EQ(info.cap[i].offset, offset);
	EQ(info.cap[i++].next, aligned(offset + 12));
	offset = aligned(offset + 12);
	EQ(info.cap[i].id, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	EQ(info.cap[i].version, 1);
	EQ(info.cap[i].offset, offset);
	EQ(info.cap[i].next, 0);
	TRUE(info.nr_ranges >= 1);
}

TEST(info_chain_has_the_entries_in_order)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	expect_chain(&ct);
	container_add(&ct, 1);
	expect_chain(&ct);
	container_close(&ct);
}

TEST(info_chain_is_the_same_for_v1)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1);
	expect_chain(&ct);
	container_close(&ct);
}

TEST(info_migration_tells_the_page_size_and_the_largest_bitmap)
{
	const unsigned char *pad;
	struct type1_info info;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	TRUE(info.has_migration);
	EQ(info.migration.flags, 0);
	pad = (const unsigned char *)&info.migration.flags + sizeof(info.migration.flags);
	TRUE(!pad[0] && !pad[1] && !pad[2] && !pad[3]);
	EQ(info.migration.pgsize_bitmap, info.pgsizes & -info.pgsizes);
	EQ(info.migration.max_dirty_bitmap_size, MIB(256));
	container_close(&ct);
}

TEST(info_page_sizes_and_ranges_are_those_of_stock)
{
	char text[1024] = "";
	struct type1_info info;
	struct container ct;
	int i, n = 0;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.pgsizes & (PAGE - 1), 0);
	TRUE(info.pgsizes & PAGE);
	for (i = 0; i < info.nr_ranges; i++)
		n += snprintf(text + n, sizeof(text) - n, " %llx-%llx",
			      (unsigned long long)info.range[i].first,
			      (unsigned long long)info.range[i].last);
	test_same_on_both("iova", "%llx:%s", (unsigned long long)info.pgsizes, text);
	container_close(&ct);
}

/* Ranges ascend, do not touch each other, and leave out what the groups reserve. */
TEST(info_ranges_leave_out_reserved_regions)
{
	unsigned long long first, last;
	char path[128], kind[32];
	struct type1_info info;
	struct container ct;
	int i, seen = 0;
	FILE *f;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	for (i = 0; i < info.nr_ranges; i++) {
		TRUE(info.range[i].first < info.range[i].last);
		EQ(info.range[i].first % PAGE, 0);
		EQ((info.range[i].last + 1) % PAGE, 0);
		if (i)
			TRUE(info.range[i].first > info.range[i - 1].last + 1);
	}
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/reserved_regions", devices[0].group);
	f = fopen(path, "re");
	TRUE(f != NULL);
	while (fscanf(f, "%llx %llx %31s", &first, &last, kind) == 3) {
		if (!strcmp(kind, "direct-relaxable"))
			continue;
		seen++;
		for (i = 0; i < info.nr_ranges; i++)
			TRUE(info.range[i].last < first || info.range[i].first > last);
	}
	fclose(f);
	TRUE(seen >= 1);	/* the MSI window of x86 at least */
	container_close(&ct);
}

TEST(info_dma_avail_follows_the_mappings)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	struct type1_info info;
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.avail, 65535);
	for (i = 0; i < 8; i++) {
		OK(dma_map(ct.fd, area + i * PAGE, IOVA + i * PAGE, PAGE, DMA_RW));
		OK(type1_get_info(ct.fd, &info));
		EQ(info.avail, 65534 - i);
	}
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 3)), PAGE * 3);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.avail, 65535 - 5);
	container_close(&ct);
}
