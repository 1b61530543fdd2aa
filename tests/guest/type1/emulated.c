// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices without an IOMMU, whose drivers pin pages (vfio_pin_pages) or copy (vfio_dma_rw): a container that has no other
 * device.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emulated.h"

#define TOP_PAGE	(-(uint64_t)PAGE)

static int join(struct container *ct, struct emulated *emulated, unsigned int n)
{
	int number = emulated_group(n);

	if (number < 0)
		test_skip("no ng_emulated.ko");
	emulated->n = n;
	emulated->fd = -1;
	emulated->group = OK(group_open(number));
	return group_set_container(emulated->group, ct->fd);
}

static void open_device(struct emulated *emulated)
{
	emulated->fd = OK(emulated_open(emulated->group, emulated->n));
}

void emulated_make(struct container *ct, struct emulated *emulated, int type)
{
	container_init(ct);
	OK(join(ct, emulated, 0));
	OK(container_set_iommu(ct->fd, type));
	open_device(emulated);
}

uint8_t *emulated_make_mapped(struct container *ct, struct emulated *emulated)
{
	uint8_t *area = memory_small_pages(BYTES);

	emulated_make(ct, emulated, TYPE1V2);
	OK(dma_map(ct->fd, area, IOVA, BYTES, DMA_RW));
	return area;
}

void emulated_add(struct container *ct, struct emulated *emulated, unsigned int n)
{
	OK(join(ct, emulated, n));
	open_device(emulated);
}

void emulated_remove(struct emulated *emulated)
{
	close(emulated->fd);
	OK(group_unset_container(emulated->group));
	close(emulated->group);
}

uint64_t emulated_times_told(const struct emulated *emulated)
{
	struct ng_emulated_told told;

	OK(emulated_told(emulated->fd, &told));
	return told.times;
}

uint64_t emulated_held(const struct emulated *emulated)
{
	struct ng_emulated_told told;

	OK(emulated_told(emulated->fd, &told));
	return told.held;
}

/* --- mapping --- */

TEST(emulated_container_pins_nothing_by_itself)
{
	uint8_t *area;
	struct emulated emulated;
	struct container ct;

	area = emulated_make_mapped(&ct, &emulated);
	/* Nobody looks at the address yet. */
	OK(dma_map(ct.fd, memory_hole(BYTES), IOVA + MIB(1), BYTES, DMA_RW));
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 2);
	FAILS(EEXIST, dma_map(ct.fd, area, IOVA + PAGE, PAGE, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(OK(dma_unmap(ct.fd, 0, GIB(1))), BYTES);
	emulated_remove(&emulated);
	container_close(&ct);
}

TEST(emulated_container_says_what_it_can)
{
	struct emulated emulated;
	struct type1_info info;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.nr_ranges, 0);
	EQ(info.pgsizes, ~(PAGE - 1));
	EQ(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU), 1);
	EQ(container_check_extension(ct.fd, VFIO_UPDATE_VADDR), 0);
	container_close(&ct);
}

TEST(emulated_container_maps_any_address)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;
	const uint64_t iovas[] = { 0, MSI_WINDOW, UINT64_C(1) << 52, UINT64_C(1) << 63, -(uint64_t)2 * BYTES };
	unsigned int i;

	emulated_make(&ct, &emulated, TYPE1V2);
	for (i = 0; i < 5; i++) {
		OK(dma_map(ct.fd, area, iovas[i], BYTES, DMA_RW));
		EQ(OK(emulated_pin(emulated.fd, iovas[i] + PAGE, 2, DMA_RW)), 2);
		EQ(locked_pages(), 2);
		EQ(OK(dma_unmap(ct.fd, iovas[i], BYTES)), BYTES);
		EQ(locked_pages(), 0);
	}
	container_close(&ct);
}

TEST(emulated_container_maps_the_last_page)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, TOP_PAGE, PAGE, DMA_RW));
	if (DIFF(TOP_MAPPING_WORKS)) {
		FAILS(EEXIST, dma_map(ct.fd, area, TOP_PAGE, PAGE, DMA_RW));
		EQ(OK(emulated_pin(emulated.fd, TOP_PAGE, 1, DMA_RW)), 1);
		memory_fill(area, 100, 5);
		OK(emulated_write(emulated.fd, -(uint64_t)200, area, 200));
		FAILS(DIFF(ADDRESS_WRAP), dma_map(ct.fd, area, TOP_PAGE, 2 * PAGE, DMA_RW));
		EQ(emulated_times_told(&emulated), 0);
	}
	EQ(OK(dma_unmap(ct.fd, TOP_PAGE, PAGE)), DIFF(TOP_MAPPING_WORKS) ? PAGE : 0);
	EQ(emulated_times_told(&emulated), DIFF(TOP_MAPPING_WORKS));
	if (DIFF(TOP_MAPPING_WORKS)) {
		OK(dma_map(ct.fd, area, TOP_PAGE - PAGE, 2 * PAGE, DMA_RW));
		EQ(OK(dma_unmap_all(ct.fd)), 2 * PAGE);
	}
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* Nobody looks at what is mapped before it is pinned, so that a guest's whole memory may be one mapping. */
TEST(emulated_container_maps_more_than_there_is)
{
	const uint64_t bytes[] = { GIB(1) + PAGE, GIB(40), UINT64_C(1) << 62 };
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;
	unsigned int i;

	emulated_make(&ct, &emulated, TYPE1V2);
	for (i = 0; i < 3; i++) {
		OK(dma_map(ct.fd, area, IOVA, bytes[i], DMA_RW));
		EQ(OK(emulated_pin(emulated.fd, IOVA + PAGE, 2, DMA_RW)), 2);
		EQ(locked_pages(), 2);
		EQ(OK(dma_unmap(ct.fd, IOVA, bytes[i])), bytes[i]);
		EQ(locked_pages(), 0);
	}
	/* And the last group takes it away. */
	OK(dma_map(ct.fd, area, IOVA, GIB(3), DMA_RW));
	container_close(&ct);
}

TEST(emulated_container_has_as_many_entries)
{
	uint8_t *area;
	struct emulated emulated;
	struct container ct;

	OK(module_param_set(env.module, "dma_entry_limit", "2"));
	area = emulated_make_mapped(&ct, &emulated);
	OK(dma_map(ct.fd, area, IOVA + MIB(1), BYTES, DMA_RW));
	FAILS(ENOSPC, dma_map(ct.fd, area, IOVA + MIB(2), BYTES, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	OK(dma_map(ct.fd, area, IOVA + MIB(2), BYTES, DMA_RW));
	container_close(&ct);
}

TEST(emulated_v1_container_maps_and_never_pins)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	FAILS(EACCES, emulated_pin(emulated.fd, IOVA, 1, DMA_RW));
	memory_fill(area, 100, 3);
	OK(emulated_write(emulated.fd, IOVA + PAGE, area, 100));
	TRUE(memory_holds(area + PAGE, 100, 3));
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE)), BYTES);
	container_close(&ct);
}

/* --- pinning --- */

TEST(pinned_page_is_the_users_page)
{
	uint8_t *area, copy[512];
	struct emulated emulated;
	struct container ct;

	area = emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA + 3 * PAGE, 4, DMA_RW)), 4);
	memory_fill(area + 5 * PAGE + 8, sizeof(copy), 1);
	OK(emulated_page_read(emulated.fd, IOVA + 5 * PAGE + 8, copy, sizeof(copy)));
	TRUE(memory_holds(copy, sizeof(copy), 1));
	memory_fill(copy, sizeof(copy), 2);
	OK(emulated_page_write(emulated.fd, IOVA + 3 * PAGE, copy, sizeof(copy)));
	TRUE(memory_holds(area + 3 * PAGE, sizeof(copy), 2));
	FAILS(ENOENT, emulated_page_read(emulated.fd, IOVA + 2 * PAGE, copy, 1));
	container_close(&ct);
}

TEST(pins_are_charged_one_by_one)
{
	struct emulated emulated;
	struct container ct;

	emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 5, DMA_RW)), 5);
	EQ(locked_pages(), 5);
	/* Three of them again: one charge for each page. */
	EQ(OK(emulated_pin(emulated.fd, IOVA + 2 * PAGE, 6, DMA_READ)), 6);
	EQ(locked_pages(), 8);
	OK(emulated_unpin(emulated.fd, IOVA, 8));
	EQ(locked_pages(), 3);
	OK(emulated_unpin(emulated.fd, IOVA + 2 * PAGE, 3));
	EQ(locked_pages(), 0);
	EQ(emulated_held(&emulated), 0);
	/* What is mapped and not pinned can be unpinned: nothing happens. */
	OK(emulated_unpin(emulated.fd, IOVA, 8));
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(pin_of_as_many_pages_as_one_call_takes)
{
	const int most = PAGE / sizeof(uint64_t);
	const uint64_t huge_iova = IOVA + GIB(4);
	uint8_t *area = memory_small_pages((most + 88) * PAGE), *huge = memory_huge_pages(2 * most * PAGE);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, (most + 88) * PAGE, DMA_RW));
	OK(dma_map(ct.fd, huge, huge_iova, 2 * most * PAGE, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA + PAGE, most, DMA_RW)), most);
	EQ(locked_pages(), most);
	FAILS(E2BIG, emulated_pin(emulated.fd, IOVA, most + 1, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, most, DMA_RW)), most);
	EQ(locked_pages(), most + 1);
	EQ(OK(emulated_pin(emulated.fd, huge_iova + 100 * PAGE, most, DMA_RW)), most);
	EQ(locked_pages(), 2 * most + 1);
	/* All but the last of them are held by the second call, too. */
	OK(emulated_unpin(emulated.fd, IOVA + PAGE, most));
	EQ(locked_pages(), 2 * most);
	OK(emulated_unpin(emulated.fd, IOVA, most));
	EQ(locked_pages(), most);
	container_close(&ct);
}

TEST(pin_across_mappings_that_touch)
{
	uint8_t *area = memory_small_pages(BYTES), copy[16];
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area + 8 * PAGE, IOVA, 8 * PAGE, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA + 8 * PAGE, 8 * PAGE, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA + 6 * PAGE, 4, DMA_RW)), 4);
	EQ(locked_pages(), 4);
	memory_fill(area, sizeof(copy), 9);
	OK(emulated_page_read(emulated.fd, IOVA + 8 * PAGE, copy, sizeof(copy)));
	TRUE(memory_holds(copy, sizeof(copy), 9));
	EQ(OK(dma_unmap(ct.fd, IOVA + 8 * PAGE, 8 * PAGE)), 8 * PAGE);
	EQ(locked_pages(), 2);
	EQ(emulated_held(&emulated), 2);
	container_close(&ct);
}

TEST(pin_is_all_or_nothing)
{
	uint8_t *area;
	struct emulated emulated;
	struct container ct;

	area = emulated_make_mapped(&ct, &emulated);
	OK(dma_map(ct.fd, area, IOVA + BYTES, PAGE, DMA_READ));
	munmap(area + 5 * PAGE, PAGE);

	FAILS(EFAULT, emulated_pin(emulated.fd, IOVA, 6, DMA_RW));
	EQ(locked_pages(), 0);
	FAILS(EINVAL, emulated_pin(emulated.fd, IOVA + BYTES - PAGE, 3, DMA_READ));
	FAILS(EPERM, emulated_pin(emulated.fd, IOVA + BYTES - PAGE, 2, DMA_RW));
	EQ(locked_pages(), 0);

	/* What was held before is held still. */
	EQ(OK(emulated_pin(emulated.fd, IOVA + 3 * PAGE, 1, DMA_RW)), 1);
	FAILS(EFAULT, emulated_pin(emulated.fd, IOVA, 6, DMA_RW));
	EQ(locked_pages(), 1);
	OK(emulated_unpin(emulated.fd, IOVA + 3 * PAGE, 1));
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(pin_that_cannot_be_is_refused)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	FAILS(EINVAL, emulated_pin(emulated.fd, IOVA, 1, DMA_READ));
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_READ));
	FAILS(EPERM, emulated_pin(emulated.fd, IOVA, 1, DMA_WRITE));
	FAILS(EINVAL, emulated_pin(emulated.fd, IOVA - PAGE, 1, DMA_READ));
	FAILS(EINVAL, emulated_pin(emulated.fd, IOVA, 0, DMA_READ));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 1, DMA_READ)), 1);
	container_close(&ct);
}

TEST(pin_with_nonsense_is_refused, .not_on_stock = "stock before 7.3 takes it for no pages, and warns in the log")
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, TOP_PAGE, PAGE, DMA_RW));
	TRUE(emulated_pin(emulated.fd, TOP_PAGE, -1, DMA_READ) < 0);
	TRUE(emulated_pin(emulated.fd, TOP_PAGE, 2, DMA_READ) < 0);
	EQ(locked_pages(), 0);
	OK(emulated_unpin(emulated.fd, TOP_PAGE, 2));
	OK(emulated_unpin(emulated.fd, IOVA, 1));
	EQ(OK(emulated_pin(emulated.fd, TOP_PAGE, 1, DMA_READ)), 1);
	EQ(locked_pages(), 1);
	container_close(&ct);
}

TEST(pins_respect_the_limit)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(4);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	FAILS(ENOMEM, emulated_pin(emulated.fd, IOVA, 5, DMA_RW));
	EQ(locked_pages(), 0);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 4, DMA_RW)), 4);
	FAILS(ENOMEM, emulated_pin(emulated.fd, IOVA + 4 * PAGE, 1, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 4, DMA_RW)), 4);
	EQ(locked_pages(), 4);
	container_close(&ct);
}

TEST(pins_of_who_has_the_capability_exceed_the_limit)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	limit_locked_pages(4);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 10, DMA_RW)), 10);
	EQ(locked_pages(), 10);
	container_close(&ct);
}

/* --- copying --- */

TEST(dma_rw_reaches_the_users_memory)
{
	uint8_t *area = memory_small_pages(BYTES), *buf = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, 8 * PAGE, DMA_RW));
	OK(dma_map(ct.fd, area + 8 * PAGE, IOVA + 8 * PAGE, 8 * PAGE, DMA_RW));

	memory_fill(area + 100, 3 * PAGE, 1);
	OK(emulated_read(emulated.fd, IOVA + 100, buf, 3 * PAGE));
	TRUE(memory_holds(buf, 3 * PAGE, 1));
	/* Across two mappings, and nothing is pinned. */
	memory_fill(buf, BYTES - 2, 2);
	OK(emulated_write(emulated.fd, IOVA + 1, buf, BYTES - 2));
	TRUE(memory_holds(area + 1, BYTES - 2, 2));
	EQ(locked_pages(), 0);

	memory_fill(buf, PAGE, 3);
	OK(emulated_rw_from_kthread(emulated.fd, IOVA + PAGE, buf, PAGE, true));
	TRUE(memory_holds(area + PAGE, PAGE, 3));
	memory_fill(area, PAGE, 4);
	OK(emulated_rw_from_kthread(emulated.fd, IOVA, buf, PAGE, false));
	TRUE(memory_holds(buf, PAGE, 4));
	container_close(&ct);
}

TEST(dma_rw_asks_for_the_right_to)
{
	uint8_t *area = memory_small_pages(BYTES), buf[64] = {};
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_READ));
	OK(dma_map(ct.fd, area, IOVA + MIB(1), PAGE, DMA_WRITE));
	OK(emulated_read(emulated.fd, IOVA, buf, sizeof(buf)));
	FAILS(EPERM, emulated_write(emulated.fd, IOVA, buf, sizeof(buf)));
	FAILS(EPERM, emulated_read(emulated.fd, IOVA + MIB(1), buf, sizeof(buf)));
	/* Writing needs the right to read too, as ever. */
	FAILS(EPERM, emulated_write(emulated.fd, IOVA + MIB(1), buf, sizeof(buf)));
	FAILS(EINVAL, emulated_read(emulated.fd, IOVA + MIB(2), buf, sizeof(buf)));
	container_close(&ct);
}

TEST(dma_rw_stops_where_nothing_is)
{
	uint8_t *area, buf[64];
	struct emulated emulated;
	struct container ct;

	area = emulated_make_mapped(&ct, &emulated);
	memory_fill(buf, sizeof(buf), 7);
	FAILS(EINVAL, emulated_write(emulated.fd, IOVA + BYTES - 32, buf, sizeof(buf)));
	TRUE(memory_holds(area + BYTES - 32, 32, 7));
	munmap(area, PAGE);
	FAILS(EFAULT, emulated_write(emulated.fd, IOVA, buf, sizeof(buf)));
	FAILS(EFAULT, emulated_read(emulated.fd, IOVA, buf, sizeof(buf)));
	FAILS(EFAULT, emulated_rw_from_kthread(emulated.fd, IOVA, buf, sizeof(buf), true));
	container_close(&ct);
}

/* What is mapped at address 0 is no continuation of what ends at 2^64. */
TEST(dma_rw_stops_at_the_last_address)
{
	uint8_t *area = memory_small_pages(2 * PAGE), buf[64];
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	FAILS(EINVAL, emulated_read(emulated.fd, -(uint64_t)32, buf, sizeof(buf)));
	OK(dma_map(ct.fd, area, 0, PAGE, DMA_RW));
	FAILS(EINVAL, emulated_read(emulated.fd, -(uint64_t)32, buf, sizeof(buf)));
	/* Where stock loses such a mapping, there is nothing to compare. */
	if (DIFF(TOP_MAPPING_WORKS)) {
		OK(dma_map(ct.fd, area + PAGE, TOP_PAGE, PAGE, DMA_RW));
		memory_fill(buf, sizeof(buf), 9);
		FAILS(DIFF(DRIVER_ACCESS_ENDS_AT_THE_TOP) ? EINVAL : 0,
		      emulated_write(emulated.fd, -(uint64_t)32, buf, sizeof(buf)));
		TRUE(memory_holds(area + 2 * PAGE - 32, 32, 9));
		EQ(area[0], DIFF(DRIVER_ACCESS_ENDS_AT_THE_TOP) ? 0xa5 : buf[32]);
	}
	container_close(&ct);
}

/* --- whose memory --- */

struct other {
	struct container *ct;
	struct emulated *emulated;
};

static void use_from_another_process(void *arg)
{
	struct other *other = arg;
	uint8_t buf[64];

	memory_fill(buf, sizeof(buf), 21);
	FAILS(EFAULT, emulated_write(other->emulated->fd, IOVA, buf, sizeof(buf)));
	OK(emulated_rw_from_kthread(other->emulated->fd, IOVA, buf, sizeof(buf), true));
	EQ(OK(emulated_pin(other->emulated->fd, IOVA + PAGE, 3, DMA_RW)), 3);
	OK(emulated_page_write(other->emulated->fd, IOVA + PAGE, buf, sizeof(buf)));
	EQ(locked_pages(), 0);
}

TEST(memory_and_charge_are_those_of_who_mapped)
{
	uint8_t *area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct emulated emulated;
	struct container ct;
	struct other other = { &ct, &emulated };

	/* What a child shares until it is written to would be copied; it is not to have it at all. */
	madvise(area, BYTES, MADV_DONTFORK);
	area = emulated_make_mapped(&ct, &emulated);
	process_join(process_start(use_from_another_process, &other));
	TRUE(memory_holds(area, 64, 21));
	TRUE(memory_holds(area + PAGE, 64, 21));
	EQ(locked_pages(), 3);
	OK(emulated_unpin(emulated.fd, IOVA + PAGE, 3));
	EQ(locked_pages(), 0);
	container_close(&ct);
}

static void map_pin_and_exit(void *arg)
{
	struct other *other = arg;
	uint8_t *area = memory_small_pages(BYTES);

	memory_fill(area + PAGE, 64, 31);
	OK(dma_map(other->ct->fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(other->emulated->fd, IOVA + PAGE, 2, DMA_RW)), 2);
	EQ(locked_pages(), 2);
	_exit(0);
}

TEST(pins_outlive_who_mapped)
{
	struct emulated emulated;
	struct container ct;
	struct other other = { &ct, &emulated };
	uint8_t buf[64];

	emulated_make(&ct, &emulated, TYPE1V2);
	process_join(process_start(map_pin_and_exit, &other));
	OK(emulated_page_read(emulated.fd, IOVA + PAGE, buf, sizeof(buf)));
	TRUE(memory_holds(buf, sizeof(buf), 31));
	/* Pinned is pinned, but there is no address space to take more from. */
	EQ(OK(emulated_pin(emulated.fd, IOVA + PAGE, 1, DMA_RW)), 1);
	FAILS(ENODEV, emulated_pin(emulated.fd, IOVA, 1, DMA_RW));
	FAILS(EPERM, emulated_read(emulated.fd, IOVA, buf, sizeof(buf)));
	FAILS(EPERM, emulated_rw_from_kthread(emulated.fd, IOVA, buf, sizeof(buf), true));
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), DIFF(OTHER_MM_MAY_UNMAP) ? BYTES : 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}
