// SPDX-License-Identifier: GPL-2.0-only
/* Dirty bitmaps in memory that cannot be written, or that takes its time; and several threads at once. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/slow-memory.h"
#include "test.h"

#define START	VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP	VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP

/* A tracking container with 4 pages mapped as pages 3 to 6 of the range. */
static void make(struct container *ct)
{
	container_make(ct, 0, 1, TYPE1V2);
	OK(dma_map(ct->fd, memory_small_pages(PAGE * 4), IOVA + PAGE * 3, PAGE * 4, DMA_RW));
	OK(dirty_tracking(ct->fd, START));
}

static int get(struct container *ct, void *words)
{
	return dirty_get(ct->fd, IOVA, PAGE * 64, (struct dirty_bitmap){ PAGE, 8, words });
}

TEST(dirty_get_into_bad_memory_is_efault)
{
	char *pages = memory_small_pages(PAGE * 2);
	struct container ct;

	make(&ct);
	mprotect(pages, PAGE, PROT_READ);
	munmap(pages + PAGE, PAGE);
	FAILS(EFAULT, get(&ct, pages));
	FAILS(EFAULT, get(&ct, pages + PAGE));
	FAILS(EFAULT, get(&ct, pages + PAGE - 4));
	FAILS(EFAULT, get(&ct, NULL));
	container_close(&ct);
}

/* The bits behind the mapping's last are clear, however often the bitmap could not be written before. */
TEST(dirty_get_after_a_failure_reports_exactly_the_same)
{
	uint64_t *word = memory_small_pages(PAGE);
	struct container ct;
	int i;

	make(&ct);
	*word = 0;
	mprotect(word, PAGE, PROT_READ);
	for (i = 0; i < 3; i++)
		FAILS(EFAULT, get(&ct, word));
	mprotect(word, PAGE, PROT_READ | PROT_WRITE);
	OK(get(&ct, word));
	REPEATED_WORD(*word, 0x78);
	*word = 0;
	OK(get(&ct, word));
	REPEATED_WORD(*word, 0x78);
	container_close(&ct);
}

TEST(dirty_get_of_two_mappings_of_which_one_cannot_be_written)
{
	const uint64_t apart = PAGE * 8 * PAGE;		/* a page of bitmap */
	uint8_t *words = memory_small_pages(PAGE * 2);
	const struct dirty_bitmap bitmap = { PAGE, PAGE * 2, words };
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA + apart, PAGE * 4, DMA_RW));
	OK(dirty_tracking(ct.fd, START));
	memset(words, 0, PAGE * 2);
	mprotect(words + PAGE, PAGE, PROT_NONE);
	FAILS(EFAULT, dirty_get(ct.fd, IOVA, apart + PAGE * 4, bitmap));
	EQ(words[0], 0xf);
	words[0] = 0;
	mprotect(words + PAGE, PAGE, PROT_READ | PROT_WRITE);
	OK(dirty_get(ct.fd, IOVA, apart + PAGE * 4, bitmap));
	EQ(words[0], 0xf);
	EQ(words[PAGE], 0xf);
	container_close(&ct);
}

/* --- memory that faults until somebody lets it --- */

struct slow_page {
	struct slow_memory memory;
	uint64_t *page;
	struct container *ct;
	int ret;
	pthread_t thread;
};

/* A page whose first touch waits for slow_page_fill(). */
static void slow_page_make(struct slow_page *slow)
{
	if (!slow_memory_make(&slow->memory, PAGE))
		test_skip("this kernel has no userfaultfd");
	slow->page = slow->memory.area;
}

static void slow_page_wait_for_touch(struct slow_page *slow)
{
	TRUE(slow_memory_wait_for_touch(&slow->memory));
}

static void slow_page_fill(struct slow_page *slow)
{
	TRUE(slow_memory_fill(&slow->memory, 0, PAGE));
}

static void *get_slowly(void *arg)
{
	struct slow_page *slow = arg;

	slow->ret = get(slow->ct, slow->page);
	return NULL;
}

TEST(dirty_get_into_memory_that_waits_holds_up_nobody, .not_on_stock = "stock keeps everybody out meanwhile")
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct type1_info info;
	struct container ct;
	struct slow_page slow = { .ct = &ct };
	struct edu edu;

	make(&ct);
	slow_page_make(&slow);
	OK(-pthread_create(&slow.thread, NULL, get_slowly, &slow));
	slow_page_wait_for_touch(&slow);

	OK(dma_map(ct.fd, area, IOVA + PAGE * 16, PAGE * 4, DMA_RW));
	container_add(&ct, 1);
	OK(type1_get_info(ct.fd, &info));
	container_edu(&ct, 1, &edu);
	OK(edu_write_memory(&edu, IOVA + PAGE * 16, 64));
	edu_close(&edu);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE * 16, PAGE * 4)), PAGE * 4);
	container_remove(&ct, 1);

	slow_page_fill(&slow);
	pthread_join(slow.thread, NULL);
	EQ(slow.ret, 0);
	EQ(*slow.page, 0x78);
	container_close(&ct);
}

/* What the report is about goes away while it is being written. */
TEST(dirty_get_into_memory_that_waits_lets_its_mapping_go, .not_on_stock = "stock keeps everybody out meanwhile")
{
	struct container ct;
	struct slow_page slow = { .ct = &ct };
	uint64_t word = 0;

	make(&ct);
	slow_page_make(&slow);
	OK(-pthread_create(&slow.thread, NULL, get_slowly, &slow));
	slow_page_wait_for_touch(&slow);
	EQ(OK(dma_unmap(ct.fd, IOVA + PAGE * 3, PAGE * 4)), PAGE * 4);
	OK(dma_map(ct.fd, memory_small_pages(PAGE * 8), IOVA, PAGE * 8, DMA_RW));
	slow_page_fill(&slow);
	pthread_join(slow.thread, NULL);
	EQ(slow.ret, 0);
	OK(get(&ct, &word));
	EQ(word, 0xff);
	container_close(&ct);
}

static void get_and_be_killed(void *arg)
{
	struct slow_page slow = { .ct = arg };

	slow_page_make(&slow);
	OK(-pthread_create(&slow.thread, NULL, get_slowly, &slow));
	slow_page_wait_for_touch(&slow);
	kill(getpid(), SIGKILL);
}

TEST(dirty_get_into_memory_that_waits_for_ever_can_be_killed)
{
	struct container ct;
	uint64_t word = 0;
	int status;
	pid_t pid;

	make(&ct);
	pid = process_start(get_and_be_killed, &ct);
	EQ(waitpid(pid, &status, 0), pid);
	TRUE(WIFSIGNALED(status));
	OK(get(&ct, &word));
	REPEATED_WORD(word, 0x78);
	container_close(&ct);
}

static void *unmap_slowly(void *arg)
{
	struct slow_page *slow = arg;

	slow->ret = dma_unmap_dirty(slow->ct->fd, IOVA, PAGE * 64, (struct dirty_bitmap){ PAGE, 8, slow->page });
	return NULL;
}

TEST(dirty_unmap_into_memory_that_waits_holds_up_no_other_range, .not_on_stock = "stock keeps everybody out meanwhile")
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	struct slow_page slow = { .ct = &ct };

	make(&ct);
	slow_page_make(&slow);
	OK(-pthread_create(&slow.thread, NULL, unmap_slowly, &slow));
	slow_page_wait_for_touch(&slow);
	OK(dma_map(ct.fd, area, IOVA + MIB(1), PAGE * 4, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, IOVA + MIB(1), PAGE * 4)), PAGE * 4);
	slow_page_fill(&slow);
	pthread_join(slow.thread, NULL);
	EQ(slow.ret, PAGE * 4);
	EQ(*slow.page, 0x78);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

/* --- threads --- */

struct worker {
	struct container *ct;
	void (*step)(struct worker *w, unsigned int i);
	uint8_t *area;
	unsigned int seed;
	atomic_bool *stop;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	for (i = 0; !atomic_load(w->stop); i++)
		w->step(w, i);
	return NULL;
}

static void switch_tracking(struct worker *w, unsigned int i)
{
	OK(dirty_tracking(w->ct->fd, i % 3 == 2 ? STOP : START));
}

/* 8 mappings of 8 pages, in turn there and not. */
static void map_and_unmap(struct worker *w, unsigned int i)
{
	uint64_t iova = IOVA + i % 8 * PAGE * 8, word = 0;
	int64_t ret;

	OK(dma_map(w->ct->fd, w->area, iova, PAGE * 8, DMA_RW));
	if (i < 4)
		return;
	iova = IOVA + (i - 4) % 8 * PAGE * 8;
	ret = dma_unmap_dirty(w->ct->fd, iova, PAGE * 8, (struct dirty_bitmap){ PAGE, 8, &word });
	if (ret != -EINVAL) {
		EQ(OK(ret), PAGE * 8);
		REPEATED_WORD(word, 0xff);
	} else {
		EQ(OK(dma_unmap(w->ct->fd, iova, PAGE * 8)), PAGE * 8);
	}
}

static void get_reports(struct worker *w, unsigned int i)
{
	uint64_t word = 0;
	int ret = get(w->ct, i % 5 ? &word : NULL);

	if (ret != -EINVAL && ret != -EFAULT)
		OK(ret);
	/* Whole mappings or nothing of them. */
	for (; word && !DIFF(DIRTY_STRAY_BITS); word >>= 8)
		TRUE(!(word & 0xff) || (word & 0xff) == 0xff);
}

static void add_and_remove_group(struct worker *w, unsigned int i)
{
	(void)i;
	container_add(w->ct, 1);
	container_remove(w->ct, 1);
}

TEST(threads_track_map_report_and_attach, .seconds = 120)
{
	static void (*const steps[])(struct worker *w, unsigned int i) = {
		switch_tracking, map_and_unmap, get_reports, get_reports, add_and_remove_group,
	};
	enum { WORKERS = sizeof(steps) / sizeof(steps[0]) };
	struct worker workers[WORKERS];
	atomic_bool stop = false;
	struct container ct;
	int i;

	NEED_DEVICES(2);
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){
			.ct = &ct, .step = steps[i], .area = memory_small_pages(PAGE * 8), .stop = &stop,
		};
		OK(-pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	sleep(5);
	atomic_store(&stop, true);
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	OK(dirty_tracking(ct.fd, STOP));
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 64)), PAGE * 8 * 4);
	EQ(locked_pages(), 0);
	container_close(&ct);
}
