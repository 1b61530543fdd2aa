// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_IOMMU_UNMAP_DMA with VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "test.h"

#define TOP	UINT64_MAX

struct unmap_request {
	struct vfio_iommu_type1_dma_unmap unmap;
	struct vfio_bitmap bitmap;
};

/* A tracking container with 4 pages at IOVA, 2 right behind them, a hole of 6, and 4 more. */
static void make(struct container *ct)
{
	uint8_t *area = memory_small_pages(PAGE * 16);

	container_make(ct, 0, 1, TYPE1V2);
	OK(dma_map(ct->fd, area, IOVA, PAGE * 4, DMA_RW));
	OK(dma_map(ct->fd, area + PAGE * 4, IOVA + PAGE * 4, PAGE * 2, DMA_RW));
	OK(dma_map(ct->fd, area + PAGE * 12, IOVA + PAGE * 12, PAGE * 4, DMA_RW));
	OK(dirty_tracking(ct->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
}

static int64_t unmap(struct container *ct, uint64_t iova, uint64_t bytes, uint64_t *word)
{
	return dma_unmap_dirty(ct->fd, iova, bytes, (struct dirty_bitmap){ PAGE, sizeof(*word), word });
}

static struct unmap_request request(uint64_t iova, uint64_t bytes, uint64_t *word)
{
	return (struct unmap_request){
		.unmap = {
			.argsz = sizeof(struct unmap_request), .flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			.iova = iova, .size = bytes,
		},
		.bitmap = { .pgsize = PAGE, .size = sizeof(*word), .data = (void *)word },
	};
}

static void expect_untouched(struct container *ct)
{
	EQ(container_mappings(ct), 3);
	EQ(locked_pages(), 10);
}

TEST(dirty_unmap_reports_what_it_removes)
{
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	EQ(OK(unmap(&ct, IOVA, PAGE * 4, &word)), PAGE * 4);
	EQ(word, 0xf);
	word = 0;
	EQ(OK(unmap(&ct, IOVA, PAGE * 16, &word)), PAGE * 6);
	EQ(word, 0xf030);
	EQ(locked_pages(), 0);
	word = 5;
	EQ(OK(unmap(&ct, IOVA, PAGE * 16, &word)), 0);
	EQ(word, 5);
	container_close(&ct);
}

/* Ascending, so that each mapping keeps what those before it said in a word they share: 5.10 does not. */
static void expect_all(uint64_t word, unsigned int shift)
{
	if (DIFF(DIRTY_UNMAP_KEEPS_SHARED_WORDS))
		EQ(word, UINT64_C(0xf03f) << shift);
}

TEST(dirty_unmap_of_several_mappings_in_one_word)
{
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	EQ(OK(unmap(&ct, IOVA - PAGE, PAGE * 64, &word)), PAGE * 10);
	expect_all(word, 1);
	container_close(&ct);
}

TEST(dirty_unmap_adds_to_the_word_that_a_mapping_begins_in)
{
	uint64_t words[2] = { 0x81, TOP };
	struct container ct;

	make(&ct);
	EQ(OK(dma_unmap_dirty(ct.fd, IOVA + PAGE * 10, PAGE * 100,
			      (struct dirty_bitmap){ PAGE, sizeof(words), words })), PAGE * 4);
	EQ(words[0], 0x81 | 0x3c);
	EQ(words[1], TOP);
	container_close(&ct);
}

TEST(dirty_unmap_writes_back_the_size_alone)
{
	struct unmap_request before, after;
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	before = request(IOVA, PAGE * 16, &word);
	after = before;
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &after));
	before.unmap.size = PAGE * 10;
	TRUE(!memcmp(&before, &after, sizeof(before)));
	container_close(&ct);
}

TEST(dirty_unmap_needs_tracking)
{
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	FAILS(EINVAL, unmap(&ct, IOVA, PAGE * 16, &word));
	expect_untouched(&ct);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 16)), PAGE * 10);
	container_close(&ct);
}

TEST(dirty_unmap_argsz_below_48_is_einval)
{
	struct unmap_request r;
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	r = request(IOVA, PAGE * 16, &word);
	for (r.unmap.argsz = 0; r.unmap.argsz < 48; r.unmap.argsz++)
		FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	expect_untouched(&ct);
	r.unmap.argsz = UINT32_MAX;
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	EQ(r.unmap.size, PAGE * 10);
	container_close(&ct);
}

TEST(dirty_unmap_goes_with_no_other_flag)
{
	struct unmap_request r;
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	r = request(IOVA, PAGE * 16, &word);
	r.unmap.flags |= VFIO_DMA_UNMAP_FLAG_VADDR;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	r = request(0, 0, &word);
	r.unmap.flags |= VFIO_DMA_UNMAP_FLAG_ALL;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	r.unmap.flags |= VFIO_DMA_UNMAP_FLAG_VADDR;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(dirty_unmap_wants_the_smallest_page_size)
{
	struct unmap_request r;
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	r = request(IOVA, PAGE * 16, &word);
	for (r.bitmap.pgsize = 1; r.bitmap.pgsize; r.bitmap.pgsize <<= 1)
		if (r.bitmap.pgsize != PAGE)
			FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	r.bitmap.pgsize = PAGE * 3;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	expect_untouched(&ct);
	EQ(word, 0);
	container_close(&ct);
}

TEST(dirty_unmap_page_size_0_is_einval, .not_on_stock = "shifts by an undefined number")
{
	struct unmap_request r;
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	r = request(IOVA, PAGE * 16, &word);
	r.bitmap.pgsize = 0;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	expect_untouched(&ct);
	container_close(&ct);
}

TEST(dirty_unmap_bitmap_is_checked)
{
	uint64_t words[2] = { 0 };
	struct unmap_request r;
	struct container ct;

	make(&ct);
	r = request(IOVA, PAGE * 16, words);
	r.bitmap.size = 0;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	r.bitmap.size = 7;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	r.bitmap.size = MIB(256) + 1;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	r = request(IOVA, PAGE * 65, words);
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	r = request(IOVA, PAGE * 16, (void *)(TOP - PAGE + 1));
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	expect_untouched(&ct);
	r = request(IOVA, PAGE * 65, words);
	r.bitmap.size = 16;
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &r));
	expect_all(words[0], 0);
	EQ(words[1], 0);
	container_close(&ct);
}

TEST(dirty_unmap_bad_ranges)
{
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	FAILS(EINVAL, unmap(&ct, IOVA, 0, &word));
	FAILS(EINVAL, unmap(&ct, IOVA + 1, PAGE * 4, &word));
	FAILS(EINVAL, unmap(&ct, IOVA, PAGE * 4 + 1, &word));
	FAILS(DIFF(ADDRESS_WRAP), unmap(&ct, TOP - PAGE + 1, PAGE * 2, &word));
	/* Cuts. */
	FAILS(EINVAL, unmap(&ct, IOVA, PAGE, &word));
	FAILS(EINVAL, unmap(&ct, IOVA + PAGE, PAGE * 3, &word));
	FAILS(EINVAL, unmap(&ct, IOVA, PAGE * 5, &word));
	FAILS(EINVAL, unmap(&ct, IOVA, PAGE * 15, &word));
	EQ(word, 0);
	expect_untouched(&ct);
	EQ(OK(unmap(&ct, TOP - PAGE + 1, PAGE, &word)), 0);
	container_close(&ct);
}

TEST(dirty_unmap_on_v1_is_einval)
{
	struct container ct;
	uint64_t word = 0;

	container_make(&ct, 0, 1, TYPE1);
	OK(dma_map(ct.fd, memory_small_pages(PAGE), IOVA, PAGE, DMA_RW));
	FAILS(EINVAL, unmap(&ct, IOVA, PAGE, &word));
	EQ(container_mappings(&ct), 1);
	container_close(&ct);
}

TEST(dirty_unmap_bad_pointers_are_efault)
{
	char *pages = memory_small_pages(PAGE * 2);
	struct unmap_request *r = (void *)(pages + PAGE - sizeof(*r) + 1);
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	munmap(pages + PAGE, PAGE);
	r->unmap = request(IOVA, PAGE * 16, &word).unmap;
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, r));
	FAILS(EFAULT, unmap(&ct, IOVA, PAGE * 16, NULL));
	expect_untouched(&ct);
	container_close(&ct);
}

/* The work is done when the result turns out not to be writable. */
TEST(dirty_unmap_into_read_only_memory_is_efault_and_unmaps)
{
	struct unmap_request *r = memory_small_pages(PAGE);
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	*r = request(IOVA, PAGE * 16, &word);
	mprotect(r, PAGE, PROT_READ);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, r));
	expect_all(word, 0);
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* The bits of two mappings, of which only the first can be written. */
TEST(dirty_unmap_is_all_or_nothing)
{
	const uint64_t apart = PAGE * 8 * PAGE;		/* a page of bitmap */
	uint8_t *words = memory_small_pages(PAGE * 2), *area = memory_small_pages(PAGE * 4);
	const struct dirty_bitmap bitmap = { PAGE, PAGE * 2, words };
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA + apart, PAGE * 4, DMA_RW));
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	mprotect(words + PAGE, PAGE, PROT_NONE);
	FAILS(EFAULT, dma_unmap_dirty(ct.fd, IOVA, apart + PAGE * 4, bitmap));
	if (DIFF(DIRTY_UNMAP_ALL_OR_NOTHING)) {
		EQ(container_mappings(&ct), 2);
		EQ(locked_pages(), 8);
	}

	memset(words, 0, PAGE);
	mprotect(words + PAGE, PAGE, PROT_READ | PROT_WRITE);
	memset(words + PAGE, 0, PAGE);
	EQ(OK(dma_unmap_dirty(ct.fd, IOVA, apart + PAGE * 4, bitmap)),
	   DIFF(DIRTY_UNMAP_ALL_OR_NOTHING) ? PAGE * 8 : PAGE * 4);
	EQ(words[0], DIFF(DIRTY_UNMAP_ALL_OR_NOTHING) ? 0xf : 0);
	EQ(words[PAGE], 0xf);
	container_close(&ct);
}
