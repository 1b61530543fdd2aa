// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that meet: one that wants addresses that another call works on waits for that call and
 * nothing else, no other call waits because it does, and every call gets its turn.
 *
 * What is measured is compared with a call of the same run. A guest may stand still for a while
 * on a busy machine, so what is too long once is measured again.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../lib/slow-memory.h"
#include "emulated.h"

#define LONG_BYTES	GIB(2)
#define LONG_IOVA	GIB(8)
#define SHORT_IOVA	(LONG_IOVA + 2 * LONG_BYTES)
#define HELD_IOVA	(SHORT_IOVA + GIB(1))
#define MAX_WAITERS	8
#define TRIES		5

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000) + t.tv_nsec / 1000;
}

static pthread_t spawn(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	OK(-pthread_create(&thread, NULL, fn, arg));
	return thread;
}

/* --- one long call, those who wait for it, and those who do not --- */

struct scene {
	struct container ct;
	struct emulated emulated;
	uint8_t *long_area, *short_area;
	bool in_kernel;		/* those who do not wait are in-kernel users */
	uint64_t start_us;
	atomic_ullong end_us;	/* of the long call; 0 before */
};

static void *long_map(void *arg)
{
	struct scene *scene = arg;

	scene->start_us = now_us();
	OK(dma_map(scene->ct.fd, scene->long_area, LONG_IOVA, LONG_BYTES, DMA_RW));
	atomic_store(&scene->end_us, now_us());
	return NULL;
}

static void *unmap_the_same(void *arg)
{
	struct scene *scene = arg;

	OK(dma_unmap(scene->ct.fd, LONG_IOVA, LONG_BYTES));
	return NULL;
}

static void *unmap_more(void *arg)
{
	struct scene *scene = arg;

	OK(dma_unmap(scene->ct.fd, LONG_IOVA - MIB(1), LONG_BYTES + MIB(2)));
	return NULL;
}

/* It is mapped, or has been unmapped again by another who waited. */
static void *map_a_part(void *arg)
{
	struct scene *scene = arg;
	int ret = dma_map(scene->ct.fd, scene->short_area, LONG_IOVA, PAGE, DMA_RW);

	TRUE(ret == 0 || ret == -EEXIST);
	return NULL;
}

static void *unmap_everything(void *arg)
{
	struct scene *scene = arg;

	OK(dma_unmap_all(scene->ct.fd));
	return NULL;
}

static void *(*const waiters[])(void *) = {
	unmap_the_same, unmap_more, map_a_part, unmap_everything,
};
#define NR_KINDS	(sizeof(waiters) / sizeof(waiters[0]))

static void do_short_calls(struct scene *scene)
{
	char buf[8];

	if (scene->in_kernel) {
		EQ(OK(emulated_pin(scene->emulated.fd, HELD_IOVA, 2, DMA_RW)), 2);
		OK(emulated_read(scene->emulated.fd, HELD_IOVA + PAGE, buf, sizeof(buf)));
		OK(emulated_unpin(scene->emulated.fd, HELD_IOVA, 2));
		return;
	}
	OK(dma_map(scene->ct.fd, scene->short_area, SHORT_IOVA, PAGE, DMA_RW));
	/* Who unmaps everything may have done so. */
	OK(dma_unmap(scene->ct.fd, SHORT_IOVA, PAGE));
}

/* The longest time that short calls took beside a long one, in thousandths of that. */
static unsigned int longest_of_short_calls(unsigned int nr_waiters, unsigned int nr_kinds,
					   bool in_kernel)
{
	struct scene scene = { .in_kernel = in_kernel, .short_area = memory_small_pages(PAGE * 2) };
	unsigned int i, rounds = 0, before = in_kernel;
	uint64_t start, end, long_us, longest = 0;
	pthread_t call, waiter[MAX_WAITERS];

	/* Not touched yet, so that mapping it takes long. */
	scene.long_area = memory_repeated(LONG_BYTES, MIB(64));
	TRUE(scene.long_area);
	container_make(&scene.ct, 0, 1, TYPE1V2);
	if (in_kernel) {
		emulated_add(&scene.ct, &scene.emulated, 0);
		OK(dma_map(scene.ct.fd, scene.short_area, HELD_IOVA, PAGE * 2, DMA_RW));
	}
	call = spawn(long_map, &scene);
	while (container_mappings(&scene.ct) == before)
		usleep(1000);
	for (i = 0; i < nr_waiters; i++)
		waiter[i] = spawn(waiters[i % nr_kinds], &scene);

	do {
		start = now_us();
		do_short_calls(&scene);
		/* After the long call, those do something who have waited. */
		end = atomic_load(&scene.end_us) ?: now_us();
		if (end > start + longest)
			longest = end - start;
		rounds++;
	} while (!atomic_load(&scene.end_us));
	pthread_join(call, NULL);
	long_us = atomic_load(&scene.end_us) - scene.start_us;
	for (i = 0; i < nr_waiters; i++)
		pthread_join(waiter[i], NULL);
	ktap_diag("%u waiters: of %u rounds of short calls, the longest took %u us of %u ms",
		  nr_waiters, rounds, (unsigned int)longest, (unsigned int)(long_us / 1000));
	if (in_kernel)
		emulated_remove(&scene.emulated);
	container_close(&scene.ct);
	return longest * 1000 / long_us;
}

static void expect_short_calls_beside_waiters(unsigned int nr_kinds, bool in_kernel)
{
	unsigned int nr, i, longest = 0;

	for (nr = 1; nr <= MAX_WAITERS; nr *= 2) {
		for (i = 0; i < TRIES; i++) {
			longest = longest_of_short_calls(nr, nr_kinds, in_kernel);
			if (longest <= 1000 / 50)
				break;
		}
		TRUE(longest <= 1000 / 50);
	}
}

TEST(waiters_for_a_long_call_hold_up_no_others, .seconds = 480,
     .not_on_stock = "one call at a time")
{
	expect_short_calls_beside_waiters(NR_KINDS, false);
}

/* Without those who unmap everything: that includes what the in-kernel user reaches. */
TEST(waiters_for_a_long_call_hold_up_no_in_kernel_user, .seconds = 480,
     .not_on_stock = "one call at a time")
{
	expect_short_calls_beside_waiters(NR_KINDS - 1, true);
}

/* --- a range in which there is always something going on --- */

#define CALLERS		4

struct caller {
	struct container *ct;
	uint8_t *area;
	uint64_t iova;
	atomic_bool *stop;
	atomic_uint rounds;
	pthread_t thread;
};

static void *map_and_unmap(void *arg)
{
	struct caller *caller = arg;

	while (!atomic_load(caller->stop)) {
		OK(dma_map(caller->ct->fd, caller->area, caller->iova, MIB(1), DMA_RW));
		OK(dma_unmap(caller->ct->fd, caller->iova, MIB(1)));
		atomic_fetch_add(&caller->rounds, 1);
	}
	return NULL;
}

static unsigned int rounds_of(struct caller *caller)
{
	unsigned int i, rounds = 0;

	for (i = 0; i < CALLERS; i++)
		rounds += atomic_load(&caller[i].rounds);
	return rounds;
}

TEST(unmap_all_gets_its_turn_among_busy_callers, .seconds = 120)
{
	uint8_t *area = memory_huge_pages(MIB(2) * CALLERS);
	struct caller caller[CALLERS];
	atomic_bool stop = false;
	struct container ct;
	unsigned int i, rounds;

	if (!DIFF(UNMAP_ALL))
		test_skip("this stock kernel has no UNMAP_ALL");
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < CALLERS; i++) {
		caller[i] = (struct caller){
			.ct = &ct, .area = area + MIB(2) * i, .iova = LONG_IOVA + MIB(2) * i,
			.stop = &stop,
		};
		caller[i].thread = spawn(map_and_unmap, &caller[i]);
	}
	for (i = 0; i < 100; i++) {
		for (rounds = rounds_of(caller); rounds_of(caller) == rounds;)
			sched_yield();
		OK(dma_unmap_all(ct.fd));
	}
	atomic_store(&stop, true);
	for (i = 0; i < CALLERS; i++)
		pthread_join(caller[i].thread, NULL);
	ktap_diag("100 times among %u rounds of others", rounds_of(caller));
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

/* --- in-kernel users of one mapping --- */

struct slow_read {
	struct emulated *emulated;
	uint64_t iova;
	int ret;
};

static void *read_slowly(void *arg)
{
	struct slow_read *slow = arg;
	char buf[8];

	slow->ret = emulated_read(slow->emulated->fd, slow->iova, buf, sizeof(buf));
	return NULL;
}

/* A device without an IOMMU, and a mapping whose first page nobody can read yet. */
static void make_slow(struct container *ct, struct emulated *emulated, struct slow_memory *slow)
{
	if (!slow_memory_make(slow, PAGE * 8))
		test_skip("this kernel has no userfaultfd");
	TRUE(slow_memory_fill(slow, PAGE, PAGE * 7));
	emulated_make(ct, emulated, TYPE1V2);
	OK(dma_map(ct->fd, slow->area, IOVA, PAGE * 8, DMA_RW));
}

TEST(in_kernel_users_of_one_mapping_wait_for_their_own_page, .not_on_stock = "one call at a time")
{
	struct emulated emulated;
	struct slow_memory slow;
	struct container ct;
	struct slow_read read = { .emulated = &emulated, .iova = IOVA };
	pthread_t thread;
	char buf[PAGE];

	make_slow(&ct, &emulated, &slow);
	thread = spawn(read_slowly, &read);
	TRUE(slow_memory_wait_for_touch(&slow));

	OK(emulated_read(emulated.fd, IOVA + PAGE * 2, buf, sizeof(buf)));
	OK(emulated_write(emulated.fd, IOVA + PAGE * 3, buf, sizeof(buf)));
	EQ(OK(emulated_pin(emulated.fd, IOVA + PAGE * 4, 3, DMA_RW)), 3);
	EQ(locked_pages(), 3);
	OK(emulated_unpin(emulated.fd, IOVA + PAGE * 4, 3));
	EQ(locked_pages(), 0);
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));

	TRUE(slow_memory_fill(&slow, 0, PAGE));
	pthread_join(thread, NULL);
	EQ(read.ret, 0);
	container_close(&ct);
}

static void *unmap_it(void *arg)
{
	struct container *ct = arg;

	EQ(OK(dma_unmap(ct->fd, IOVA, PAGE * 8)), PAGE * 8);
	return NULL;
}

/*
 * An unmap that waits lets no later user in, or it might wait for ever. Calls for other
 * addresses do not wait for that.
 */
TEST(unmap_waits_for_who_reads_and_not_for_who_comes_later, .not_on_stock = "one call at a time")
{
	uint8_t *other = memory_small_pages(PAGE * 2);
	struct emulated emulated;
	struct slow_memory slow;
	struct container ct;
	struct slow_read read = { .emulated = &emulated, .iova = IOVA };
	struct slow_read late = { .emulated = &emulated, .iova = IOVA + PAGE * 4 };
	pthread_t reader, unmapper, late_reader;
	int i;

	make_slow(&ct, &emulated, &slow);
	OK(dma_map(ct.fd, other, IOVA + MIB(1), PAGE * 2, DMA_RW));
	reader = spawn(read_slowly, &read);
	TRUE(slow_memory_wait_for_touch(&slow));
	unmapper = spawn(unmap_it, &ct);
	usleep(100 * 1000 * test_slowness());
	late_reader = spawn(read_slowly, &late);

	for (i = 0; i < 20; i++) {
		EQ(OK(emulated_pin(emulated.fd, IOVA + MIB(1), 2, DMA_RW)), 2);
		OK(emulated_unpin(emulated.fd, IOVA + MIB(1), 2));
	}
	EQ(OK(dma_unmap(ct.fd, IOVA + MIB(1), PAGE * 2)), PAGE * 2);
	EQ(container_mappings(&ct), 1);

	TRUE(slow_memory_fill(&slow, 0, PAGE));
	pthread_join(reader, NULL);
	pthread_join(unmapper, NULL);
	pthread_join(late_reader, NULL);
	EQ(read.ret, 0);
	/* Before the unmap if it was quicker than the unmap was to begin. */
	TRUE(late.ret == -EINVAL || late.ret == 0);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

struct pinner {
	struct emulated *emulated;
	atomic_bool *stop;
	unsigned int rounds;
	int ret;
	pthread_t thread;
};

static void *pin_and_unpin(void *arg)
{
	struct pinner *pinner = arg;

	while (!atomic_load(pinner->stop)) {
		pinner->ret = emulated_pin(pinner->emulated->fd, IOVA, PAGES, DMA_RW);
		if (pinner->ret != PAGES)
			break;
		pinner->ret = emulated_unpin(pinner->emulated->fd, IOVA, PAGES);
		if (pinner->ret < 0)
			break;
		pinner->rounds++;
	}
	return NULL;
}

/* A page is charged once however many pin it, also at the moment when the first ones do. */
TEST(pins_of_one_page_by_many_never_pass_the_limit)
{
	struct emulated emulated[EMULATED_DEVICES];
	struct pinner pinner[EMULATED_DEVICES];
	unsigned int i, rounds = 0;
	atomic_bool stop = false;
	struct container ct;

	drop_ipc_lock();
	limit_locked_pages(PAGES);
	emulated_make_mapped(&ct, &emulated[0]);
	for (i = 1; i < EMULATED_DEVICES; i++)
		emulated_add(&ct, &emulated[i], i);
	for (i = 0; i < EMULATED_DEVICES; i++) {
		pinner[i] = (struct pinner){ .emulated = &emulated[i], .stop = &stop };
		pinner[i].thread = spawn(pin_and_unpin, &pinner[i]);
	}
	sleep(3);
	atomic_store(&stop, true);
	for (i = 0; i < EMULATED_DEVICES; i++) {
		pthread_join(pinner[i].thread, NULL);
		rounds += pinner[i].rounds;
		TRUE(pinner[i].ret >= 0);
	}
	ktap_diag("%u rounds", rounds);
	EQ(locked_pages(), 0);
	for (i = 0; i < EMULATED_DEVICES; i++)
		emulated_remove(&emulated[i]);
	container_close(&ct);
}

/* --- what is charged before it is pinned --- */

#define DOOMED_BYTES	MIB(256)
#define DOOMED_FIT	MIB(32)		/* how much of it can be pinned */

struct doomed_map {
	struct container *ct;
	uint8_t *area;
	atomic_bool stop;
	int tries;
};

/* It meets a page that cannot be pinned, so nothing of it stays charged. */
static void *map_in_vain(void *arg)
{
	struct doomed_map *doomed = arg;

	while (!atomic_load(&doomed->stop)) {
		FAILS(EFAULT, dma_map(doomed->ct->fd, doomed->area, IOVA, DOOMED_BYTES, DMA_RW));
		doomed->tries++;
	}
	return NULL;
}

TEST(call_that_needs_less_in_the_end_keeps_no_limit_from_others, .seconds = 120)
{
	const size_t other_bytes = MIB(40);
	uint8_t *other = memory_small_pages(other_bytes);
	struct doomed_map doomed = { .area = memory_small_pages(DOOMED_FIT) };
	struct container ct;
	pthread_t thread;
	int i;

	NEED_DEVICES(1);
	TRUE(other && doomed.area);
	doomed.area = mremap(doomed.area, DOOMED_FIT, DOOMED_BYTES, MREMAP_MAYMOVE);
	TRUE(doomed.area != MAP_FAILED);
	EQ(OK(mprotect(doomed.area + DOOMED_FIT, PAGE, PROT_NONE)), 0);
	container_make(&ct, 0, 1, TYPE1V2);
	doomed.ct = &ct;
	drop_ipc_lock();
	limit_locked_pages((DOOMED_FIT + other_bytes + MIB(8)) / PAGE);

	thread = spawn(map_in_vain, &doomed);
	for (i = 0; i < 50; i++) {
		OK(dma_map(ct.fd, other, IOVA + DOOMED_BYTES, other_bytes, DMA_RW));
		EQ(OK(dma_unmap(ct.fd, IOVA + DOOMED_BYTES, other_bytes)), other_bytes);
	}
	atomic_store(&doomed.stop, true);
	pthread_join(thread, NULL);
	ktap_diag("beside %d calls that failed", doomed.tries);
	EQ(locked_pages(), 0);
	container_close(&ct);
}
