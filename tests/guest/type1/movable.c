// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the kernel wants to be able to move, mapped and pinned by two threads side by side.
 *
 * To pin such memory for long, the kernel first moves it elsewhere, which fails while somebody else
 * has a hand on it: the other thread, for instance, that pins it as well.  A backend that does one
 * call after the other never sees that.  So no call may fail here that does not fail with stock.
 *
 * Only a guest with memory in ZONE_MOVABLE (movablecore=) shows it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/file.h"
#include "disk.h"
#include "emulated.h"

#ifndef MADV_COLD
#define MADV_COLD	20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define SIDES		2
#define ROUNDS		16
#define SIDE_IOVA	MIB(64)		/* from one side's addresses to the other's */
#define KSM_DIRECTORY	"/sys/kernel/mm/ksm/"
#define SWAP_DEVICE	"/dev/ram1"

static void need_movable_memory(void)
{
	unsigned long pages = 0, present;
	bool movable = false;
	char line[256], zone[32];
	FILE *f = fopen("/proc/zoneinfo", "re");

	TRUE(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %*d, zone %31s", zone) == 1)
			movable = !strcmp(zone, "Movable");
		else if (movable && sscanf(line, " present %lu", &present) == 1)
			pages += present;
	}
	fclose(f);
	if (!pages)
		test_skip("the guest has no movable memory (movablecore=)");
}

/* --- kinds of memory --- */

/**
 * struct kind - a kind of memory
 * @name: for what a test says
 * @make: fresh memory of this kind, written to; NULL if there is none here
 * @prot: what it is mapped for
 * @bytes: how much of it
 * @rounds: how often
 */
struct kind {
	const char *name;
	uint8_t *(*make)(size_t bytes);
	uint32_t prot;
	size_t bytes;
	int rounds;
};

static uint8_t *small_pages(size_t bytes)
{
	return memory_small_pages(bytes);
}

static uint8_t *huge_pages(size_t bytes)
{
	uint8_t *area = memory_huge_pages(bytes);

	return area && memory_huge_bytes(area) == bytes ? area : NULL;
}

/* A page that was unmapped again goes back to the pool, and is none that can be moved any more. */
static uint8_t *hugetlb_pages(size_t bytes)
{
	memory_hugetlb_release();
	/*
	 * Up to 6.1, those in ZONE_MOVABLE cannot be pinned for long at all. A version, because nothing but a pin shows it: where a
	 * distribution has brought in what came later, as RHEL 9 has, this kind is left out without need, and nothing else.
	 */
	return env.kernel > KERNEL(6, 1) ? memory_hugetlb(bytes, MIB(2)) : NULL;
}

static uint8_t *shared_memory(size_t bytes)
{
	return memory_memfd(bytes);
}

/* In the page cache of a disk, from where it may only be read. */
static uint8_t *file_pages(size_t bytes)
{
	uint8_t *area = map_file(bytes);

	memset(area, 1, bytes);
	return area;
}

/* The same as in all other pages: one frame stands for many pages until somebody writes. */
static uint8_t *merged_pages(size_t bytes)
{
	const long long wanted = bytes / PAGE / 2;
	uint8_t *area = memory_small_pages(bytes);
	int tries;

	if (!area || madvise(area, bytes, MADV_MERGEABLE))
		return NULL;
	file_write(KSM_DIRECTORY "pages_to_scan", "20000");
	file_write(KSM_DIRECTORY "sleep_millisecs", "1");
	file_write(KSM_DIRECTORY "run", "1");
	for (tries = 0; tries < 1000; tries++) {
		if (file_read_number(KSM_DIRECTORY "pages_sharing") >= wanted)
			break;
		usleep(1000);
	}
	file_write(KSM_DIRECTORY "run", "0");
	return tries < 1000 ? area : NULL;
}

static uint8_t *swapped_pages(size_t bytes)
{
	uint8_t *area = memory_small_pages(bytes);

	if (!area || madvise(area, bytes, MADV_PAGEOUT))
		return NULL;
	return file_read_key("/proc/self/status", "VmSwap") > 0 ? area : NULL;
}

static uint8_t *untouched_pages(size_t bytes)
{
	uint8_t *area = memory_hole(bytes);

	area = mmap(area, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return area == MAP_FAILED ? NULL : area;
}

/* Few of those that are moved page by page: each takes a moment, in which both CPUs hear of it. */
static const struct kind kinds[] = {
	{ "transparent huge pages", huge_pages, DMA_RW, MIB(4), ROUNDS },
	{ "small pages", small_pages, DMA_RW, KIB(256), ROUNDS },
	{ "untouched memory", untouched_pages, DMA_RW, MIB(1), ROUNDS },
	{ "hugetlb pages", hugetlb_pages, DMA_RW, MIB(4), ROUNDS },
	{ "shared memory", shared_memory, DMA_RW, KIB(256), ROUNDS },
	{ "a file", file_pages, DMA_READ, KIB(128), ROUNDS },
	{ "merged pages", merged_pages, DMA_RW, KIB(256), ROUNDS / 2 },
	{ "merged pages, read", merged_pages, DMA_READ, KIB(256), ROUNDS / 2 },
	{ "swapped out pages", swapped_pages, DMA_RW, KIB(256), ROUNDS },
};

/* Disks of memory, for what is swapped out, and for a file. */
static void add_disks(void)
{
	mount_disk();
	OK(system("mkswap " SWAP_DEVICE " >/dev/null 2>&1"));
	swapoff(SWAP_DEVICE);
	OK(swapon(SWAP_DEVICE, 0) ? -errno : 0);
}

static void remove_disks(void)
{
	OK(swapoff(SWAP_DEVICE) ? -errno : 0);
	umount_disk();
}

/* --- two calls at once --- */

/* One of two threads that make a call each, at the same moment, again and again. */
struct side {
	int fd;
	uint64_t iova;
	uint8_t *area;
	size_t bytes;
	uint32_t prot;
	long long (*call)(struct side *side);
	long long ret;
	bool stop;
	pthread_barrier_t *barrier;
	pthread_t thread;
};

static long long map_side(struct side *side)
{
	return dma_map(side->fd, side->area, side->iova, side->bytes, side->prot);
}

static void *call_at_once(void *arg)
{
	struct side *side = arg;

	for (;;) {
		pthread_barrier_wait(side->barrier);
		if (side->stop)
			return NULL;
		side->ret = side->call(side);
		pthread_barrier_wait(side->barrier);
	}
}

struct pair {
	struct side sides[SIDES];
	pthread_barrier_t barrier;
	int calls, failed, last_errno;
	uint64_t ms;
};

/* Sides differ in their addresses, and can in what they call. */
static void pair_start(struct pair *pair, const int fd[SIDES], long long (*call)(struct side *side))
{
	int i;

	*pair = (struct pair){};
	pthread_barrier_init(&pair->barrier, NULL, SIDES + 1);
	for (i = 0; i < SIDES; i++) {
		pair->sides[i] = (struct side){
			.fd = fd[i], .call = call,
			.iova = IOVA + i * SIDE_IOVA, .barrier = &pair->barrier,
		};
		OK(-pthread_create(&pair->sides[i].thread, NULL, call_at_once, &pair->sides[i]));
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000) + t.tv_nsec / 1000000;
}

static void pair_call(struct pair *pair)
{
	uint64_t start = now_ms();
	int i;

	pthread_barrier_wait(&pair->barrier);
	pthread_barrier_wait(&pair->barrier);
	pair->ms += now_ms() - start;
	for (i = 0; i < SIDES; i++) {
		pair->calls++;
		if (pair->sides[i].ret < 0) {
			pair->failed++;
			pair->last_errno = -pair->sides[i].ret;
		}
	}
}

static void pair_stop(struct pair *pair)
{
	int i;

	for (i = 0; i < SIDES; i++)
		pair->sides[i].stop = true;
	pthread_barrier_wait(&pair->barrier);
	for (i = 0; i < SIDES; i++)
		pthread_join(pair->sides[i].thread, NULL);
}

/* Says how many calls failed since the last time, and how many that were. */
static int pair_count(struct pair *pair, const char *what)
{
	int failed = pair->failed;

	ktap_diag("%s: %d of %d calls failed in %llu ms%s%s", what, failed, pair->calls,
		  (unsigned long long)pair->ms, failed ? ", the last one with " : "",
		  failed ? strerrorname_np(pair->last_errno) : "");
	pair->calls = pair->failed = pair->ms = 0;
	return failed;
}

/* Gives each side all of the memory, or a half. */
static void pair_share(struct pair *pair, const struct kind *kind, uint8_t *area, bool halves)
{
	int i;

	for (i = 0; i < SIDES; i++) {
		pair->sides[i].area = area + (halves ? i * kind->bytes / SIDES : 0);
		pair->sides[i].bytes = halves ? kind->bytes / SIDES : kind->bytes;
		pair->sides[i].prot = kind->prot;
	}
}

static void pair_map(struct pair *pair, const struct kind *kind, bool halves)
{
	uint8_t *area;
	int i, round;

	for (round = 0; round < kind->rounds; round++) {
		area = kind->make(kind->bytes);
		if (!area) {
			ktap_diag("%s: none here", kind->name);
			break;
		}
		pair_share(pair, kind, area, halves);
		pair_call(pair);
		for (i = 0; i < SIDES; i++)
			OK(dma_unmap(pair->sides[i].fd, pair->sides[i].iova, kind->bytes));
		EQ(locked_pages(), 0);
		munmap(area, kind->bytes);
	}
}

TEST(movable_huge_page_is_mapped_in_halves_by_two_threads, .seconds = 120)
{
	const struct kind kind = { "halves", huge_pages, DMA_RW, MIB(2), 2 * ROUNDS };
	struct container ct;
	struct pair pair;

	need_movable_memory();
	container_make(&ct, 0, 1, TYPE1V2);
	pair_start(&pair, (int[]){ ct.fd, ct.fd }, map_side);
	pair_map(&pair, &kind, true);
	pair_stop(&pair);
	EQ(pair.calls, SIDES * kind.rounds);
	EQ(pair_count(&pair, kind.name), 0);
	container_close(&ct);
}

static void map_all_kinds(bool halves)
{
	struct container ct;
	struct pair pair;
	int failed = 0;
	size_t i;

	need_movable_memory();
	add_disks();
	container_make(&ct, 0, 1, TYPE1V2);
	pair_start(&pair, (int[]){ ct.fd, ct.fd }, map_side);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		pair_map(&pair, &kinds[i], halves);
		failed += pair_count(&pair, kinds[i].name);
	}
	pair_stop(&pair);
	remove_disks();
	EQ(failed, 0);
	container_close(&ct);
}

TEST(movable_memory_is_mapped_by_two_threads_at_once, .seconds = 240)
{
	map_all_kinds(false);
}

TEST(movable_neighbours_are_mapped_by_two_threads_at_once, .seconds = 240)
{
	map_all_kinds(true);
}

/* --- with somebody else at work on the same memory --- */

/**
 * struct disturbance - what another thread does all the time
 * @name: for what a test says
 * @disturb: once, to the memory that is being mapped
 */
struct disturbance {
	const char *name;
	void (*disturb)(uint8_t *area, size_t bytes);
};

static void fork_child(uint8_t *area, size_t bytes)
{
	pid_t pid = fork();

	(void)area;
	(void)bytes;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void compact(uint8_t *area, size_t bytes)
{
	(void)area;
	(void)bytes;
	file_write("/proc/sys/vm/compact_memory", "1");
}

/* Leaves it readable and writable. */
static void protect(uint8_t *area, size_t bytes)
{
	mprotect(area, bytes, PROT_READ | PROT_WRITE | PROT_EXEC);
	mprotect(area, bytes, PROT_READ | PROT_WRITE);
}

static void advise(uint8_t *area, size_t bytes)
{
	madvise(area, bytes, MADV_COLD);
	madvise(area, bytes, MADV_PAGEOUT);
	madvise(area, bytes, MADV_NOHUGEPAGE);
	madvise(area, bytes, MADV_HUGEPAGE);
}

/* What is moved is other memory of the same process. */
static void move_other_memory(uint8_t *area, size_t bytes)
{
	uint8_t *other = memory_small_pages(MIB(1)), *there = memory_hole(MIB(1));

	(void)area;
	(void)bytes;
	if (mremap(other, MIB(1), MIB(1), MREMAP_MAYMOVE | MREMAP_FIXED, there) == there)
		other = there;
	munmap(other, MIB(1));
}

static const struct disturbance disturbances[] = {
	{ "fork()", fork_child },
	{ "compaction", compact },
	{ "mprotect()", protect },
	{ "madvise()", advise },
	{ "mremap()", move_other_memory },
};

struct disturber {
	const struct disturbance *disturbance;
	uint8_t *_Atomic area;
	size_t bytes;
	atomic_bool stop;
	pthread_t thread;
};

static void *disturb_until_stopped(void *arg)
{
	struct disturber *disturber = arg;

	while (!atomic_load(&disturber->stop)) {
		disturber->disturbance->disturb(atomic_load(&disturber->area), disturber->bytes);
		usleep(500);
	}
	return NULL;
}

/* The disturber's memory stays at one place; what is in it is made anew. */
static int map_beside(struct pair *pair, const struct kind *kind,
		      const struct disturbance *disturbance)
{
	struct disturber disturber = { .disturbance = disturbance, .bytes = kind->bytes };
	char what[64];
	int i, round;

	disturber.area = kind->make(kind->bytes);
	TRUE(disturber.area);
	pair_share(pair, kind, disturber.area, false);
	OK(-pthread_create(&disturber.thread, NULL, disturb_until_stopped, &disturber));
	for (round = 0; round < kind->rounds; round++) {
		pair_call(pair);
		for (i = 0; i < SIDES; i++)
			OK(dma_unmap(pair->sides[i].fd, pair->sides[i].iova, kind->bytes));
		madvise(disturber.area, kind->bytes, MADV_DONTNEED);
		memset(disturber.area, round, kind->bytes);
	}
	atomic_store(&disturber.stop, true);
	pthread_join(disturber.thread, NULL);
	munmap(disturber.area, kind->bytes);
	snprintf(what, sizeof(what), "%s beside %s", kind->name, disturbance->name);
	return pair_count(pair, what);
}

static void map_beside_all(const struct kind *kind)
{
	struct container ct;
	struct pair pair;
	int failed = 0;
	size_t i;

	need_movable_memory();
	add_disks();
	container_make(&ct, 0, 1, TYPE1V2);
	pair_start(&pair, (int[]){ ct.fd, ct.fd }, map_side);
	for (i = 0; i < sizeof(disturbances) / sizeof(disturbances[0]); i++)
		failed += map_beside(&pair, kind, &disturbances[i]);
	pair_stop(&pair);
	remove_disks();
	EQ(failed, 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(movable_small_pages_are_mapped_beside_other_work_on_them, .seconds = 240)
{
	const struct kind kind = { "small pages", small_pages, DMA_RW, KIB(256), ROUNDS / 2 };

	map_beside_all(&kind);
}

TEST(movable_huge_pages_are_mapped_beside_other_work_on_them, .seconds = 240)
{
	const struct kind kind = { "huge pages", huge_pages, DMA_RW, MIB(2), ROUNDS / 2 };

	map_beside_all(&kind);
}

/* --- drivers --- */

static long long pin_side(struct side *side)
{
	return emulated_pin(side->fd, side->iova, side->bytes / PAGE, side->prot);
}

static void map_for_driver(struct container *ct, const struct side *side)
{
	OK(dma_map(ct->fd, side->area, side->iova, side->bytes, DMA_RW));
}

TEST(movable_memory_is_pinned_by_two_drivers_at_once, .seconds = 120)
{
	const struct kind kind = { "pins of drivers", huge_pages, DMA_RW, MIB(2), 2 * ROUNDS };
	struct emulated emulated[SIDES];
	struct container ct;
	struct pair pair;
	uint8_t *area;
	int i, round;

	need_movable_memory();
	emulated_make(&ct, &emulated[0], TYPE1V2);
	emulated_add(&ct, &emulated[1], 1);
	pair_start(&pair, (int[]){ emulated[0].fd, emulated[1].fd }, pin_side);
	for (round = 0; round < kind.rounds; round++) {
		area = kind.make(kind.bytes);
		TRUE(area);
		/* By turns, halves of one mapping, and two mappings of the same. */
		pair_share(&pair, &kind, area, round % 2);
		for (i = 0; i < SIDES; i++)
			map_for_driver(&ct, &pair.sides[i]);
		pair_call(&pair);
		for (i = 0; i < SIDES; i++)
			if (pair.sides[i].ret > 0)
				OK(emulated_unpin(emulated[i].fd, pair.sides[i].iova,
						  pair.sides[i].ret));
		EQ(OK(dma_unmap(ct.fd, IOVA, SIDES * SIDE_IOVA)), SIDES * pair.sides[0].bytes);
		munmap(area, kind.bytes);
	}
	pair_stop(&pair);
	EQ(pair_count(&pair, kind.name), 0);
	container_close(&ct);
}
