// SPDX-License-Identifier: GPL-2.0-only
/* Dirty tracking of a large virtual machine: 4 GiB mapped, a bit for each page of 4 KiB. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

#define TRACKED	GIB(4)

struct dirty_times {
	uint64_t start;
	uint64_t get;
	uint64_t stop;
};

static void measure(int container, struct dirty_bitmap bitmap, struct dirty_times *least)
{
	uint64_t t[4];

	t[0] = now_ns();
	must(dirty_tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), "start dirty tracking");
	t[1] = now_ns();
	must(dirty_get(container, BENCH_IOVA, TRACKED, bitmap), "get a dirty bitmap");
	t[2] = now_ns();
	must(dirty_tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), "stop dirty tracking");
	t[3] = now_ns();
	keep_least(&least->start, t[1] - t[0]);
	keep_least(&least->get, t[2] - t[1]);
	keep_least(&least->stop, t[3] - t[2]);
}

/* The guest has less memory than that: the same area is mapped several times. */
void bench_dirty(void)
{
	struct dirty_bitmap bitmap = { .pgsize = PAGE, .bytes = TRACKED / PAGE / 8 };
	struct dirty_times least[NR_CONTAINERS] = {};
	char *area = memory_huge_pages(bench.bytes);
	int rep, backend;
	size_t done;

	bitmap.words = calloc(1, bitmap.bytes);
	if (!area || !bitmap.words || TRACKED % bench.bytes)
		die("no memory of a fitting size to track");
	ktap_progress("dirty bitmap of 4 GiB");
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		for (done = 0; done < TRACKED; done += bench.bytes)
			map(&bench.target[backend], area, BENCH_IOVA + done, bench.bytes, DMA_RW);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			measure(bench.target[backend].fd, bitmap, &least[backend]);
	for (backend = 0; backend < NR_CONTAINERS; backend++) {
		report(backend, least[backend].start, "insn", "dirty_start_4g");
		report(backend, least[backend].get, "insn", "dirty_bitmap_4g");
		report(backend, least[backend].stop, "insn", "dirty_stop_4g");
		unmap(&bench.target[backend], area, BENCH_IOVA, TRACKED, DMA_RW);
	}
	free(bitmap.words);
	munmap(area, bench.bytes);
}
