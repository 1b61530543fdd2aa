// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel remembers about mappings: how much memory that takes, and who pays for it. */
#include <stdio.h>
#include <unistd.h>

#include "../lib/file.h"
#include "cgroup.h"
#include "emulated.h"

/* Of stock, which does not remember what a mapping consists of; a run is what ours remembers. */
#define STOCK_MAPPING_BYTES	97
#define RUN_BYTES		8
/* What virtio-iommu's driver remembers about a mapping by itself. */
#define VIRTIO_BYTES		64

/* Above the addresses that IOMMUs of arm64 keep for interrupts. */
#define LARGE_IOVA		GIB(4)

/* Kernel memory is counted in pages, and per CPU, before it is added up. */
#define SLACK_BYTES		(40 * PAGE)

/* A kernel that checks its own memory takes more of it. */
static void need_plain_slabs(void)
{
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		test_skip("a debug kernel's slabs are larger");
}

/* With what the kernel has counted for each CPU so far. */
static long long slab_bytes(void)
{
	file_write("/proc/sys/vm/stat_refresh", "1");
	return OK(file_read_key("/proc/meminfo", "SUnreclaim:")) * 1024;
}

TEST(small_mapping_takes_as_much_memory_as_stocks_and_a_run, .not_on_stock = "it is what ours is compared with")
{
	const int n = 20000;
	uint8_t *area = memory_small_pages(n * PAGE);
	struct container ct;
	long long before, bytes, each;
	int i;

	need_plain_slabs();
	TRUE(area);
	container_make(&ct, 0, 1, TYPE1V2);
	before = slab_bytes();
	for (i = 0; i < n; i++)
		OK(dma_map(ct.fd, area + i * PAGE, LARGE_IOVA + i * PAGE, PAGE, DMA_RW));
	bytes = slab_bytes() - before;
	ktap_diag("%lld bytes a mapping", bytes / n);
	each = STOCK_MAPPING_BYTES + RUN_BYTES + (iommu_is_virtio() ? VIRTIO_BYTES : 0);
	TRUE(bytes <= n * each + (long long)SLACK_BYTES);
	EQ(OK(dma_unmap(ct.fd, LARGE_IOVA, n * PAGE)), n * PAGE);
	container_close(&ct);
}

/* --- memory cgroups --- */

/*
 * Small objects that the kernel has allocated for those in the cgroup. The kernel brings its counts up to date every two
 * seconds (FLUSH_TIME of mm/memcontrol.c, in 6.1 and 7.3 at the least); until then some dozens of pages may be missing.
 */
static long long charged_bytes(void)
{
	sleep(5);
	return OK(file_read_key(CGROUP "/memory.stat", "slab_unreclaimable"));
}

static void map_scattered_in_cgroup(void *arg)
{
	const size_t pages = PAGE > KIB(16) ? GIB(1) / PAGE : 65536;
	struct container *ct = arg;
	long long before, bytes;
	uint8_t *area;

	cgroup_enter();
	area = memory_scattered_pages(pages * PAGE);
	TRUE(area);

	before = charged_bytes();
	OK(dma_map(ct->fd, area, LARGE_IOVA, pages * PAGE, DMA_RW));
	bytes = charged_bytes() - before;
	ktap_diag("%zu pages that are nowhere contiguous: %lld bytes", pages, bytes);
	TRUE(bytes >= (long long)(pages * RUN_BYTES - SLACK_BYTES));
	/* In a page full of runs, the place of two is not used for them. */
	TRUE(bytes <= (long long)(pages * RUN_BYTES + pages * RUN_BYTES / 255 + SLACK_BYTES));

	EQ(OK(dma_unmap(ct->fd, LARGE_IOVA, pages * PAGE)), pages * PAGE);
	TRUE(charged_bytes() - before <= (long long)SLACK_BYTES);
}

TEST(scattered_memory_costs_8_bytes_a_page_and_its_user_pays, .seconds = 120, .not_on_stock = "it remembers nothing")
{
	struct container ct;

	need_plain_slabs();
	cgroup_make();
	container_make(&ct, 0, 1, TYPE1V2);
	process_join(process_start(map_scattered_in_cgroup, &ct));
	cgroup_remove();
	container_close(&ct);
}

/* --- tracking --- */

/* The same memory at many addresses, whose bitmaps would take 2 MiB. */
#define TRACKED_BYTES	MIB(64)
#define TRACKED_TIMES	1024

static long long bytes_to_track(struct container *ct, uint8_t *area, const struct emulated *driver)
{
	long long before, bytes;
	int i;

	for (i = 0; i < TRACKED_TIMES; i++)
		OK(dma_map(ct->fd, area, LARGE_IOVA + i * TRACKED_BYTES, TRACKED_BYTES, DMA_RW));
	before = slab_bytes();
	OK(dirty_tracking(ct->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	for (i = 0; driver && i < TRACKED_TIMES; i++)
		OK(emulated_write(driver->fd, LARGE_IOVA + i * TRACKED_BYTES, &before, sizeof(before)));
	bytes = slab_bytes() - before;
	OK(dirty_tracking(ct->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	return bytes;
}

/* What a driver writes has to be remembered, which shows that bitmaps would be seen. */
TEST(tracking_of_devices_behind_an_iommu_takes_no_bitmaps,
     .not_on_stock = "it makes a bitmap for every mapping")
{
	uint8_t *area = memory_huge_pages(TRACKED_BYTES);
	struct emulated emulated;
	long long bytes;
	struct container ct;

	need_plain_slabs();
	container_make(&ct, 0, 1, TYPE1V2);
	bytes = bytes_to_track(&ct, area, NULL);
	container_close(&ct);
	ktap_diag("%lld bytes for a device behind an IOMMU", bytes);
	TRUE(bytes <= (long long)SLACK_BYTES);

	emulated_make(&ct, &emulated, TYPE1V2);
	bytes = bytes_to_track(&ct, area, &emulated);
	container_close(&ct);
	ktap_diag("%lld bytes for a device without one", bytes);
	TRUE(bytes > (long long)(TRACKED_BYTES * TRACKED_TIMES / PAGE / 8 - SLACK_BYTES));
}
