// SPDX-License-Identifier: GPL-2.0-only
/* Putting groups into a container that has memory mapped, and taking them out. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/counters.h"
#include "../lib/failed-calls.h"
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

void groups_open(int n)
{
	int i;

	if (n > bench.nr_free_devices)
		die("%d groups are needed and %d are free", n, bench.nr_free_devices);
	for (i = 0; i < n; i++)
		fd[i] = must(group_open(devices[bench.first_free_device + i].group), "open a group");
}

void groups_close(int n)
{
	while (n--)
		close(fd[n]);
}

static void join(int container, int i)
{
	must(group_set_container(fd[i], container), "SET_CONTAINER");
}

static void leave(int i)
{
	must(group_unset_container(fd[i]), "UNSET_CONTAINER");
}

void groups_measure(enum backend backend, int n, struct group_times *least, uint64_t *each)
{
	uint64_t times[MAX_DEVICES], start, total = 0;
	int i;

	for (i = 0; i < n; i++) {
		profile_begin(backend, "attach");
		start = now_ns();
		join(bench.target[backend].fd, i);
		times[i] = now_ns() - start;
		profile_end(backend, "attach");
		total += times[i];
		if (each)
			keep_least(&each[i], times[i]);
	}
	keep_least(&least->total, total);
	keep_least(&least->attach, median(times, n));
	for (i = n; i--; ) {
		profile_begin(backend, "detach");
		start = now_ns();
		leave(i);
		times[i] = now_ns() - start;
		profile_end(backend, "detach");
	}
	keep_least(&least->detach, median(times, n));
}

void groups_count(enum backend backend, int n, const char *name)
{
	static const struct {
		enum counter counter;
		const char *name;
		bool hardware;		/* of a driver that the mock does not have */
	} wanted[] = {
		{ COUNT_ALLOC, "domains_allocated", false },
		{ COUNT_FREE, "domains_freed", false },
		{ COUNT_ATTACH, "attach_calls", false },
		{ COUNT_DETACH, "detach_calls", false },
		{ COUNT_DRIVER_ATTACH, "driver_attaches", true },
		{ COUNT_CONTEXT_FLUSH, "context_flushes", true },
		{ COUNT_IOTLB_FLUSH, "iotlb_flushes", true },
		{ COUNT_QI_SUBMIT, "invalidations", true },
	};
	struct counts before;
	size_t w;
	int i;

	must(counters_start(), "kprobe events");
	must(failed_calls_start("iommu_attach_group"), "count attach calls that fail");
	counters_read(&before);
	for (i = 0; i < n; i++)
		join(bench.target[backend].fd, i);
	for (w = 0; w < sizeof(wanted) / sizeof(wanted[0]); w++)
		if (!wanted[w].hardware || !bench.mock)
			report(backend, counters_since(&before, wanted[w].counter), "calls", "%s_%s", name, wanted[w].name);
	report(backend, must(failed_calls(), "count attach calls that fail"), "calls", "%s_attach_refusals", name);
	failed_calls_stop();
	counters_stop();
	for (i = n; i--; )
		leave(i);
}

/*
 * Where a CPU's list of free pages is full, as it is after large pages were freed, each page that is freed makes it
 * overflow, and dropping a domain costs stock two or three times as much. Freeing many makes the kernel lengthen the list.
 */
static void free_many_pages(void)
{
	const size_t bytes = MIB(4);

	munmap(must_have(memory_small_pages(bytes)), bytes);
}

/* Groups 2 to @last; the first is in the container all the time. */
static void run_groups(int last, const char *with, uint64_t (*each)[MAX_DEVICES])
{
	struct group_times least[NR_CONTAINERS] = {};
	int rep, backend, n = last - 1;

	ktap_progress("groups 2 to %d%s, attach and detach", last, with);
	groups_open(n);
	for (rep = 0; rep < bench.reps; rep++) {
		free_many_pages();
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			groups_measure(backend, n, &least[backend], each ? each[backend] : NULL);
	}
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		report(backend, least[backend].attach, "insn", "attach_2_%d%s", last, with);
		report(backend, least[backend].total, "insn", "attach_2_%d%s_total", last, with);
		report(backend, least[backend].detach, "insn", "detach_2_%d%s", last, with);
	}
	groups_close(n);
}

static void count_groups(int last)
{
	char name[32];
	int backend;

	groups_open(last - 1);
	snprintf(name, sizeof(name), "attach_2_%d", last);
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		groups_count(backend, last - 1, name);
	groups_close(last - 1);
}

/* While one large mapping is there, or n small ones. */
static char *map_for_groups(int n)
{
	size_t bytes = n == 1 ? bench.bytes : n * PAGE;
	char *area = must_have(n == 1 ? memory_huge_pages(bytes) : memory_small_pages(bytes));
	int backend;

	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		if (n == 1)
			map(&bench.target[backend], area, BENCH_IOVA, bytes, DMA_RW);
		else
			map_entries(bench.target[backend].fd, area, BENCH_IOVA, PAGE, n);
	}
	return area;
}

static void unmap_after_groups(char *area, int n)
{
	size_t bytes = n == 1 ? bench.bytes : n * PAGE;
	int backend;

	for (backend = 0; backend < NR_CONTAINERS; backend++)
		unmap(&bench.target[backend], area, BENCH_IOVA, bytes, DMA_RW);
	munmap(area, bytes);
}

void bench_groups(void)
{
	static const int entries[] = { 10, 1000, MOST_ENTRIES };
	char *area = map_for_groups(1), with[32];
	size_t i;

	run_groups(2, "", NULL);
	run_groups(16, "", NULL);
	count_groups(16);
	unmap_after_groups(area, 1);
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		area = map_for_groups(entries[i]);
		snprintf(with, sizeof(with), "_with_%d_mappings", entries[i]);
		run_groups(16, with, NULL);
		unmap_after_groups(area, entries[i]);
	}
}

/* How the cost of one more group depends on how many there are. */
static void report_growth(uint64_t (*each)[MAX_DEVICES], int last)
{
	int backend, group;

	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		for (group = 2; group < last; group *= 2)
			report(backend, each[backend][group - 2], "insn", "attach_group_%d", group);
		report(backend, each[backend][last - 2], "insn", "attach_group_%d", last);
	}
}

void bench_many_groups(void)
{
	uint64_t each[NR_CONTAINERS][MAX_DEVICES] = {};
	char *area = map_for_groups(1);

	run_groups(64, "", NULL);
	run_groups(254, "", each);
	report_growth(each, 254);
	unmap_after_groups(area, 1);
}
