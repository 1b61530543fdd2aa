// SPDX-License-Identifier: GPL-2.0-only
/* Kernel memory that mappings take: the backend's own, and the IOMMU's page tables. */
#include <stdio.h>
#include <sys/mman.h>

#include "../lib/file.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

#define SPREAD_ENTRIES	10000
#define SPREAD_IOVA	(64 * BENCH_IOVA)

static long long meminfo_kib(const char *key)
{
	return must(file_read_key("/proc/meminfo", key), "/proc/meminfo");
}

/* Everything that a backend may allocate for itself. */
static long long own_kib(void)
{
	return meminfo_kib("SUnreclaim:") + meminfo_kib("VmallocUsed:");
}

/* Free pages that wait in a CPU's own list are not in MemFree. */
static long long free_kib(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	long long waiting = 0, n;
	char line[256];

	file_write("/proc/sys/vm/stat_refresh", "1");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %lld", &n) == 1)
			waiting += n;
	if (f)
		fclose(f);
	return meminfo_kib("MemFree:") + waiting * (long long)(PAGE / KIB(1));
}

static void run_entries(void)
{
	char *area = must_have(memory_small_pages(MOST_ENTRIES * PAGE));
	int backend;

	ktap_progress("kernel memory of %d mappings", MOST_ENTRIES);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		int container = bench.target[backend].fd;
		long long before = own_kib();

		map_entries(container, area, BENCH_IOVA, PAGE, MOST_ENTRIES);
		report(backend, (own_kib() - before) * 1024.0 / MOST_ENTRIES, "bytes_per_mapping", "memory_entries");
		must(dma_unmap(container, BENCH_IOVA, MOST_ENTRIES * PAGE), "UNMAP_DMA");
	}
	munmap(area, MOST_ENTRIES * PAGE);
}

static void run_area(const char *kind, void *(*alloc)(size_t bytes), size_t bytes)
{
	char *area = must_have(alloc(bytes));
	int backend;

	ktap_progress("kernel memory of mapped memory: %s", kind);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		long long before = own_kib();

		map(&bench.target[backend], area, BENCH_IOVA, bytes, DMA_RW);
		report(backend, (double)(own_kib() - before) * GIB(1) / bytes, "kib_per_gib", "memory_%s", kind);
		unmap(&bench.target[backend], area, BENCH_IOVA, bytes, DMA_RW);
	}
	munmap(area, bytes);
}

/* Mappings so far apart that each needs a page table of its own; are the tables there still when all are unmapped? */
static void run_tables(void)
{
	char *area = must_have(memory_small_pages(SPREAD_ENTRIES * PAGE));
	int backend;

	ktap_progress("page tables of %d mappings 2 MiB apart", SPREAD_ENTRIES);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		int container = bench.target[backend].fd;
		long long before = free_kib() + own_kib(), tables, left;

		map_entries(container, area, SPREAD_IOVA, MIB(2), SPREAD_ENTRIES);
		tables = before - free_kib() - own_kib();
		must(dma_unmap(container, SPREAD_IOVA, SPREAD_ENTRIES * MIB(2)), "UNMAP_DMA");
		left = before - free_kib() - own_kib();
		report(backend, tables * 1024.0 / SPREAD_ENTRIES, "bytes_per_mapping", "tables_2m_apart");
		report(backend, left * 1024.0 / SPREAD_ENTRIES, "bytes_per_mapping", "tables_left_2m_apart");
	}
	munmap(area, SPREAD_ENTRIES * PAGE);
}

void bench_footprint(void)
{
	run_entries();
	run_area("thp", memory_huge_pages, bench.bytes);
	run_area("4k", memory_small_pages, bench.bytes);
	run_area("4k_scattered", memory_scattered_pages, bench.bytes / 4);
	run_tables();
}
