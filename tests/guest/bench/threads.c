// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads that map different memory at the same time.
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

static pthread_barrier_t barrier;

static void map_half(struct half *half)
{
	half->start = now_ns();
	map(&half->target, half->area, half->iova, half->bytes, DMA_RW);
	half->end = now_ns();
}

static void *map_half_thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	map_half(arg);
	return NULL;
}

static void unmap_both(const struct half *half)
{
	int i;

	for (i = 0; i < 2; i++)
		unmap(&half[i].target, half[i].area, half[i].iova, half[i].bytes, DMA_RW);
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

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void run_pair(enum backend backend, const char *kind, char *area, size_t bytes)
{
	struct half half[2] = {
		{ .target = bench.target[backend], .area = area, .iova = BENCH_IOVA, .bytes = bytes },
		{ .target = bench.target[backend], .area = area + bytes, .iova = 2 * BENCH_IOVA, .bytes = bytes },
	};
	double first_done[ROUNDS], speed_up[ROUNDS];
	uint64_t alone, start, together;
	pthread_t thread[2];
	char test[64];
	int round, i;

	if (backend == FLOOR)
		half[1].target.fd = floor_open();
	for (round = 0; round < ROUNDS; round++) {
		map_half(&half[0]);
		map_half(&half[1]);
		alone = half[0].end - half[0].start + half[1].end - half[1].start;
		unmap_both(half);

		for (i = 0; i < 2; i++)
			pthread_create(&thread[i], NULL, map_half_thread, &half[i]);
		for (i = 0; i < 2; i++)
			pthread_join(thread[i], NULL);
		unmap_both(half);

		start = least_of(half[0].start, half[1].start);
		together = most_of(half[0].end, half[1].end) - start;
		first_done[round] = (double)(least_of(half[0].end, half[1].end) - start) / together;
		speed_up[round] = (double)alone / together;
	}
	if (backend == FLOOR)
		close(half[1].target.fd);
	snprintf(test, sizeof(test), "two_threads_%s", kind);
	report(backend, test, "ratio", median(speed_up));
	snprintf(test, sizeof(test), "two_threads_%s_first_done", kind);
	report(backend, test, "ratio", median(first_done));
}

static void run_kind(const char *kind, void *(*alloc)(size_t bytes))
{
	size_t bytes = bench.bytes / 2;
	char *area = alloc(2 * bytes);
	int backend;

	if (!area)
		die("no memory for two threads");
	ktap_progress("two threads mapping: %s", kind);
	pthread_barrier_init(&barrier, NULL, 2);
	for (backend = 0; backend < NR_BACKENDS; backend++)
		run_pair(backend, kind, area, bytes);
	pthread_barrier_destroy(&barrier);
	munmap(area, 2 * bytes);
}

void bench_threads(void)
{
	run_kind("4k", memory_small_pages);
	run_kind("thp", memory_huge_pages);
}
