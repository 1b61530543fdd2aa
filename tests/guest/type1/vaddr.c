// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_UPDATE_VADDR: the user address of a mapping changes, what devices reach does not. */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#define PAGES		16
#define BYTES		(PAGE * PAGES)

static int64_t invalidate(int container, uint64_t iova, uint64_t bytes, uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .flags = VFIO_DMA_UNMAP_FLAG_VADDR | flags, .iova = iova, .size = bytes,
	};
	int ret = raw_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return ret < 0 ? ret : (int64_t)unmap.size;
}

static int update(int container, void *vaddr, uint64_t iova, uint64_t bytes)
{
	return dma_map(container, vaddr, iova, bytes, VFIO_DMA_MAP_FLAG_VADDR);
}

static void make(struct container *ct, int type)
{
	container_make(ct, 0, 1, type);
	if (!container_check_extension(ct->fd, VFIO_UPDATE_VADDR))
		test_skip("this kernel's backend has no VFIO_UPDATE_VADDR");
}

TEST(vaddr_update_changes_nothing_for_devices)
{
	uint8_t *area = memory_small_pages(BYTES), *elsewhere = memory_small_pages(BYTES);
	struct container ct;
	struct edu edu;

	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	container_edu(&ct, 0, &edu);

	memory_fill(area, 1024, 3);
	EQ(OK(invalidate(ct.fd, IOVA, BYTES, 0)), BYTES);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	TRUE(memory_holds(area + PAGE, 1024, 3));

	OK(update(ct.fd, elsewhere, IOVA, BYTES));
	OK(edu_write_memory(&edu, IOVA + 2 * PAGE, 1024));
	TRUE(memory_holds(area + 2 * PAGE, 1024, 3));
	edu_close(&edu);

	EQ(locked_pages(), PAGES);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	container_close(&ct);
}

TEST(vaddr_update_needs_exactly_what_was_invalidated)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;

	make(&ct, TYPE1V2);
	FAILS(ENOENT, update(ct.fd, area, IOVA, BYTES));
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	FAILS(EINVAL, update(ct.fd, area, IOVA, BYTES));

	OK(invalidate(ct.fd, IOVA, BYTES, 0));
	FAILS(EINVAL, update(ct.fd, area, IOVA, PAGE));
	FAILS(EINVAL, update(ct.fd, area, IOVA + PAGE, BYTES - PAGE));
	FAILS(EINVAL, update(ct.fd, area, IOVA, BYTES + PAGE));
	FAILS(EINVAL, update(ct.fd, area + 1, IOVA, BYTES));
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, BYTES, VFIO_DMA_MAP_FLAG_VADDR | DMA_READ));
	FAILS(EEXIST, dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	FAILS(ENOENT, update(ct.fd, area, IOVA + BYTES, BYTES));
	OK(update(ct.fd, area, IOVA, BYTES));
	FAILS(EINVAL, update(ct.fd, area, IOVA, BYTES));
	container_close(&ct);
}

TEST(vaddr_invalidate_twice_is_refused_and_undone)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;
	unsigned int i;

	make(&ct, TYPE1V2);
	for (i = 0; i < 3; i++)
		OK(dma_map(ct.fd, area, IOVA + i * MIB(1), BYTES, DMA_RW));
	OK(invalidate(ct.fd, IOVA + MIB(1), BYTES, 0));
	FAILS(EINVAL, invalidate(ct.fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL));
	FAILS(EINVAL, invalidate(ct.fd, IOVA, MIB(3), 0));
	/* Only the one in the middle is invalid still. */
	FAILS(EINVAL, update(ct.fd, area, IOVA, BYTES));
	FAILS(EINVAL, update(ct.fd, area, IOVA + MIB(2), BYTES));
	OK(update(ct.fd, area, IOVA + MIB(1), BYTES));
	EQ(OK(invalidate(ct.fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL)), 3 * BYTES);
	EQ(OK(dma_unmap_all(ct.fd)), 3 * BYTES);
	container_close(&ct);
}

TEST(vaddr_invalidate_follows_the_rules_of_unmap)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;

	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	FAILS(EINVAL, invalidate(ct.fd, IOVA + PAGE, BYTES, 0));
	FAILS(EINVAL, invalidate(ct.fd, IOVA, PAGE, 0));
	FAILS(EINVAL, invalidate(ct.fd, IOVA, 0, 0));
	FAILS(EINVAL, invalidate(ct.fd, IOVA + 1, BYTES, 0));
	FAILS(EINVAL, invalidate(ct.fd, IOVA, BYTES, VFIO_DMA_UNMAP_FLAG_ALL));
	EQ(OK(invalidate(ct.fd, IOVA + BYTES, BYTES, 0)), 0);
	EQ(OK(invalidate(ct.fd, IOVA, MIB(1), 0)), BYTES);
	container_close(&ct);

	make(&ct, TYPE1);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(invalidate(ct.fd, IOVA + PAGE, BYTES, 0)), 0);
	EQ(OK(invalidate(ct.fd, IOVA, PAGE, 0)), BYTES);
	OK(update(ct.fd, area, IOVA, BYTES));
	container_close(&ct);
}

TEST(group_does_not_join_while_an_address_is_invalid)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;

	NEED_DEVICES(2);
	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA + MIB(1), BYTES, DMA_RW));
	EQ(OK(invalidate(ct.fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL)), 2 * BYTES);
	FAILS(EBUSY, container_try_add(&ct, 1));
	OK(update(ct.fd, area, IOVA, BYTES));
	FAILS(EBUSY, container_try_add(&ct, 1));
	/* A mapping that goes takes its invalid address with it. */
	EQ(OK(dma_unmap(ct.fd, IOVA + MIB(1), BYTES)), BYTES);
	container_add(&ct, 1);
	container_close(&ct);
}

TEST(new_mappings_are_made_while_an_address_is_invalid)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;
	struct edu edu;

	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	OK(invalidate(ct.fd, IOVA, BYTES, 0));
	OK(dma_map(ct.fd, area, IOVA + MIB(1), BYTES, DMA_RW));
	container_edu(&ct, 0, &edu);
	memory_fill(area, 1024, 9);
	OK(edu_read_memory(&edu, IOVA + MIB(1), 1024));
	OK(edu_write_memory(&edu, IOVA + MIB(1) + PAGE, 1024));
	TRUE(memory_holds(area + PAGE, 1024, 9));
	edu_close(&edu);
	container_close(&ct);
}

static void update_as_new_owner(void *arg)
{
	struct container *ct = arg;
	uint8_t *area = memory_small_pages(BYTES);

	EQ(locked_pages(), 0);
	OK(update(ct->fd, area, IOVA, BYTES));
	EQ(locked_pages(), PAGES);
	EQ(OK(dma_unmap(ct->fd, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
}

TEST(vaddr_update_by_another_process_moves_the_charge)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;

	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	EQ(locked_pages(), PAGES);
	OK(invalidate(ct.fd, IOVA, BYTES, 0));
	process_join(process_start(update_as_new_owner, &ct));
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

static void update_over_the_limit(void *arg)
{
	struct container *ct = arg;
	uint8_t *area = memory_small_pages(BYTES);

	drop_ipc_lock();
	limit_locked_pages(PAGES - 1);
	FAILS(ENOMEM, update(ct->fd, area, IOVA, BYTES));
	EQ(locked_pages(), 0);
	limit_locked_pages(PAGES);
	OK(update(ct->fd, area, IOVA, BYTES));
	EQ(locked_pages(), PAGES);
	OK(invalidate(ct->fd, IOVA, BYTES, 0));
}

TEST(vaddr_update_keeps_to_the_new_owners_limit)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;

	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	OK(invalidate(ct.fd, IOVA, BYTES, 0));
	process_join(process_start(update_over_the_limit, &ct));
	/* The new owner is gone, and its charge with it. */
	EQ(locked_pages(), 0);
	OK(update(ct.fd, area, IOVA, BYTES));
	EQ(locked_pages(), PAGES);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* --- a program that is replaced by its next version, which keeps the container --- */

/* The next version: the same memory at another address. */
int vaddr_exec_helper(int container)
{
	uint8_t *area = memory_small_pages(BYTES);

	EQ(locked_pages(), 0);
	OK(update(container, area, IOVA, BYTES));
	EQ(locked_pages(), PAGES);
	FAILS(EINVAL, update(container, area, IOVA, BYTES));
	EQ(OK(dma_unmap(container, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
	return 0;
}

static void invalidate_and_exec(void *arg)
{
	struct container *ct = arg;
	char fd[16];

	OK(dma_map(ct->fd, memory_small_pages(BYTES), IOVA, BYTES, DMA_RW));
	EQ(locked_pages(), PAGES);
	EQ(OK(invalidate(ct->fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL)), BYTES);
	snprintf(fd, sizeof(fd), "%d", dup(ct->fd));	/* which exec() does not close */
	execl("/proc/self/exe", "type1-test", "--exec-helper", "vaddr", fd, (char *)NULL);
	OK(-errno);
}

TEST(vaddr_update_after_exec_charges_the_new_program)
{
	struct container ct;

	make(&ct, TYPE1V2);
	process_join(process_start(invalidate_and_exec, &ct));
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

struct child {
	struct container *ct;
	uint8_t *area;		/* shared by parent and child */
};

static void update_and_exit(void *arg)
{
	struct child *child = arg;

	OK(update(child->ct->fd, child->area, IOVA, BYTES));
	EQ(locked_pages(), PAGES);
	_exit(0);
}

/* Back and forth between processes, the last of which is gone when the memory is unmapped. */
TEST(vaddr_update_by_a_child_that_exits_leaves_the_parent_uncharged)
{
	uint8_t *area = memory_memfd(BYTES);
	struct container ct;
	struct child child = { &ct, area };
	struct edu edu;
	int i;

	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	for (i = 0; i < 3; i++) {
		OK(invalidate(ct.fd, IOVA, BYTES, 0));
		process_join(process_start(update_and_exit, &child));
		EQ(locked_pages(), 0);
		OK(invalidate(ct.fd, IOVA, BYTES, 0));
		OK(update(ct.fd, area, IOVA, BYTES));
		EQ(locked_pages(), PAGES);
	}
	OK(invalidate(ct.fd, IOVA, BYTES, 0));
	process_join(process_start(update_and_exit, &child));
	container_edu(&ct, 0, &edu);
	memory_fill(area, 1024, 17);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	TRUE(memory_holds(area + PAGE, 1024, 17));
	edu_close(&edu);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* --- dirty bitmaps meanwhile --- */

TEST(dirty_pages_are_reported_while_an_address_is_invalid)
{
	struct container ct;
	uint64_t word = 0;
	const struct dirty_bitmap bitmap = { PAGE, sizeof(word), &word };

	make(&ct, TYPE1V2);
	OK(dma_map(ct.fd, memory_small_pages(BYTES), IOVA, BYTES, DMA_RW));
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	OK(invalidate(ct.fd, IOVA, BYTES, 0));
	OK(dirty_get(ct.fd, IOVA, BYTES, bitmap));
	EQ(word, 0xffff);
	word = 0;
	EQ(OK(dma_unmap_dirty(ct.fd, IOVA, BYTES, bitmap)), BYTES);
	EQ(word, 0xffff);
	container_close(&ct);
}
