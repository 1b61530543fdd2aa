// SPDX-License-Identifier: GPL-2.0-only
/* Many small mappings: what each costs, and what depends on how many there are. */
#include <stdio.h>
#include <sys/mman.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

void map_entries(int container, char *area, uint64_t iova, size_t stride, int n)
{
	int i;

	for (i = 0; i < n; i++)
		must(dma_map(container, area + i * PAGE, iova + i * stride, PAGE, DMA_RW), "MAP_DMA");
}

static void unmap_entry(int container, int i)
{
	if (dma_unmap(container, BENCH_IOVA + i * PAGE, PAGE) != (int64_t)PAGE)
		die("UNMAP_DMA did not remove one page");
}

struct entry_times {
	uint64_t map;		/* all of them, in ascending order */
	uint64_t every_other;	/* unmap half of them one by one */
	uint64_t get_info;	/* with the other half mapped */
	uint64_t rest;		/* unmap those in one call */
};

static void measure(int container, char *area, int n, struct entry_times *least)
{
	struct type1_info info;
	uint64_t t[5];
	int i;

	t[0] = now_ns();
	map_entries(container, area, BENCH_IOVA, PAGE, n);
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

static void run_entries(char *area, int n)
{
	struct entry_times least[NR_CONTAINERS] = {};
	int rep, backend;

	ktap_progress("%d mappings of one page", n);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			measure(bench.target[backend].fd, area, n, &least[backend]);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		const struct entry_times *t = &least[backend];

		report(backend, (double)t->map / n, "insn_per_mapping", "map_entries_%d", n);
		report(backend, (double)t->every_other / (n / 2), "insn_per_mapping", "unmap_every_other_%d", n);
		report(backend, (double)t->rest / (n / 2), "insn_per_mapping", "unmap_rest_%d", n);
		report(backend, t->get_info, "insn", "get_info_%d", n);
	}
}

void bench_entries(void)
{
	char *area = must_have(memory_small_pages(MOST_ENTRIES * PAGE));

	run_entries(area, 10);
	run_entries(area, 1000);
	run_entries(area, MOST_ENTRIES);
	munmap(area, MOST_ENTRIES * PAGE);
}
