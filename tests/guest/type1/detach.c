// SPDX-License-Identifier: GPL-2.0-only
/* Groups leave: in every order, by every way, and what stays until the last one has. */
#include <string.h>
#include <unistd.h>

#include "test.h"

static void swap(int *a, int *b)
{
	int t = *a;

	*a = *b;
	*b = t;
}

/* One container; groups leave in the given order; mappings stay until the end. */
static void leave_in_order(uint8_t *area, const int *order, int n)
{
	struct counts before;
	struct container ct;
	int i;

	counters_read(&before);
	container_make(&ct, 0, n, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 2, DMA_RW));
	OK(dma_map(ct.fd, area + PAGE * 2, IOVA + MIB(1), PAGE, DMA_READ));
	for (i = 0; i < n; i++) {
		EQ(container_mappings(&ct), 2);
		EQ(locked_pages(), 3);
		container_remove(&ct, order[i]);
	}
	EQ(locked_pages(), 0);
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE));	/* no driver any more */
	container_close(&ct);
	EQ(counters_since(&before, COUNT_FREE), counters_since(&before, COUNT_ALLOC));
	EQ(counters_since(&before, COUNT_DETACH), counters_since(&before, COUNT_ATTACH));
}

static void permute(uint8_t *area, int *order, int fixed, int n)
{
	int i;

	if (fixed == n) {
		leave_in_order(area, order, n);
		return;
	}
	for (i = fixed; i < n; i++) {
		swap(&order[fixed], &order[i]);
		permute(area, order, fixed + 1, n);
		swap(&order[fixed], &order[i]);
	}
}

TEST(three_groups_leave_in_every_order)
{
	int order[] = { 0, 1, 2 };

	NEED_DEVICES(3);
	permute(memory_small_pages(PAGE * 3), order, 0, 3);
}

TEST(four_groups_leave_in_every_order, .seconds = 120)
{
	int order[] = { 0, 1, 2, 3 };

	NEED_DEVICES(4);
	permute(memory_small_pages(PAGE * 3), order, 0, 4);
}

TEST(dma_of_the_remaining_group_goes_on)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 3, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	container_edu(&ct, 1, &edu);
	memory_fill(area, 1024, 3);
	OK(edu_read_memory(&edu, IOVA, 1024));
	container_remove(&ct, 0);
	OK(edu_write_memory(&edu, IOVA + 1024, 1024));
	TRUE(memory_holds(area + 1024, 1024, 3));
	container_remove(&ct, 2);
	OK(edu_write_memory(&edu, IOVA + 2048, 1024));
	TRUE(memory_holds(area + 2048, 1024, 3));
	edu_close(&edu);
	container_close(&ct);
}

TEST(closing_the_group_detaches_it)
{
	void *area = memory_small_pages(PAGE);
	struct container ct;

	container_make(&ct, 0, 2, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	close(ct.group[0]);
	ct.group[0] = -1;
	EQ(locked_pages(), 1);
	close(ct.group[1]);
	ct.group[1] = -1;
	EQ(locked_pages(), 0);
	EQ(module_use_count(env.module), 0);
	container_close(&ct);
}

TEST(closing_the_container_first_keeps_mappings_until_the_group_leaves)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	container_edu(&ct, 0, &edu);
	close(ct.fd);
	EQ(locked_pages(), 1);
	memory_fill(area, 512, 9);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + 512, 512));
	TRUE(memory_holds(area + 512, 512, 9));
	edu_close(&edu);
	close(ct.group[0]);
	EQ(locked_pages(), 0);
}

TEST(unset_container_with_an_open_device_is_ebusy)
{
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	container_edu(&ct, 0, &edu);
	FAILS(EBUSY, group_unset_container(ct.group[0]));
	edu_close(&edu);
	container_remove(&ct, 0);
	container_close(&ct);
}

TEST(empty_container_can_be_used_again)
{
	static const int types[] = { TYPE1V2, TYPE1, TYPE1V2 };
	void *area = memory_small_pages(PAGE);
	struct container ct;
	unsigned int i;

	container_init(&ct);
	for (i = 0; i < 3; i++) {
		container_add(&ct, 0);
		OK(container_set_iommu(ct.fd, types[i]));
		EQ(container_mappings(&ct), 0);
		OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
		container_remove(&ct, 0);
		EQ(locked_pages(), 0);
	}
	container_close(&ct);
}

TEST(group_that_left_comes_back_to_the_same_mappings)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 2, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	container_remove(&ct, 1);
	container_add(&ct, 1);
	container_edu(&ct, 1, &edu);
	memory_fill(area, 256, 5);
	OK(edu_read_memory(&edu, IOVA, 256));
	OK(edu_write_memory(&edu, IOVA + 256, 256));
	TRUE(memory_holds(area + 256, 256, 5));
	edu_close(&edu);
	container_close(&ct);
}

/* Nothing the group could reach in its old container is reached from a new one. */
TEST(group_in_a_new_container_has_lost_the_old_mappings)
{
	uint8_t *area = memory_small_pages(PAGE), *other = memory_small_pages(PAGE);
	struct container a, b;
	struct edu edu;

	container_make(&a, 0, 2, TYPE1V2);
	OK(dma_map(a.fd, area, IOVA, PAGE, DMA_RW));
	container_remove(&a, 1);
	container_make(&b, 1, 1, TYPE1V2);
	OK(dma_map(b.fd, other, IOVA + MIB(1), PAGE, DMA_RW));
	container_edu(&b, 1, &edu);
	memory_fill(other, 256, 7);
	memset(area, 0x11, PAGE);
	OK(edu_read_memory(&edu, IOVA + MIB(1), 256));
	OK(edu_write_memory(&edu, IOVA, 256));
	EQ(area[0], 0x11);
	EQ(area[255], 0x11);
	edu_close(&edu);
	container_close(&a);
	container_close(&b);
}

TEST(last_group_takes_its_domain_with_it)
{
	struct counts before;
	struct container ct;

	container_make(&ct, 0, 2, TYPE1V2);
	counters_read(&before);
	container_remove(&ct, 0);
	EQ(counters_since(&before, COUNT_FREE), 0);
	EQ(counters_since(&before, COUNT_DETACH), 1);
	container_remove(&ct, 1);
	EQ(counters_since(&before, COUNT_FREE), 1);
	EQ(counters_since(&before, COUNT_DETACH), 2);
	EQ(counters_since(&before, COUNT_ALLOC), 0);
	EQ(counters_since(&before, COUNT_ATTACH), 0);
	container_close(&ct);
}
