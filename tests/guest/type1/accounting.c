// SPDX-License-Identifier: GPL-2.0-only
/* Locked-memory accounting: what is charged, RLIMIT_MEMLOCK, CAP_IPC_LOCK. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/kmsg.h"
#include "test.h"

TEST(charge_equals_the_pages_mapped)
{
	uint8_t *area = memory_small_pages(PAGE * 100);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	EQ(locked_pages(), 0);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 60, DMA_RW));
	EQ(locked_pages(), 60);
	OK(dma_map(ct.fd, area + PAGE * 60, IOVA + PAGE * 256, PAGE * 40, DMA_READ));
	EQ(locked_pages(), 100);
	OK(dma_unmap(ct.fd, IOVA, PAGE * 60));
	EQ(locked_pages(), 40);
	OK(dma_unmap(ct.fd, IOVA + PAGE * 256, PAGE * 40));
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(page_mapped_twice_is_charged_twice)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA + MIB(1), PAGE * 4, DMA_RW));
	EQ(locked_pages(), 8);
	OK(dma_unmap(ct.fd, IOVA, PAGE * 4));
	EQ(locked_pages(), 4);
	container_close(&ct);
}

TEST(page_mapped_in_two_containers_is_charged_twice)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container a, b;

	container_make(&a, 0, 1, TYPE1V2);
	container_make(&b, 1, 1, TYPE1V2);
	OK(dma_map(a.fd, area, IOVA, PAGE * 4, DMA_RW));
	OK(dma_map(b.fd, area, IOVA, PAGE * 4, DMA_RW));
	EQ(locked_pages(), 8);
	container_close(&a);
	EQ(locked_pages(), 4);
	container_close(&b);
	EQ(locked_pages(), 0);
}

TEST(groups_that_join_charge_nothing)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	if (nr_devices > 1)
		container_add(&ct, 1);
	EQ(locked_pages(), 4);
	container_close(&ct);
}

TEST(two_domains_charge_once)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	struct container ct;

	container_two_domains(&ct, 0, 1);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 8, DMA_RW));
	EQ(locked_pages(), 8);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 8)), PAGE * 8);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(huge_pages_are_charged_in_small_ones)
{
	uint8_t *area = memory_huge_pages(MIB(4));
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, MIB(4), DMA_RW));
	EQ(locked_pages(), MIB(4) / PAGE);
	container_close(&ct);
}

/* Read-only mapping of memory nobody wrote to: the zero page is free, a page of one's own is not. */
TEST(untouched_memory_mapped_read_only)
{
	uint8_t *area = mmap(NULL, PAGE * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct container ct;

	madvise(area, PAGE * 4, MADV_NOHUGEPAGE);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_READ));
	EQ(locked_pages(), env.facts & FACT_PINS_OWN_PAGES ? 4 : 0);
	test_same_on_both("untouched_read_only", "%lld", locked_pages());
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 4)), PAGE * 4);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(zero_page_can_be_mapped_any_number_of_times)
{
	uint8_t *area = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct container ct;
	int i;

	madvise(area, PAGE, MADV_NOHUGEPAGE);
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 2000; i++) {
		OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_READ));
		OK(dma_unmap(ct.fd, IOVA, PAGE));
	}
	container_close(&ct);
}

/* A page of one's own, and then many that do not count where they are the zero page: neither the charge nor the limit is theirs. */
TEST(untouched_memory_behind_other_memory)
{
	const size_t pages = 2048;
	uint8_t *area = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const bool all_count = env.facts & FACT_PINS_OWN_PAGES;
	struct container ct;

	madvise(area, pages * PAGE, MADV_NOHUGEPAGE);
	area[0] = 1;
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, pages * PAGE, DMA_READ));
	EQ(locked_pages(), all_count ? pages : 1);
	OK(dma_unmap(ct.fd, IOVA, pages * PAGE));
	EQ(locked_pages(), 0);

	drop_ipc_lock();
	limit_locked_pages(1);
	FAILS(all_count ? ENOMEM : 0, dma_map(ct.fd, area, IOVA, pages * PAGE, DMA_READ));
	EQ(locked_pages(), all_count ? 0 : 1);
	container_close(&ct);
}

/* --- the limit --- */

TEST(limit_is_reached_exactly)
{
	uint8_t *area = memory_small_pages(PAGE * 16);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(16);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 16, DMA_RW));
	EQ(locked_pages(), 16);
	container_close(&ct);
}

TEST(one_page_over_the_limit_is_enomem_and_leaves_nothing)
{
	uint8_t *area = memory_small_pages(PAGE * 17);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(16);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, PAGE * 17, DMA_RW));
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 10, DMA_RW));
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA + MIB(1), PAGE * 7, DMA_RW));
	EQ(locked_pages(), 10);
	OK(dma_map(ct.fd, area, IOVA + MIB(1), PAGE * 6, DMA_RW));
	EQ(locked_pages(), 16);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA + MIB(2), PAGE, DMA_RW));
	container_close(&ct);
}

TEST(limit_of_scattered_and_of_huge_memory)
{
	uint8_t *small = memory_small_pages(PAGE * 2000), *huge = memory_huge_pages(MIB(8));
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(1999);
	FAILS(ENOMEM, dma_map(ct.fd, small, IOVA, PAGE * 2000, DMA_RW));
	FAILS(ENOMEM, dma_map(ct.fd, huge, IOVA, MIB(8), DMA_RW));
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	OK(dma_map(ct.fd, small, IOVA, PAGE * 1999, DMA_RW));
	OK(dma_unmap(ct.fd, IOVA, PAGE * 1999));
	OK(dma_map(ct.fd, huge, IOVA, MIB(6), DMA_RW));
	container_close(&ct);
}

/* Large calls are charged in parts. */
TEST(limit_of_large_calls_is_exact)
{
	const unsigned long pages = MIB(80) / PAGE;
	uint8_t *area = memory_small_pages((pages + 1) * PAGE);
	struct container ct;

	TRUE(area);
	drop_ipc_lock();
	limit_locked_pages(pages);
	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, (pages + 1) * PAGE, DMA_RW));
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	OK(dma_map(ct.fd, area, IOVA, pages * PAGE, DMA_RW));
	EQ(locked_pages(), pages);
	FAILS(ENOMEM, dma_map(ct.fd, area, GIB(8), PAGE, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, IOVA, pages * PAGE)), pages * PAGE);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(limit_0_allows_nothing)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(0);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	container_close(&ct);
}

TEST(limit_counts_what_mlock_locked)
{
	uint8_t *locked = memory_small_pages(PAGE * 4), *area = memory_small_pages(PAGE * 8);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(8);
	OK(mlock(locked, PAGE * 4) ? -errno : 0);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, PAGE * 5, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	EQ(locked_pages(), 8);
	OK(munlock(locked, PAGE * 4) ? -errno : 0);
	EQ(locked_pages(), 4);
	container_close(&ct);
}

TEST(cap_ipc_lock_lifts_the_limit_but_still_charges)
{
	uint8_t *area = memory_small_pages(PAGE * 32);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	limit_locked_pages(4);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 32, DMA_RW));
	EQ(locked_pages(), 32);
	container_close(&ct);
}

/* The capability counts at the time of the call, for what that call maps. */
TEST(dropping_the_capability_keeps_mappings_and_limits_new_ones)
{
	uint8_t *area = memory_small_pages(PAGE * 32);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	limit_locked_pages(4);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 16, DMA_RW));
	drop_ipc_lock();
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA + MIB(1), PAGE, DMA_RW));
	EQ(locked_pages(), 16);
	OK(dma_unmap(ct.fd, IOVA, PAGE * 16));
	EQ(locked_pages(), 0);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	container_close(&ct);
}

TEST(limit_is_read_at_every_call)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(8);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	limit_locked_pages(3);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA + MIB(1), PAGE, DMA_RW));
	EQ(locked_pages(), 4);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 4)), PAGE * 4);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 3, DMA_RW));
	container_close(&ct);
}

static void raise_limit_of_parent(void *arg)
{
	const rlim_t bytes = *(unsigned long *)arg * PAGE;
	const struct rlimit limit = { bytes, bytes };

	OK(prlimit(getppid(), RLIMIT_MEMLOCK, &limit, NULL) ? -errno : 0);
}

/* As libvirt does it for a virtual machine that gets a device later. */
TEST(limit_raised_by_another_process_counts_at_once)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	unsigned long pages = 6;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(2);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, PAGE * 6, DMA_RW));
	process_join(process_start(raise_limit_of_parent, &pages));
	OK(dma_map(ct.fd, area, IOVA, PAGE * 6, DMA_RW));
	EQ(locked_pages(), 6);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA + MIB(1), PAGE, DMA_RW));
	container_close(&ct);
}

/* Ours limits the rate of its messages to ten in five seconds, which the tests before may have used up. */
TEST(exceeding_the_limit_is_logged_with_its_name)
{
	static const char *const words[] = { "RLIMIT_MEMLOCK", NULL };
	uint8_t *area = memory_small_pages(PAGE * 8);
	unsigned int seconds = 0;
	struct container ct;
	char line[256];
	int reader;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(2);
	reader = OK(kmsg_open());
	do {
		TRUE(seconds < 10);
		seconds += sleep(1) == 0;
		FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, PAGE * 8, DMA_RW));
	} while (!kmsg_find(reader, words, line, sizeof(line)));
	container_close(&ct);
}

/* Memory that fails half way: what was pinned and charged before goes back. */
TEST(map_that_fails_half_way_leaves_nothing)
{
	const uint64_t base = IOVA + GIB(4);	/* beyond what low addresses reserve */
	uint8_t *area = memory_small_pages(PAGE * 3000);
	struct pin_counts before, after;
	struct container ct;
	static const int holes[] = { 1, 2, 511, 512, 513, 1024, 2999 };
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 7; i--;) {
		munmap(area + holes[i] * PAGE, PAGE);
		pin_counts_read(&before);
		FAILS(EFAULT, dma_map(ct.fd, area, base, PAGE * 3000, DMA_RW));
		pin_counts_read(&after);
		EQ(after.acquired - before.acquired, after.released - before.released);
		EQ(locked_pages(), 0);
		EQ(container_mappings(&ct), 0);
	}
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	container_close(&ct);
}
