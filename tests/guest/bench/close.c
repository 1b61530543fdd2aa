// SPDX-License-Identifier: GPL-2.0-only
/*
 * Closing a container with everything mapped, as when a virtual machine is killed. Each can be closed once, so
 * there are as few repetitions as there are containers.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

static int next_spare;

static uint64_t close_time(const struct container *container)
{
	uint64_t start = now_ns();

	close(container->group);
	close(container->fd);
	return now_ns() - start;
}

static const struct container *spare(enum backend backend)
{
	if (next_spare >= bench.nr_spares)
		die("there are not enough containers to close");
	return &bench.spare[backend][next_spare];
}

static void run_memory(const char *kind, void *(*alloc)(size_t bytes), size_t bytes)
{
	char *area = must_have(alloc(bytes));
	uint64_t least[NR_CONTAINERS] = {};
	int backend, rep;

	ktap_progress("close with everything mapped: %s", kind);
	for (rep = 0; rep < CLOSE_REPS; rep++, next_spare++) {
		for (backend = 0; backend < NR_CONTAINERS; backend++) {
			const struct container *container = spare(backend);

			must(dma_map(container->fd, area, BENCH_IOVA, bytes, DMA_RW), "MAP_DMA");
			keep_least(&least[backend], close_time(container));
		}
	}
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		report(backend, (double)least[backend] / (bytes / PAGE), "insn_per_page", "close_%s", kind);
	munmap(area, bytes);
}

static void run_entries(void)
{
	char *area = must_have(memory_small_pages(MOST_ENTRIES * PAGE));
	int backend;

	ktap_progress("close with %d mappings", MOST_ENTRIES);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		const struct container *container = spare(backend);

		map_entries(container->fd, area, BENCH_IOVA, PAGE, MOST_ENTRIES);
		report(backend, (double)close_time(container) / MOST_ENTRIES, "insn_per_mapping", "close_entries_%d",
		       MOST_ENTRIES);
	}
	next_spare++;
	munmap(area, MOST_ENTRIES * PAGE);
}

void bench_close(void)
{
	run_memory("thp", memory_huge_pages, bench.bytes);
	run_memory("4k", memory_small_pages, bench.bytes);
	run_memory("4k_scattered", memory_scattered_pages, bench.bytes / 4);
	run_entries();
}
