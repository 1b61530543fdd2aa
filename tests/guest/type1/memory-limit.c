// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that has little left of the memory of its cgroup. What a backend remembers must not be
 * why a call fails or why the kernel ends the process.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "cgroup.h"
#include "emulated.h"

/* Above what IOMMUs of arm64 keep for interrupts; edu reaches what is below 256 MiB. */
#define LARGE_IOVA	UINT64_C(0x9000000)
#define EDU_BYTES	(MIB(256) - LARGE_IOVA)

/* More than what the kernel counts ahead for a CPU, which makes cgroup_used() inexact. */
#define SLACK_BYTES	KIB(320)

#define RUN_BYTES	8

static void expect_dma(struct container *ct, int device, uint8_t *area, size_t offset, int seed)
{
	uint8_t *at = area + offset;
	struct edu edu;

	container_edu(ct, device, &edu);
	memory_fill(at, 1024, seed);
	memset(at + PAGE, 0, 1024);
	OK(edu_read_memory(&edu, LARGE_IOVA + offset, 1024));
	OK(edu_write_memory(&edu, LARGE_IOVA + offset + PAGE, 1024));
	TRUE(memory_holds(at + PAGE, 1024, seed));
	edu_close(&edu);
}

static void expect_dma_near_and_far(struct container *ct, int device, uint8_t *area, int seed)
{
	expect_dma(ct, device, area, 0, seed);
	expect_dma(ct, device, area, EDU_BYTES - 2 * PAGE, seed + 1);
}

/*
 * How much a cgroup needs for page tables for the memory: nothing where the kernel does not charge
 * them, that is, before iommu_map() can be told to.
 */
static size_t page_table_room(struct container *ct, uint8_t *area, size_t bytes, uint32_t flags)
{
	long long used = cgroup_used(), more;

	OK(dma_map(ct->fd, area, LARGE_IOVA, bytes, flags));
	more = cgroup_used() - used;
	if (env.backend == NG)
		more -= bytes / PAGE * RUN_BYTES;
	EQ(OK(dma_unmap(ct->fd, LARGE_IOVA, bytes)), bytes);
	ktap_diag("page tables cost the cgroup %lld KiB", more / 1024);
	return more < (long long)(bytes / PAGE * RUN_BYTES / 2) ? 0 : more + SLACK_BYTES;
}

/* Run fn in the cgroup, for a container with the first device's group. */
static void run_in_cgroup(void (*fn)(void *arg), void *arg, struct container *ct)
{
	NEED_DEVICES(1);
	cgroup_make();
	container_make(ct, 0, 1, TYPE1V2);
	process_join(process_start(fn, arg));
	cgroup_remove();
	container_close(ct);
}

struct at_limit {
	struct container *ct;
	size_t bytes;
	size_t room;		/* bytes beyond what page tables need */
};

/* Twice, as what was forgotten once must not be missed later. */
static void map_at_limit(void *arg)
{
	struct at_limit *limit = arg;
	struct container *ct = limit->ct;
	struct fault_rule rule = fault_join_incompatible();
	struct pin_counts before, after;
	size_t tables, bytes = limit->bytes;
	uint8_t *area;
	int i;

	cgroup_enter();
	area = memory_scattered_pages(bytes);
	TRUE(area);
	tables = page_table_room(ct, area, bytes, DMA_RW);

	for (i = 0; i < 2; i++) {
		pin_counts_read(&before);
		cgroup_leave(tables + limit->room);
		OK(dma_map(ct->fd, area, LARGE_IOVA, bytes, DMA_RW));
		cgroup_unlimit();
		EQ(locked_pages(), bytes / PAGE);
		expect_dma_near_and_far(ct, 0, area, 10 + i);

		/* A second domain needs as much again. */
		OK(fault_arm(&rule, 1));
		cgroup_leave(tables + limit->room);
		container_add(ct, 1);
		cgroup_unlimit();
		fault_disarm();
		expect_dma_near_and_far(ct, 1, area, 20 + i);

		EQ(OK(dma_unmap(ct->fd, LARGE_IOVA, bytes)), bytes);
		EQ(locked_pages(), 0);
		container_remove(ct, 1);
		pin_counts_read(&after);
		EQ(after.acquired - before.acquired, after.released - before.released);
	}
}

static void expect_mapped_at_limit(size_t bytes, size_t room)
{
	struct container ct;
	struct at_limit limit = { .ct = &ct, .bytes = bytes, .room = room };

	NEED_DEVICES(2);
	need_faults();
	run_in_cgroup(map_at_limit, &limit, &ct);
}

TEST(scattered_memory_is_mapped_though_its_cgroup_is_full, .seconds = 240)
{
	expect_mapped_at_limit(MIB(256), KIB(64));
}

/* Half of it can be remembered. */
TEST(scattered_memory_is_mapped_though_its_cgroup_is_almost_full, .seconds = 240)
{
	expect_mapped_at_limit(MIB(256), KIB(256));
}

/* Ordinary pages and the zero page. */
static uint8_t *mixed_memory(size_t bytes)
{
	uint8_t *area = memory_scattered_pages(bytes);
	size_t i;

	for (i = 8; area && i + 8 < bytes / PAGE; i += 16)
		if (mmap(area + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			return NULL;
	return area;
}

static void map_for_reading_at_limit(void *arg)
{
	struct container *ct = arg;
	const size_t bytes = MIB(256);
	struct pin_counts before, after;
	size_t tables;
	uint8_t *area;

	cgroup_enter();
	area = mixed_memory(bytes);
	TRUE(area);
	tables = page_table_room(ct, area, bytes, DMA_READ);
	pin_counts_read(&before);
	cgroup_leave(tables + KIB(64));
	OK(dma_map(ct->fd, area, LARGE_IOVA, bytes, DMA_READ));
	cgroup_unlimit();
	EQ(OK(dma_unmap(ct->fd, LARGE_IOVA, bytes)), bytes);
	EQ(locked_pages(), 0);
	pin_counts_read(&after);
	EQ(after.acquired - before.acquired, after.released - before.released);
}

TEST(memory_partly_never_written_to_is_mapped_though_its_cgroup_is_full, .seconds = 120)
{
	struct container ct;

	run_in_cgroup(map_for_reading_at_limit, &ct, &ct);
}

/* --- many small things, for which stock charges nobody --- */

#define SMALL_MAPPINGS	4000

/* Map those small mappings that are the last page of a table of the IOMMU's, or the others. */
static void map_small(struct container *ct, uint8_t *area, bool last)
{
	int i;

	for (i = 0; i < SMALL_MAPPINGS; i++)
		if ((i % 512 == 511 || i == SMALL_MAPPINGS - 1) == last)
			OK(dma_map(ct->fd, area + i * PAGE, LARGE_IOVA + i * PAGE, PAGE, DMA_RW));
}

/* Page tables, for which stock may be charged, too, are there before memory is short. */
static void map_small_pieces(void *arg)
{
	struct container *ct = arg;
	uint8_t *area;

	cgroup_enter();
	area = memory_small_pages(SMALL_MAPPINGS * PAGE);
	TRUE(area);
	map_small(ct, area, true);
	cgroup_leave(iommu_is_virtio() ? MIB(1) : KIB(64));
	map_small(ct, area, false);
	OK(dirty_tracking(ct->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	EQ(OK(dma_unmap(ct->fd, LARGE_IOVA, SMALL_MAPPINGS / 2 * PAGE)), SMALL_MAPPINGS / 2 * PAGE);
	OK(dirty_tracking(ct->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	EQ(OK(dma_unmap(ct->fd, LARGE_IOVA + SMALL_MAPPINGS / 2 * PAGE, SMALL_MAPPINGS / 2 * PAGE)),
	   SMALL_MAPPINGS / 2 * PAGE);
	cgroup_unlimit();
}

TEST(many_mappings_are_made_though_their_cgroup_is_full, .seconds = 120)
{
	struct container ct;

	run_in_cgroup(map_small_pieces, &ct, &ct);
}

/* Pages that a driver pins far apart, so that an index of them is as large as it gets. */
#define FAR_PINS	2000
#define FAR_BYTES	MIB(2)

struct pin_far {
	struct container *ct;
	int fd;
};

static void pin_far_apart(void *arg)
{
	struct pin_far *far = arg;
	uint8_t *page;
	int i;

	cgroup_enter();
	page = mmap(NULL, FAR_PINS * FAR_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	TRUE(page != MAP_FAILED);
	madvise(page, FAR_PINS * FAR_BYTES, MADV_NOHUGEPAGE);
	for (i = 0; i < FAR_PINS; i++)
		page[i * FAR_BYTES] = 1;
	OK(dma_map(far->ct->fd, page, LARGE_IOVA, FAR_PINS * FAR_BYTES, DMA_RW));

	cgroup_leave(KIB(16));
	for (i = 0; i < FAR_PINS; i++)
		EQ(OK(emulated_pin(far->fd, LARGE_IOVA + i * FAR_BYTES, 1, DMA_RW)), 1);
	for (i = 0; i < FAR_PINS; i++)
		OK(emulated_unpin(far->fd, LARGE_IOVA + i * FAR_BYTES, 1));
	cgroup_unlimit();
	EQ(OK(dma_unmap(far->ct->fd, LARGE_IOVA, FAR_PINS * FAR_BYTES)), FAR_PINS * FAR_BYTES);
}

TEST(pages_are_pinned_far_apart_though_their_cgroup_is_full, .seconds = 120)
{
	struct emulated emulated;
	struct container ct;
	struct pin_far far = { .ct = &ct };

	cgroup_make();
	emulated_make(&ct, &emulated, TYPE1V2);
	far.fd = emulated.fd;
	process_join(process_start(pin_far_apart, &far));
	cgroup_remove();
	container_close(&ct);
}
