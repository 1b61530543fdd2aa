// SPDX-License-Identifier: GPL-2.0-only
/* Many small mappings: what each costs in time and memory, and what depends on how many there are. */
#include <stdio.h>
#include <sys/mman.h>

#include "../lib/file.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

/* Below the default dma_entry_limit, 65535. */
#define MOST_ENTRIES	60000

static char *area;

static void map_entries(int container, int n)
{
	int i;

	for (i = 0; i < n; i++)
		must(dma_map(container, area + i * PAGE, BENCH_IOVA + i * PAGE, PAGE, DMA_RW), "MAP_DMA");
}

static void unmap_entry(int container, int i)
{
	if (dma_unmap(container, BENCH_IOVA + i * PAGE, PAGE) != (int64_t)PAGE)
		die("UNMAP_DMA did not remove one page");
}

/* Everything that the kernel allocates in small objects, in KiB. */
static long long slab_kib(void)
{
	return must(file_read_key("/proc/meminfo", "SUnreclaim:"), "/proc/meminfo");
}

static void measure_memory(enum backend backend)
{
	int container = bench.target[backend].fd;
	long long before = slab_kib();

	map_entries(container, MOST_ENTRIES);
	report(backend, "entry_memory", "bytes_per_mapping", (slab_kib() - before) * 1024.0 / MOST_ENTRIES);
	must(dma_unmap(container, BENCH_IOVA, MOST_ENTRIES * PAGE), "UNMAP_DMA");
}

struct entry_times {
	uint64_t map;		/* all of them, in ascending order */
	uint64_t every_other;	/* unmap half of them one by one */
	uint64_t get_info;	/* with the other half mapped */
	uint64_t rest;		/* unmap those in one call */
};

static void measure_times(int container, int n, struct entry_times *least)
{
	struct type1_info info;
	uint64_t t[5];
	int i;

	t[0] = now_ns();
	map_entries(container, n);
	t[1] = now_ns();
	for (i = 0; i < n; i += 2)
		unmap_entry(container, i);
	t[2] = now_ns();
	must(type1_get_info(container, &info), "GET_INFO");
	t[3] = now_ns();
	if (dma_unmap(container, BENCH_IOVA, n * PAGE) != (int64_t)(n / 2 * PAGE))
		die("UNMAP_DMA did not remove the rest");
	t[4] = now_ns();

	keep_least(&least->map, t[1] - t[0]);
	keep_least(&least->every_other, t[2] - t[1]);
	keep_least(&least->get_info, t[3] - t[2]);
	keep_least(&least->rest, t[4] - t[3]);
}

static void report_entry(enum backend backend, const char *what, int n, const char *unit, double value)
{
	char test[64];

	snprintf(test, sizeof(test), "%s_%d", what, n);
	report(backend, test, unit, value);
}

static void run_times(int n)
{
	struct entry_times least[NR_CONTAINERS] = {};
	int rep, backend;

	ktap_progress("%d mappings of one page", n);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			measure_times(bench.target[backend].fd, n, &least[backend]);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		report_entry(backend, "map_entries", n, "insn_per_mapping", (double)least[backend].map / n);
		report_entry(backend, "unmap_every_other", n, "insn_per_mapping", (double)least[backend].every_other / (n / 2));
		report_entry(backend, "unmap_rest", n, "insn_per_mapping", (double)least[backend].rest / (n / 2));
		report_entry(backend, "get_info", n, "insn", least[backend].get_info);
	}
}

void bench_entries(void)
{
	int backend;

	area = memory_small_pages(MOST_ENTRIES * PAGE);
	if (!area)
		die("no memory for small mappings");
	run_times(10);
	run_times(1000);
	run_times(MOST_ENTRIES);
	/* After the times, so that what is allocated once is there already. */
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		measure_memory(backend);
	munmap(area, MOST_ENTRIES * PAGE);
}
