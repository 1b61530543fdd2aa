// SPDX-License-Identifier: GPL-2.0-only
/* Putting groups into a container that has memory mapped, and taking them out. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

static int fd[MAX_DEVICES];

static int compare_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Median over the groups, so that one interrupt does not count. */
static uint64_t median(uint64_t *times, int n)
{
	qsort(times, n, sizeof(times[0]), compare_times);
	return times[n / 2];
}

static void measure(int container, int n, uint64_t *attach, uint64_t *detach)
{
	uint64_t times[MAX_DEVICES], start;
	int i;

	for (i = 0; i < n; i++) {
		start = now_ns();
		must(group_set_container(fd[i], container), "SET_CONTAINER");
		times[i] = now_ns() - start;
	}
	keep_least(attach, median(times, n));
	for (i = n; i--; ) {
		start = now_ns();
		must(group_unset_container(fd[i]), "UNSET_CONTAINER");
		times[i] = now_ns() - start;
	}
	keep_least(detach, median(times, n));
}

/* Groups 2 to @last; the first is in the container all the time. */
static void run_groups(int last)
{
	uint64_t attach[NR_CONTAINERS] = {}, detach[NR_CONTAINERS] = {};
	int rep, backend, i, n = last - 1;
	char test[64];

	if (n > bench.nr_free_devices) {
		ktap_diag("groups 2 to %d: this guest has not that many", last);
		return;
	}
	ktap_progress("groups 2 to %d, attach and detach", last);
	for (i = 0; i < n; i++)
		fd[i] = must(group_open(devices[bench.first_free_device + i].group), "open a group");
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			measure(bench.target[backend].fd, n, &attach[backend], &detach[backend]);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		snprintf(test, sizeof(test), "attach_2_%d", last);
		report(backend, test, "insn", attach[backend]);
		snprintf(test, sizeof(test), "detach_2_%d", last);
		report(backend, test, "insn", detach[backend]);
	}
	for (i = 0; i < n; i++)
		close(fd[i]);
}

void bench_groups(void)
{
	char *area = memory_huge_pages(bench.bytes);
	int backend;

	if (!area)
		die("no memory for groups to join");
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		map(&bench.target[backend], area, BENCH_IOVA, bench.bytes, DMA_RW);
	run_groups(2);
	run_groups(16);
	run_groups(64);
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		unmap(&bench.target[backend], area, BENCH_IOVA, bench.bytes, DMA_RW);
	munmap(area, bench.bytes);
}
