// SPDX-License-Identifier: GPL-2.0-only
/* Every allocation of every operation fails once, see walk.h. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "walk.h"

/* What a device without an IOMMU pins at once. */
#define PINNED		40

/* --- operations --- */

static long long set_iommu(struct walk *w)
{
	return container_set_iommu(w->ct.fd, TYPE1V2);
}

/* The container's last group takes the driver with it. */
static void lose_driver(struct walk *w)
{
	container_remove(&w->ct, 0);
	container_add(&w->ct, 0);
}

static long long join(struct walk *w)
{
	return group_set_container(w->group, w->ct.fd);
}

static long long leave(struct walk *w)
{
	return group_unset_container(w->group);
}

static long long map(struct walk *w)
{
	return dma_map(w->ct.fd, w->area, IOVA, w->bytes, DMA_RW);
}

static long long unmap(struct walk *w)
{
	return dma_unmap(w->ct.fd, IOVA, w->bytes);
}

static long long get_info(struct walk *w)
{
	struct type1_info info;

	return type1_get_info(w->ct.fd, &info);
}

static long long invalidate_vaddr(struct walk *w)
{
	return dma_invalidate_vaddr(w->ct.fd, IOVA, w->bytes);
}

static long long update_vaddr(struct walk *w)
{
	return dma_map(w->ct.fd, w->area, IOVA, w->bytes, VFIO_DMA_MAP_FLAG_VADDR);
}

static long long start_tracking(struct walk *w)
{
	return dirty_tracking(w->ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
}

static long long stop_tracking(struct walk *w)
{
	return dirty_tracking(w->ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
}

static long long get_dirty(struct walk *w)
{
	uint64_t words[(WALK_MAX_BYTES / PAGE + 63) / 64];

	return dirty_get(w->ct.fd, IOVA, w->bytes, (struct dirty_bitmap){ PAGE, sizeof(words), words });
}

static long long unmap_dirty(struct walk *w)
{
	uint64_t words[(WALK_MAX_BYTES / PAGE + 63) / 64];

	return dma_unmap_dirty(w->ct.fd, IOVA, w->bytes, (struct dirty_bitmap){ PAGE, sizeof(words), words });
}

static long long open_device(struct walk *w)
{
	w->emulated.fd = emulated_open(w->group, 0);
	return w->emulated.fd;
}

static long long pin(struct walk *w)
{
	return emulated_pin(w->emulated.fd, IOVA, PINNED, DMA_RW);
}

static long long unpin(struct walk *w)
{
	return emulated_unpin(w->emulated.fd, IOVA, PINNED);
}

static long long copy_out(struct walk *w)
{
	static uint8_t buf[WALK_MAX_BYTES / 2];

	return emulated_read(w->emulated.fd, IOVA, buf, w->bytes / 2);
}

static long long copy_in(struct walk *w)
{
	static uint8_t buf[WALK_MAX_BYTES / 2];

	return emulated_write(w->emulated.fd, IOVA, buf, w->bytes / 2);
}

static void undo_nothing(struct walk *w)
{
	(void)w;
}

UNDO_BY(join)
UNDO_BY(leave)
UNDO_BY(map)
UNDO_BY(unmap)
UNDO_BY(invalidate_vaddr)
UNDO_BY(update_vaddr)
UNDO_BY(start_tracking)
UNDO_BY(stop_tracking)
UNDO_BY(pin)
UNDO_BY(unpin)

static void rejoin(struct walk *w)
{
	OK(leave(w));
	OK(join(w));
}

static void close_device(struct walk *w)
{
	close(w->emulated.fd);
}

/* Its driver let go of what was pinned. */
static void map_and_pin(struct walk *w)
{
	OK(map(w));
	OK(pin(w));
}

/* --- states --- */

/* The pages of a file, the last one first, so that no two neighbours make a run. */
static void *scattered_memory(size_t bytes)
{
	char *file = memory_memfd(bytes);
	char *area = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at;

	TRUE(file && area != MAP_FAILED);
	for (at = 0; at < bytes; at += PAGE)
		TRUE(mremap(file + at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + bytes - at - PAGE) != MAP_FAILED);
	return area;
}

static void driver_to_come(struct walk *w)
{
	NEED_DEVICES(1);
	container_init(&w->ct);
	container_add(&w->ct, 0);
}

static void one_group(struct walk *w)
{
	container_make(&w->ct, 0, 1, TYPE1V2);
	w->area = scattered_memory(w->bytes);
}

static void two_domains(struct walk *w)
{
	container_two_domains(&w->ct, 0, 1);
	w->area = scattered_memory(w->bytes);
}

static void huge_pages(struct walk *w)
{
	container_make(&w->ct, 0, 1, TYPE1V2);
	w->area = memory_huge_pages(WALK_MAX_BYTES);
	TRUE(w->area);
}

static void mapped(struct walk *w)
{
	one_group(w);
	OK(map(w));
}

static void mapped_in_two_domains(struct walk *w)
{
	two_domains(w);
	OK(map(w));
}

static void second_group_to_come(struct walk *w)
{
	NEED_DEVICES(2);
	mapped(w);
	w->group = OK(group_open(devices[1].group));
}

static void invalidated(struct walk *w)
{
	mapped(w);
	OK(invalidate_vaddr(w));
}

static void tracked(struct walk *w)
{
	mapped(w);
	OK(start_tracking(w));
}

static void tracked_before_mapping(struct walk *w)
{
	one_group(w);
	OK(start_tracking(w));
}

/* Without its device, which only opens once the container has a driver. */
static void emulated_group_to_come(struct walk *w)
{
	int number = emulated_group(0);

	if (number < 0)
		test_skip("no ng_emulated.ko");
	w->group = OK(group_open(number));
}

static void emulated_driver_to_come(struct walk *w)
{
	container_init(&w->ct);
	emulated_group_to_come(w);
	OK(join(w));
}

static void emulated_closed(struct walk *w)
{
	emulated_driver_to_come(w);
	OK(container_set_iommu(w->ct.fd, TYPE1V2));
}

static void emulated_group_beside_mapped(struct walk *w)
{
	mapped(w);
	emulated_group_to_come(w);
}

static void emulated_group_beside_mapped_joined(struct walk *w)
{
	emulated_group_beside_mapped(w);
	OK(join(w));
}

static void emulated_mapped(struct walk *w)
{
	emulated_make(&w->ct, &w->emulated, TYPE1V2);
	w->area = scattered_memory(w->bytes);
	OK(map(w));
}

static void emulated_pinned(struct walk *w)
{
	emulated_mapped(w);
	OK(pin(w));
}

static void emulated_beside_mapped(struct walk *w)
{
	mapped(w);
	emulated_add(&w->ct, &w->emulated, 0);
}

static void emulated_beside_mapped_pinned(struct walk *w)
{
	emulated_beside_mapped(w);
	OK(pin(w));
}

static void first_domain_to_come(struct walk *w)
{
	NEED_DEVICES(1);
	emulated_pinned(w);
	w->group = OK(group_open(devices[0].group));
}

static void emulated_tracked(struct walk *w)
{
	emulated_mapped(w);
	OK(start_tracking(w));
}

static void emulated_pinned_tracked(struct walk *w)
{
	emulated_tracked(w);
	OK(pin(w));
}

/* --- walks --- */

static void let_join_be_incompatible(void)
{
	struct fault_rule rule = fault_join_incompatible();

	OK(fault_arm(&rule, 1));
}

/*
 * Leaving and closing cannot report a failure and are not walked where there is an IOMMU: its driver may have to allocate
 * for a detach, and where it cannot, the IOMMU core warns, whoever asked.
 */
WALK_ATTACH(set_iommu, driver_to_come, NULL, set_iommu, NULL, lose_driver)
WALK_ATTACH(join, second_group_to_come, NULL, join, NULL, undo_by_leave)
WALK_ATTACH(second_domain, second_group_to_come, let_join_be_incompatible, join, fault_disarm, undo_by_leave)
WALK(map, one_group, map, undo_by_unmap)
WALK(map_of_huge_pages, huge_pages, map, undo_by_unmap)
WALK(map_in_two_domains, two_domains, map, undo_by_unmap)
WALK_UNMAP(unmap, mapped, unmap, undo_by_map)
WALK_UNMAP(unmap_in_two_domains, mapped_in_two_domains, unmap, undo_by_map)
WALK(info, mapped, get_info, undo_nothing)
WALK(invalidate_vaddr, mapped, invalidate_vaddr, undo_by_update_vaddr)
WALK(update_vaddr, invalidated, update_vaddr, undo_by_invalidate_vaddr)
WALK(start_tracking, mapped, start_tracking, undo_by_stop_tracking)
WALK(stop_tracking, tracked, stop_tracking, undo_by_start_tracking)
WALK(map_while_tracking, tracked_before_mapping, map, undo_by_unmap)
WALK(dirty_bitmap, tracked, get_dirty, undo_nothing)
WALK_UNMAP(unmap_with_dirty_bitmap, tracked, unmap_dirty, undo_by_map)

/* Devices without an IOMMU. A group of theirs can leave without memory. */
WALK_ATTACH(emulated_set_iommu, emulated_driver_to_come, NULL, set_iommu, NULL, rejoin)
WALK_ATTACH(emulated_join, emulated_group_beside_mapped, NULL, join, NULL, undo_by_leave)
WALK(emulated_leave, emulated_group_beside_mapped_joined, leave, undo_by_join)
WALK(emulated_open, emulated_closed, open_device, close_device)
WALK_ATTACH(first_domain, first_domain_to_come, NULL, join, NULL, undo_by_leave)
WALK(pin_pages, emulated_mapped, pin, undo_by_unpin)
WALK(pin_pages_with_domain, emulated_beside_mapped, pin, undo_by_unpin)
WALK(unpin_pages, emulated_pinned, unpin, undo_by_pin)
WALK(unpin_pages_with_domain, emulated_beside_mapped_pinned, unpin, undo_by_pin)
WALK(dma_rw_from_memory, emulated_mapped, copy_out, undo_nothing)
WALK(dma_rw_to_memory, emulated_mapped, copy_in, undo_nothing)
WALK(unmap_of_pinned_pages, emulated_pinned, unmap, map_and_pin)
WALK(start_tracking_of_pinned_pages, emulated_pinned, start_tracking, undo_by_stop_tracking)
WALK(pin_pages_while_tracking, emulated_tracked, pin, undo_by_unpin)
WALK(unpin_pages_while_tracking, emulated_pinned_tracked, unpin, undo_by_pin)
WALK(dma_rw_while_tracking, emulated_tracked, copy_in, undo_nothing)
WALK(dirty_bitmap_of_pinned_pages, emulated_pinned_tracked, get_dirty, undo_nothing)
WALK(unmap_of_pinned_pages_with_dirty_bitmap, emulated_pinned_tracked, unmap_dirty, map_and_pin)
