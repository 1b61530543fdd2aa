// SPDX-License-Identifier: GPL-2.0-only
/* Devices with and without an IOMMU in one container: what is pinned and charged when either kind comes or goes. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/file.h"
#include "../lib/kmsg.h"
#include "emulated.h"

#define HELD	3

/* A container with a device that has no IOMMU, a mapping, and HELD pages of it pinned. */
static void make(struct container *ct, struct emulated *emulated, uint8_t **area)
{
	*area = emulated_make_mapped(ct, emulated);
	EQ(OK(emulated_pin(emulated->fd, IOVA, HELD, DMA_RW)), HELD);
	EQ(locked_pages(), HELD);
}

static void expect_dma(struct container *ct, int device, uint8_t *area)
{
	struct edu edu;

	container_edu(ct, device, &edu);
	memory_fill(area + PAGE, 1024, 8);
	OK(edu_read_memory(&edu, IOVA + PAGE, 1024));
	OK(edu_write_memory(&edu, IOVA + BYTES - PAGE, 1024));
	TRUE(memory_holds(area + BYTES - PAGE, 1024, 8));
	edu_close(&edu);
}

TEST(first_domain_pins_and_charges_what_is_mapped)
{
	struct emulated emulated;
	struct type1_info info;
	struct container ct;
	uint8_t *area;

	NEED_DEVICES(1);
	make(&ct, &emulated, &area);
	container_add(&ct, 0);
	EQ(locked_pages(), PAGES);
	expect_dma(&ct, 0, area);
	OK(type1_get_info(ct.fd, &info));
	TRUE(info.nr_ranges > 0);
	EQ(container_check_extension(ct.fd, VFIO_UPDATE_VADDR), 0);

	/* With a domain, a pin costs nothing. */
	EQ(OK(emulated_pin(emulated.fd, IOVA, PAGES, DMA_RW)), PAGES);
	EQ(locked_pages(), PAGES);
	OK(emulated_unpin(emulated.fd, IOVA, PAGES));
	OK(emulated_unpin(emulated.fd, IOVA, HELD));
	EQ(locked_pages(), PAGES);
	EQ(emulated_times_told(&emulated), 0);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(last_domain_takes_what_nobody_holds)
{
	struct emulated emulated;
	struct type1_info info;
	struct container ct;
	uint8_t *area, buf[64];
	int i;

	NEED_DEVICES(1);
	make(&ct, &emulated, &area);
	for (i = 0; i < 3; i++) {
		container_add(&ct, 0);
		EQ(locked_pages(), PAGES);
		container_remove(&ct, 0);
		EQ(locked_pages(), HELD);
		EQ(container_mappings(&ct), 1);
	}
	/* Once there was a domain, there is a list of what may be mapped. */
	OK(type1_get_info(ct.fd, &info));
	EQ(info.nr_ranges, 1);
	EQ(info.range[0].first, 0);
	EQ(info.range[0].last, UINT64_MAX);

	memory_fill(area, sizeof(buf), 4);
	OK(emulated_page_read(emulated.fd, IOVA, buf, sizeof(buf)));
	TRUE(memory_holds(buf, sizeof(buf), 4));
	EQ(OK(emulated_pin(emulated.fd, IOVA + 8 * PAGE, 2, DMA_RW)), 2);
	EQ(locked_pages(), HELD + 2);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(pins_made_with_a_domain_are_charged_when_it_goes)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	emulated_add(&ct, &emulated, 0);
	EQ(OK(emulated_pin(emulated.fd, IOVA + PAGE, 5, DMA_RW)), 5);
	EQ(locked_pages(), PAGES);
	container_remove(&ct, 0);
	EQ(locked_pages(), 5);
	OK(emulated_unpin(emulated.fd, IOVA + PAGE, 2));
	EQ(locked_pages(), 3);
	container_add(&ct, 0);
	EQ(locked_pages(), PAGES);
	emulated_remove(&emulated);
	EQ(locked_pages(), PAGES);
	EQ(container_mappings(&ct), 1);
	expect_dma(&ct, 0, area);
	container_close(&ct);
}

TEST(two_domains_and_an_emulated_device)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	container_two_domains(&ct, 0, 1);
	emulated_add(&ct, &emulated, 0);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, HELD, DMA_RW)), HELD);
	EQ(locked_pages(), PAGES);
	container_remove(&ct, 0);
	EQ(locked_pages(), PAGES);
	expect_dma(&ct, 1, area);
	container_remove(&ct, 1);
	EQ(locked_pages(), HELD);
	container_close(&ct);
}

/* --- a domain that cannot be --- */

TEST(group_that_cannot_reach_what_is_mapped_stays_out)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct type1_info info;
	struct container ct;

	NEED_DEVICES(1);
	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, MSI_WINDOW, BYTES, DMA_RW));
	/* Nor is what it reserves remembered as somebody's. */
	FAILS(EINVAL, container_try_add(&ct, 0));
	FAILS(EINVAL, container_try_add(&ct, 0));
	EQ(locked_pages(), 0);
	OK(type1_get_info(ct.fd, &info));
	EQ(info.nr_ranges, 0);
	EQ(OK(dma_unmap(ct.fd, MSI_WINDOW, BYTES)), BYTES);
	container_add(&ct, 0);
	FAILS(EINVAL, dma_map(ct.fd, area, MSI_WINDOW, BYTES, DMA_RW));
	container_close(&ct);
}

TEST(memory_that_is_not_there_keeps_a_group_out)
{
	uint8_t *area = memory_small_pages(BYTES), *hole = memory_hole(BYTES);
	struct emulated emulated;
	struct container ct;

	NEED_DEVICES(1);
	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	OK(dma_map(ct.fd, hole, IOVA + MIB(1), BYTES, DMA_RW));
	FAILS(EFAULT, container_try_add(&ct, 0));
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 2);
	OK(dma_unmap(ct.fd, IOVA + MIB(1), BYTES));
	container_add(&ct, 0);
	EQ(locked_pages(), PAGES);
	expect_dma(&ct, 0, area);
	container_close(&ct);
}

TEST(limit_keeps_a_group_out)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	NEED_DEVICES(1);
	emulated_make(&ct, &emulated, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(PAGES - 1);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	FAILS(ENOMEM, container_try_add(&ct, 0));
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* What is held is not counted twice on the way. */
TEST(limit_that_is_just_enough_lets_a_group_in)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	NEED_DEVICES(1);
	emulated_make(&ct, &emulated, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(PAGES);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, HELD, DMA_RW)), HELD);
	container_add(&ct, 0);
	EQ(locked_pages(), PAGES);
	container_remove(&ct, 0);
	EQ(locked_pages(), HELD);
	container_close(&ct);
}

/* What the driver has is the zero page then, and what the mapping has is the process's own page. */
TEST(page_pinned_before_it_was_written_to_is_charged_later, .not_on_stock = "its count of locked pages falls below zero")
{
	uint8_t *area = mmap(NULL, PAGE * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct emulated emulated;
	struct container ct;

	NEED_DEVICES(1);
	madvise(area, PAGE * 4, MADV_NOHUGEPAGE);
	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_READ));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 2, DMA_READ)), 2);
	memset(area, 1, PAGE * 4);
	container_add(&ct, 0);
	EQ(locked_pages(), 4);
	container_close(&ct);
}

/*
 * What was mapped is not the owner's own memory (here, another device's registers), so it is not charged; what the driver pins
 * at the same address later is. It has to be charged when the domain goes, and taking a group out cannot be refused.
 */
TEST(pins_are_charged_beyond_the_limit_when_a_domain_goes)
{
	uint8_t *locked = memory_small_pages(PAGE * HELD), *area;
	struct container ct, other;
	struct emulated emulated;
	struct edu target;

	NEED_DEVICES(2);
	container_make(&other, 1, 1, TYPE1V2);
	container_edu(&other, 1, &target);
	drop_ipc_lock();
	limit_locked_pages(HELD);
	/* Stock's count does not fall below zero then, which the kernel would warn of. */
	OK(mlock(locked, PAGE * HELD) ? -errno : 0);

	container_make(&ct, 0, 1, TYPE1V2);
	area = mmap(NULL, PAGE * HELD, PROT_READ | PROT_WRITE, MAP_SHARED, target.fd, target.bar_offset);
	TRUE(area != MAP_FAILED);
	OK(dma_map(ct.fd, area, IOVA, PAGE * HELD, DMA_RW));
	TRUE(mmap(area, PAGE * HELD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	emulated_add(&ct, &emulated, 0);

	EQ(OK(emulated_pin(emulated.fd, IOVA, HELD, DMA_RW)), HELD);
	EQ(locked_pages(), HELD);
	container_remove(&ct, 0);
	EQ(locked_pages(), HELD + HELD * DIFF(PINS_ARE_CHARGED_BEYOND_THE_LIMIT));
	OK(emulated_unpin(emulated.fd, IOVA, HELD));
	EQ(locked_pages(), HELD * DIFF(PINS_ARE_CHARGED_BEYOND_THE_LIMIT));
	OK(munlock(locked, PAGE * HELD) ? -errno : 0);
	container_close(&ct);
	edu_close(&target);
	container_close(&other);
}

TEST(failed_first_domain_leaves_what_is_held, .not_on_stock = "stock loses count of pages that are pinned twice")
{
	struct emulated emulated;
	struct container ct;
	unsigned int nth;
	uint8_t *area;

	NEED_DEVICES(1);
	make(&ct, &emulated, &area);
	OK(dma_map(ct.fd, area, IOVA + MIB(1), BYTES, DMA_RW));
	/* Page by page, so that the first two fail in one mapping, the others in the next. */
	OK(module_param_set(env.module, "disable_hugepages", "Y"));
	for (nth = 1; nth <= 2 * PAGES; nth += PAGES / 2) {
		fault("iommu_map", nth, 1, -EIO);
		FAILS(EIO, container_try_add(&ct, 0));
		EQ(fault_hits(0), 1);
		fault_disarm();
		EQ(locked_pages(), HELD);
		EQ(emulated_held(&emulated), HELD);
		EQ(container_mappings(&ct), 2);
	}
	container_add(&ct, 0);
	EQ(locked_pages(), 2 * PAGES);
	expect_dma(&ct, 0, area);
	container_remove(&ct, 0);
	EQ(locked_pages(), HELD);
	container_close(&ct);
}

TEST(user_addresses_cannot_change_under_an_emulated_device)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .flags = VFIO_DMA_UNMAP_FLAG_VADDR, .iova = IOVA, .size = BYTES,
	};
	struct emulated emulated;
	struct container ct;
	uint8_t *area;

	NEED_DEVICES(1);
	make(&ct, &emulated, &area);
	FAILS(DIFF(UPDATE_VADDR) ? EBUSY : EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	unmap.iova++;
	FAILS(DIFF(UPDATE_VADDR) ? EBUSY : EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	unmap.iova--;
	container_add(&ct, 0);
	FAILS(DIFF(UPDATE_VADDR) ? EBUSY : EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	emulated_remove(&emulated);
	FAILS(DIFF(UPDATE_VADDR) ? 0 : EINVAL, raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	/* And the other way round: a device that looks at addresses stays out while some are invalid. */
	emulated.group = OK(group_open(emulated_group(0)));
	FAILS(DIFF(UPDATE_VADDR) ? EBUSY : 0, group_set_container(emulated.group, ct.fd));
	container_close(&ct);
}

/* The parameter is read when memory is pinned, whoever makes that happen. */
TEST(first_domain_maps_page_by_page_if_told_to)
{
	uint8_t *area = memory_huge_pages(MIB(2));
	struct emulated emulated;
	struct counts before;
	struct container ct;

	NEED_DEVICES(1);
	if (memory_huge_bytes(area) < MIB(2))
		test_skip("no huge page to be had");
	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, MIB(32), MIB(2), DMA_RW));
	counters_read(&before);
	container_add(&ct, 0);
	/* One, and what stock tries out on a new domain. */
	TRUE(counters_since(&before, COUNT_MAP) <= 2);
	container_remove(&ct, 0);

	OK(module_param_set(env.module, "disable_hugepages", "Y"));
	counters_read(&before);
	container_add(&ct, 0);
	TRUE(counters_since(&before, COUNT_MAP) >= MIB(2) / PAGE);
	EQ(locked_pages(), MIB(2) / PAGE);
	container_remove(&ct, 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* --- a device without an IOMMU of its own that relies on another's --- */

#define TRANSLATED "/sys/module/ng_emulated/parameters/translated"

/* Of the two ways into a container, both: with the driver to be chosen, and with one there. */
TEST(mdev_that_relies_on_another_iommu_is_refused)
{
	const char *const words[] = { "relies on the IOMMU of another device", NULL };
	int number = emulated_group(0);
	int reader, group, first, second;
	struct container ct;
	char line[256];

	NEED_DEVICES(1);
	if (number < 0 || file_write(TRANSLATED, "0"))
		test_skip("this kernel has no mdev that could rely on another IOMMU");
	reader = OK(kmsg_open());
	container_init(&ct);
	group = OK(group_open(number));
	OK(group_set_container(group, ct.fd));
	first = container_set_iommu(ct.fd, TYPE1V2);
	OK(group_unset_container(group));
	container_add(&ct, 0);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	second = group_set_container(group, ct.fd);
	OK(file_write(TRANSLATED, "-1"));

	FAILS(DIFF(MDEV_ON_ANOTHER_IOMMU_IS_REFUSED), first);
	FAILS(DIFF(MDEV_ON_ANOTHER_IOMMU_IS_REFUSED), second);
	EQ(kmsg_find(reader, words, line, sizeof(line)), env.backend == NG);
	if (second)
		OK(group_set_container(group, ct.fd));
	container_close(&ct);
}

/* --- who mapped and who adds a group --- */

struct other {
	struct container *ct;
	struct emulated *emulated;
};

static void add_group_and_copy(void *arg)
{
	struct other *other = arg;
	struct edu edu;

	FAILS(DIFF(PINNED_BY_WHO_MAPPED) ? 0 : EFAULT, container_try_add(other->ct, 0));
	EQ(locked_pages(), 0);
	if (!DIFF(PINNED_BY_WHO_MAPPED))
		return;
	container_edu(other->ct, 0, &edu);
	OK(edu_read_memory(&edu, IOVA + PAGE, 1024));
	OK(edu_write_memory(&edu, IOVA + BYTES - PAGE, 1024));
	edu_close(&edu);
}

/* A process that has nothing at those addresses adds the group. */
TEST(first_domain_pins_the_memory_of_who_mapped)
{
	struct emulated emulated;
	struct container ct;
	struct other other = { &ct, &emulated };
	uint8_t *area;

	NEED_DEVICES(1);
	area = emulated_make_mapped(&ct, &emulated);
	OK(madvise(area, BYTES, MADV_DONTFORK) ? -errno : 0);
	memory_fill(area + PAGE, 1024, 9);
	process_join(process_start(add_group_and_copy, &other));
	if (DIFF(PINNED_BY_WHO_MAPPED))
		TRUE(memory_holds(area + BYTES - PAGE, 1024, 9));
	/* Its group has left with it. */
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 1);
	container_close(&ct);
}

static void map_and_pin(void *arg)
{
	struct other *other = arg;
	uint8_t *area = memory_small_pages(BYTES);

	memory_fill(area, 64, 10);
	OK(dma_map(other->ct->fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(other->emulated->fd, IOVA, HELD, DMA_RW)), HELD);
	EQ(locked_pages(), PAGES);
	_exit(0);
}

TEST(last_domain_goes_after_who_mapped_is_gone)
{
	struct emulated emulated;
	struct container ct;
	struct other other = { &ct, &emulated };
	uint8_t buf[64];

	NEED_DEVICES(1);
	container_make(&ct, 0, 1, TYPE1V2);
	emulated_add(&ct, &emulated, 0);
	process_join(process_start(map_and_pin, &other));
	container_remove(&ct, 0);
	EQ(container_mappings(&ct), 1);
	EQ(locked_pages(), 0);
	OK(emulated_page_read(emulated.fd, IOVA, buf, sizeof(buf)));
	TRUE(memory_holds(buf, sizeof(buf), 10));
	OK(emulated_unpin(emulated.fd, IOVA, HELD));
	EQ(emulated_held(&emulated), 0);
	container_close(&ct);
	EQ(locked_pages(), 0);
}

static void map_and_end(void *arg)
{
	struct other *other = arg;

	OK(dma_map(other->ct->fd, memory_small_pages(BYTES), IOVA, BYTES, DMA_RW));
}

TEST(memory_of_who_is_gone_keeps_a_group_out, .not_on_stock = "it looks in the wrong process")
{
	struct emulated emulated;
	struct container ct;
	struct other other = { &ct, &emulated };

	NEED_DEVICES(1);
	emulated_make(&ct, &emulated, TYPE1V2);
	process_join(process_start(map_and_end, &other));
	FAILS(ENODEV, container_try_add(&ct, 0));
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	container_add(&ct, 0);
	container_close(&ct);
}
