// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_IOMMU_DIRTY_PAGES: START, STOP, and what GET_BITMAP refuses. */
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "test.h"

#define TOP	UINT64_MAX
#define START	VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP	VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP
#define GET	VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP

/* As large as any; then come the range and the bitmap. */
struct get_request {
	struct vfio_iommu_type1_dirty_bitmap header;
	struct vfio_iommu_type1_dirty_bitmap_get get;
};

static int control(int fd, uint32_t argsz, uint32_t flags)
{
	struct get_request request = { .header = { .argsz = argsz, .flags = flags } };

	return raw_ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &request);
}

/* A container with 16 pages mapped at IOVA, tracked. */
static void make(struct container *ct)
{
	container_make(ct, 0, 1, TYPE1V2);
	OK(dma_map(ct->fd, memory_small_pages(PAGE * 16), IOVA, PAGE * 16, DMA_RW));
	OK(dirty_tracking(ct->fd, START));
}

/* GET_BITMAP of a range with a word for the bits; -errno. */
static int get(struct container *ct, uint64_t iova, uint64_t bytes, uint64_t pgsize)
{
	uint64_t word = 0;

	return dirty_get(ct->fd, iova, bytes, (struct dirty_bitmap){ pgsize, sizeof(word), &word });
}

TEST(dirty_pages_on_v1_is_eacces_before_anything_is_read)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1);
	FAILS(EACCES, raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, NULL));
	FAILS(EACCES, control(ct.fd, 0, 0));
	FAILS(EACCES, control(ct.fd, 8, START));
	FAILS(EACCES, control(ct.fd, 8, STOP));
	FAILS(EACCES, get(&ct, IOVA, PAGE, PAGE));
	container_close(&ct);
}

TEST(dirty_pages_before_set_iommu_is_einval)
{
	struct container ct;

	container_init(&ct);
	FAILS(EINVAL, dirty_tracking(ct.fd, START));
	container_close(&ct);
}

TEST(dirty_pages_argsz_below_8_is_einval)
{
	struct container ct;
	uint32_t argsz;

	container_make(&ct, 0, 1, TYPE1V2);
	for (argsz = 0; argsz < 8; argsz++)
		FAILS(EINVAL, control(ct.fd, argsz, START));
	FAILS(EINVAL, get(&ct, IOVA, PAGE, PAGE));	/* it did not start */
	OK(control(ct.fd, 9, START));
	OK(control(ct.fd, UINT32_MAX, STOP));
	container_close(&ct);
}

TEST(dirty_pages_takes_exactly_one_flag)
{
	struct container ct;
	uint32_t flags;

	container_make(&ct, 0, 1, TYPE1V2);
	for (flags = 0; flags < 8; flags++)
		if (flags & (flags - 1) || !flags)
			FAILS(EINVAL, control(ct.fd, sizeof(struct get_request), flags));
	for (flags = 8; flags; flags <<= 1) {
		FAILS(EINVAL, control(ct.fd, sizeof(struct get_request), flags));
		FAILS(EINVAL, control(ct.fd, sizeof(struct get_request), flags | START));
	}
	FAILS(EINVAL, get(&ct, IOVA, PAGE, PAGE));	/* it did not start */
	container_close(&ct);
}

TEST(dirty_pages_bad_pointers_are_efault)
{
	struct get_request *request;
	char *pages = memory_small_pages(PAGE * 2);
	struct container ct;

	make(&ct);
	munmap(pages + PAGE, PAGE);
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, NULL));
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, pages + PAGE - 7));

	request = (void *)(pages + PAGE - sizeof(*request) + 1);
	request->header = (struct vfio_iommu_type1_dirty_bitmap){ .argsz = sizeof(*request), .flags = GET };
	FAILS(EFAULT, raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, request));
	request->header.argsz--;
	FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, request));

	/* 8 readable bytes are all that START needs. */
	request = (void *)(pages + PAGE - sizeof(request->header));
	request->header = (struct vfio_iommu_type1_dirty_bitmap){ .argsz = 8, .flags = START };
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, request));
	container_close(&ct);
}

TEST(dirty_start_and_stop_may_be_repeated)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dirty_tracking(ct.fd, STOP));
	OK(dirty_tracking(ct.fd, START));
	OK(dirty_tracking(ct.fd, START));
	OK(get(&ct, IOVA, PAGE, PAGE));
	OK(dirty_tracking(ct.fd, STOP));
	FAILS(EINVAL, get(&ct, IOVA, PAGE, PAGE));
	OK(dirty_tracking(ct.fd, STOP));
	OK(dirty_tracking(ct.fd, START));
	OK(get(&ct, IOVA, PAGE, PAGE));
	container_close(&ct);	/* still on */
}

/* Nothing of the request is ever written. */
TEST(dirty_pages_may_be_asked_for_from_read_only_memory)
{
	struct get_request *request = memory_small_pages(PAGE);
	struct container ct;
	uint64_t word = 0;

	make(&ct);
	*request = (struct get_request){
		.header = { .argsz = sizeof(*request), .flags = GET },
		.get = { .iova = IOVA, .size = PAGE * 16, .bitmap = { PAGE, sizeof(word), (void *)&word } },
	};
	mprotect(request, PAGE, PROT_READ);
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, request));
	EQ(word, 0xffff);
	container_close(&ct);
}

/* --- what GET_BITMAP refuses --- */

TEST(dirty_get_without_start_is_einval)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EINVAL, get(&ct, IOVA, PAGE, PAGE));
	OK(dma_map(ct.fd, memory_small_pages(PAGE), IOVA, PAGE, DMA_RW));
	FAILS(EINVAL, get(&ct, IOVA, PAGE, PAGE));
	container_close(&ct);
}

TEST(dirty_get_argsz_below_48_is_einval)
{
	uint64_t word = 0;
	struct get_request request = {
		.header = { .flags = GET },
		.get = { .iova = IOVA, .size = PAGE * 16, .bitmap = { PAGE, sizeof(word), (void *)&word } },
	};
	struct container ct;

	make(&ct);
	for (request.header.argsz = 8; request.header.argsz < 48; request.header.argsz++)
		FAILS(EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, &request));
	EQ(word, 0);
	request.header.argsz = 48;
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, &request));
	request.header.argsz = UINT32_MAX;
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_DIRTY_PAGES, &request));
	EQ(word, 0xffff);
	container_close(&ct);
}

TEST(dirty_get_wants_the_smallest_page_size)
{
	struct container ct;
	uint64_t pgsize;

	make(&ct);
	for (pgsize = 1; pgsize; pgsize <<= 1)
		FAILS(pgsize == PAGE ? 0 : EINVAL, get(&ct, IOVA, PAGE * 16, pgsize));
	FAILS(EINVAL, get(&ct, IOVA, PAGE * 16, PAGE * 3));
	FAILS(EINVAL, get(&ct, IOVA, PAGE * 16, PAGE + 1));
	FAILS(EINVAL, get(&ct, IOVA, PAGE * 16, TOP));
	container_close(&ct);
}

TEST(dirty_get_page_size_0_is_einval, .not_on_stock = "shifts by an undefined number")
{
	struct container ct;

	make(&ct);
	FAILS(EINVAL, get(&ct, IOVA, PAGE * 16, 0));
	FAILS(EINVAL, get(&ct, IOVA, TOP - IOVA, 0));
	container_close(&ct);
}

TEST(dirty_get_size_0_and_unaligned_are_einval)
{
	struct container ct;
	size_t off;

	make(&ct);
	FAILS(EINVAL, get(&ct, IOVA, 0, PAGE));
	FAILS(EINVAL, get(&ct, 0, 0, PAGE));
	for (off = 1; off < PAGE; off <<= 1) {
		FAILS(EINVAL, get(&ct, IOVA + off, PAGE * 16, PAGE));
		FAILS(EINVAL, get(&ct, IOVA, PAGE * 16 - off, PAGE));
		FAILS(EINVAL, get(&ct, IOVA, PAGE * 16 + off, PAGE));
	}
	container_close(&ct);
}

TEST(dirty_get_that_wraps_is_refused)
{
	struct container ct;

	make(&ct);
	FAILS(DIFF(ADDRESS_WRAP), get(&ct, TOP - PAGE + 1, PAGE * 2, PAGE));
	FAILS(DIFF(ADDRESS_WRAP), get(&ct, TOP, TOP, PAGE));
	FAILS(DIFF(ADDRESS_WRAP), get(&ct, TOP, 2, 1));
	container_close(&ct);
}

TEST(dirty_get_up_to_2_64)
{
	struct container ct;

	make(&ct);
	FAILS(DIFF(DIRTY_GET_TO_THE_TOP), get(&ct, TOP - PAGE * 64 + 1, PAGE * 64, PAGE));
	OK(get(&ct, TOP - PAGE * 64 + 1, PAGE * 63, PAGE));
	container_close(&ct);
}

TEST(dirty_get_range_that_cuts_a_mapping_is_einval)
{
	struct container ct;

	make(&ct);
	FAILS(EINVAL, get(&ct, IOVA, PAGE, PAGE));
	FAILS(EINVAL, get(&ct, IOVA, PAGE * 15, PAGE));
	FAILS(EINVAL, get(&ct, IOVA + PAGE, PAGE * 15, PAGE));
	FAILS(EINVAL, get(&ct, IOVA + PAGE, PAGE * 16, PAGE));
	FAILS(EINVAL, get(&ct, IOVA + PAGE * 5, PAGE * 5, PAGE));
	FAILS(EINVAL, get(&ct, IOVA - PAGE, PAGE * 2, PAGE));
	FAILS(EINVAL, get(&ct, IOVA + PAGE * 15, PAGE * 2, PAGE));
	OK(get(&ct, IOVA - PAGE, PAGE * 18, PAGE));
	OK(get(&ct, IOVA - PAGE, PAGE, PAGE));
	OK(get(&ct, IOVA + PAGE * 16, PAGE, PAGE));
	container_close(&ct);
}

/* A page with so much room behind it that no bitmap which the kernel would take reaches beyond the end of user space. */
static uint64_t *words_with_room(void)
{
	uint8_t *room = memory_hole(2 * MIB(256));

	room = mmap(room, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	TRUE(room != MAP_FAILED);
	return (uint64_t *)memset(room, 0xa5, PAGE);
}

static int get_sized(struct container *ct, uint64_t pages, void *words, uint64_t bytes)
{
	return dirty_get(ct->fd, IOVA, pages * PAGE, (struct dirty_bitmap){ PAGE, bytes, words });
}

TEST(dirty_get_bitmap_size_is_checked)
{
	uint64_t *words = words_with_room();
	struct container ct;

	make(&ct);
	FAILS(EINVAL, get_sized(&ct, 16, words, 0));
	FAILS(EINVAL, get_sized(&ct, 16, words, 2));		/* the bits would fit */
	FAILS(EINVAL, get_sized(&ct, 16, words, 7));
	OK(get_sized(&ct, 16, words, 8));
	OK(get_sized(&ct, 64, words, 8));
	OK(get_sized(&ct, 16, words, 9));
	FAILS(EINVAL, get_sized(&ct, 65, words, 8));
	FAILS(EINVAL, get_sized(&ct, 65, words, 15));
	OK(get_sized(&ct, 65, words, 16));
	OK(get_sized(&ct, 16, words, MIB(256)));
	FAILS(EINVAL, get_sized(&ct, 16, words, MIB(256) + 1));
	FAILS(EINVAL, get_sized(&ct, 16, words, TOP));
	FAILS(EINVAL, get_sized(&ct, 16, words, GIB(4) + 8));
	container_close(&ct);
}

TEST(dirty_get_the_largest_range)
{
	const uint64_t pages = UINT64_C(1) << 31;
	uint64_t *words = words_with_room();
	struct container ct;

	make(&ct);
	/* Only the word with the bits of the mapping is touched, so no more has to be there. */
	words[0] = 0;
	OK(get_sized(&ct, pages, words, MIB(256)));
	EQ(words[0], 0xffff);
	FAILS(EINVAL, get_sized(&ct, pages, words, MIB(256) - 1));
	FAILS(EINVAL, get_sized(&ct, pages + 1, words, MIB(256)));
	FAILS(EINVAL, get_sized(&ct, TOP / PAGE - IOVA / PAGE, words, MIB(256)));
	container_close(&ct);
}

/* What cannot be user memory at all is a bad argument, not a fault. */
TEST(dirty_get_bitmap_outside_of_user_space_is_einval)
{
	struct container ct;

	make(&ct);
	FAILS(EINVAL, get_sized(&ct, 16, (void *)(TOP - PAGE + 1), 8));
	FAILS(EINVAL, get_sized(&ct, 16, (void *)(TOP - 3), 8));
	FAILS(EINVAL, get_sized(&ct, 16, (void *)0xffff888000000000, 8));
	FAILS(EFAULT, get_sized(&ct, 16, NULL, 8));
	container_close(&ct);
}
