// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads that map, or unmap, different memory at the same time.
 *
 * For a guest with two CPUs, in real time. What tells calls that run side by side from calls that wait for each other, on
 * a noisy machine too, is when the first of two equal calls returns: half way through, or near the end.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

#define ROUNDS	7

struct half {
	struct target target;
	char *area;
	uint64_t iova;
	size_t bytes;
	uint64_t start;
	uint64_t end;
};

typedef void (*operation)(const struct target *target, char *vaddr, uint64_t iova, size_t bytes, uint32_t access);

struct task {
	struct half *half;
	operation operation;
};

static pthread_barrier_t barrier;

static void run_half(struct half *half, operation operation)
{
	half->start = now_ns();
	operation(&half->target, half->area, half->iova, half->bytes, DMA_RW);
	half->end = now_ns();
}

static void *task_thread(void *arg)
{
	const struct task *task = arg;

	pthread_barrier_wait(&barrier);
	run_half(task->half, task->operation);
	return NULL;
}

static uint64_t one_after_another(struct half *half, operation operation)
{
	int i;

	for (i = 0; i < 2; i++)
		run_half(&half[i], operation);
	return half[0].end - half[0].start + half[1].end - half[1].start;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How long both took, and after what part of that the first of them was done. */
static uint64_t side_by_side(struct half *half, operation operation, double *first_done)
{
	struct task task[2];
	pthread_t thread[2];
	uint64_t start, both;
	int i;

	for (i = 0; i < 2; i++) {
		task[i] = (struct task){ &half[i], operation };
		must(-pthread_create(&thread[i], NULL, task_thread, &task[i]), "start a thread");
	}
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	start = least_of(half[0].start, half[1].start);
	both = most_of(half[0].end, half[1].end) - start;
	*first_done = (double)(least_of(half[0].end, half[1].end) - start) / both;
	return both;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(values[0]), compare_doubles);
	return values[ROUNDS / 2];
}

static const struct {
	const char *name;
	operation operation;
} operations[] = { { "map", map }, { "unmap", unmap } };

#define NR_OPERATIONS	(sizeof(operations) / sizeof(operations[0]))

static void run_pair(enum backend backend, const char *kind, char *area, size_t bytes)
{
	struct half half[2] = {
		{ .target = bench.target[backend], .area = area, .iova = BENCH_IOVA, .bytes = bytes },
		{ .target = bench.target[backend], .area = area + bytes, .iova = 2 * BENCH_IOVA, .bytes = bytes },
	};
	double first_done[NR_OPERATIONS][ROUNDS], speed_up[NR_OPERATIONS][ROUNDS];
	uint64_t alone[NR_OPERATIONS];
	size_t i;
	int round;

	if (backend == FLOOR)
		half[1].target.fd = floor_open();
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < NR_OPERATIONS; i++)
			alone[i] = one_after_another(half, operations[i].operation);
		for (i = 0; i < NR_OPERATIONS; i++)
			speed_up[i][round] = (double)alone[i] /
					     side_by_side(half, operations[i].operation, &first_done[i][round]);
	}
	if (backend == FLOOR)
		close(half[1].target.fd);
	for (i = 0; i < NR_OPERATIONS; i++) {
		report(backend, median(speed_up[i]), "ratio", "two_threads_%s_%s", operations[i].name, kind);
		report(backend, median(first_done[i]), "ratio", "two_threads_%s_%s_first_done", operations[i].name, kind);
	}
}

static void run_kind(const char *kind, void *(*alloc)(size_t bytes), size_t total)
{
	char *area = must_have(alloc(total));
	int backend;

	ktap_progress("two threads: %s", kind);
	must(-pthread_barrier_init(&barrier, NULL, 2), "make a barrier");
	for (backend = 0; backend < NR_BACKENDS; backend++)
		run_pair(backend, kind, area, total / 2);
	pthread_barrier_destroy(&barrier);
	munmap(area, total);
}

/* Huge pages are not among them: a gigabyte is done in too short a time to tell. */
void bench_threads(void)
{
	run_kind("4k", memory_small_pages, bench.bytes);
	run_kind("4k_scattered", memory_scattered_pages, bench.bytes / 4);
}
