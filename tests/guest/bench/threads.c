// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads that map, or unmap, different memory at the same time.
 *
 * For a guest with two CPUs, in real time. What tells calls that run side by side from calls that wait for each other, on
 * a noisy machine too, is when the first of two equal calls returns: half way through, or near the end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

#define ROUNDS	15

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
	int cpu;
};

static atomic_int nr_waiting;

/* Spins, because a thread that slept would start later than the other by the time that it takes to be woken. */
static void wait_for_each_other(void)
{
	atomic_fetch_sub(&nr_waiting, 1);
	while (atomic_load(&nr_waiting))
		;
}

static void run_half(struct half *half, operation operation)
{
	half->start = now_ns();
	operation(&half->target, half->area, half->iova, half->bytes, DMA_RW);
	half->end = now_ns();
}

static void *task_thread(void *arg)
{
	const struct task *task = arg;
	cpu_set_t cpus;

	/* The scheduler needs a while to find out that there is another CPU. */
	CPU_ZERO(&cpus);
	CPU_SET(task->cpu, &cpus);
	must(sched_setaffinity(0, sizeof(cpus), &cpus), "stay on a CPU");
	wait_for_each_other();
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

	atomic_store(&nr_waiting, 2);
	for (i = 0; i < 2; i++) {
		task[i] = (struct task){ &half[i], operation, i };
		must(-pthread_create(&thread[i], NULL, task_thread, &task[i]), "start a thread");
	}
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	start = least_of(half[0].start, half[1].start);
	both = most_of(half[0].end, half[1].end) - start;
	*first_done = (double)(least_of(half[0].end, half[1].end) - start) / both;
	return both;
}

static const struct {
	const char *name;
	operation operation;
} operations[] = { { "map", map }, { "unmap", unmap } };

#define NR_OPERATIONS	(sizeof(operations) / sizeof(operations[0]))

struct measured {
	double speed_up[ROUNDS];
	double first_done[ROUNDS];
};

static void run_round(struct half *half, int round, struct measured *measured)
{
	uint64_t alone[NR_OPERATIONS];
	size_t i;

	for (i = 0; i < NR_OPERATIONS; i++)
		alone[i] = one_after_another(half, operations[i].operation);
	for (i = 0; i < NR_OPERATIONS; i++)
		measured[i].speed_up[round] = (double)alone[i] / side_by_side(half, operations[i].operation,
									      &measured[i].first_done[round]);
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

static void report_pair(enum backend backend, const char *kind, struct measured *measured)
{
	size_t i;

	for (i = 0; i < NR_OPERATIONS; i++) {
		const char *name = operations[i].name;

		report(backend, median(measured[i].speed_up), "ratio", "two_threads_%s_%s", name, kind);
		report(backend, median(measured[i].first_done), "ratio", "two_threads_%s_%s_first_done", name, kind);
	}
}

/* All take turns, so that what else runs on the machine meets each of them. */
static void run_kind(const char *kind, void *(*alloc)(size_t bytes), size_t total)
{
	struct measured measured[NR_BACKENDS][NR_OPERATIONS];
	char *area = must_have(alloc(total));
	int backend, round, second_floor;

	ktap_progress("two threads: %s", kind);
	second_floor = floor_open();
	for (round = 0; round < ROUNDS; round++) {
		for (backend = 0; backend < NR_BACKENDS; backend++) {
			struct target target = bench.target[backend];
			struct half half[2] = {
				{ .target = target, .area = area, .iova = BENCH_IOVA, .bytes = total / 2 },
				{ .target = target, .area = area + total / 2, .iova = 2 * BENCH_IOVA, .bytes = total / 2 },
			};

			if (backend == FLOOR)
				half[1].target.fd = second_floor;
			run_round(half, round, measured[backend]);
		}
	}
	close(second_floor);
	for (backend = 0; backend < NR_BACKENDS; backend++)
		report_pair(backend, kind, measured[backend]);
	munmap(area, total);
}

/* Huge pages are not among them: a gigabyte is done in too short a time to tell. */
void bench_threads(void)
{
	run_kind("4k", memory_small_pages, bench.bytes);
	run_kind("4k_scattered", memory_scattered_pages, bench.bytes / 4);
}
