// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only a container with several domains shows, on the IOMMUs of mock_iommu.ko: many groups behind IOMMUs that
 * share nothing, and mapping for a new domain all that is mapped.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/file.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

#define GROUPS	60

int mock_iommus(void)
{
	return must(file_read_number("/sys/module/mock_iommu/parameters/iommus"), "the mock's IOMMUs");
}

int mock_devices_find(void)
{
	FILE *f = fopen("/sys/kernel/debug/mock_iommu/devices", "re");
	int number, group, member;
	char line[128];

	while (f && nr_devices < MAX_DEVICES && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "device %d group %d member %d", &number, &group, &member) == 3 && !member)
			devices[nr_devices++].group = group;
	}
	if (f)
		fclose(f);
	return nr_devices;
}

static void run_groups(const char *whose)
{
	struct group_times least[NR_CONTAINERS] = {};
	int rep, backend;
	char name[32];

	ktap_progress("%d groups behind %d IOMMUs", GROUPS, mock_iommus());
	snprintf(name, sizeof(name), "attach_%d_behind_%d%s", GROUPS, mock_iommus(), whose);
	groups_open(GROUPS - 1);
	/* Counted first, while no backend can know anything about these IOMMUs. */
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		groups_count(backend, GROUPS - 1, name);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			groups_measure(backend, GROUPS - 1, &least[backend], NULL);
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		report(backend, least[backend].total, "insn", "%s_total", name);
	groups_close(GROUPS - 1);
}

/* The first free group is behind the second IOMMU, so it gets a domain of its own. */
static void run_replay(const char *kind, void *(*alloc)(size_t bytes))
{
	struct group_times least[NR_CONTAINERS] = {};
	char *area = must_have(alloc(bench.bytes));
	int rep, backend;

	ktap_progress("replay into a second domain: %s", kind);
	groups_open(1);
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		map(&bench.target[backend], area, BENCH_IOVA, bench.bytes, DMA_RW);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			groups_measure(backend, 1, &least[backend], NULL);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		report(backend, (double)least[backend].attach / (bench.bytes / PAGE), "insn_per_page", "replay_%s", kind);
		unmap(&bench.target[backend], area, BENCH_IOVA, bench.bytes, DMA_RW);
	}
	groups_close(1);
	munmap(area, bench.bytes);
}

void bench_mock(void)
{
	run_groups("");
	run_replay("thp", memory_huge_pages);
	run_replay("4k", memory_small_pages);
	run_replay("4k_scattered", memory_scattered_pages);
}

/* For IOMMUs of a driver that is known to tie each domain to one of them. */
void bench_mock_known(void)
{
	run_groups("_known");
}
