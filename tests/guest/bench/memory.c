// SPDX-License-Identifier: GPL-2.0-only
/* Mapping and unmapping large areas of every kind of memory, in one call and in many. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/counters.h"
#include "../lib/edu.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

/* The frame behind an address. */
static uint64_t frame_of(const char *va)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)va / PAGE * sizeof(entry)) != sizeof(entry))
		die("/proc/self/pagemap cannot be read");
	close(fd);
	return entry & ((UINT64_C(1) << 55) - 1);
}

/*
 * Small pages whose frames come in order, mostly. Chance decides whether such frames could be mapped with large IOMMU
 * pages, and with it what mapping costs; so take a part of a larger area that is out of step with its frames by half a
 * large page.
 */
static void *in_order(size_t bytes)
{
	char *area = memory_small_pages(bytes + MIB(2)), *part;
	uint64_t frame;

	if (!area)
		return NULL;
	frame = frame_of(area + bytes / 2 / PAGE * PAGE) - bytes / 2 / PAGE;
	part = area + (MIB(3) - frame * PAGE % MIB(2)) % MIB(2);
	if (part != area)
		munmap(area, part - area);
	munmap(part + bytes, area + MIB(2) - part);
	return part;
}

static void *hugetlb(size_t bytes)
{
	return memory_hugetlb(bytes, MIB(2));
}

struct memory_case {
	const char *name;
	void *(*alloc)(size_t bytes);
	unsigned int divisor;		/* of the size: what is slow gets less */
	size_t call_bytes;		/* 0: everything in one call */
	uint32_t access;
	bool count;			/* invalidations, where they do not depend on which frames there are */
};

static const struct memory_case basic_cases[] = {
	{ "huge", hugetlb, 1, 0, DMA_RW, true },
	{ "thp", memory_huge_pages, 1, 0, DMA_RW, true },
	{ "4k", in_order, 1, 0, DMA_RW, false },
	{ "4k_scattered", memory_scattered_pages, 4, 0, DMA_RW, true },
};

static const struct memory_case more_cases[] = {
	{ "huge_2m_calls", hugetlb, 1, MIB(2), DMA_RW, false },
	{ "thp_2m_calls", memory_huge_pages, 1, MIB(2), DMA_RW, false },
	{ "4k_2m_calls", in_order, 1, MIB(2), DMA_RW, false },
	{ "4k_scattered_2m_calls", memory_scattered_pages, 4, MIB(2), DMA_RW, false },
	{ "thp_read_only", memory_huge_pages, 1, 0, DMA_READ, false },
	{ "memfd", memory_memfd, 4, 0, DMA_RW, false },
};

struct times {
	uint64_t map;
	uint64_t unmap;
};

static void measure(const struct memory_case *test, const struct target *target, char *area, size_t bytes, struct times *least)
{
	size_t call = test->call_bytes ?: bytes, done;
	uint64_t start;

	profile_begin(target->backend, "map");
	start = now_ns();
	for (done = 0; done < bytes; done += call)
		map(target, area + done, BENCH_IOVA + done, call, test->access);
	keep_least(&least->map, now_ns() - start);
	profile_end(target->backend, "map");

	profile_begin(target->backend, "unmap");
	start = now_ns();
	for (done = 0; done < bytes; done += call)
		unmap(target, area + done, BENCH_IOVA + done, call, test->access);
	keep_least(&least->unmap, now_ns() - start);
	profile_end(target->backend, "unmap");
}

static void report_times(enum backend backend, const char *name, const struct times *least, size_t bytes)
{
	report(backend, (double)least->map / (bytes / PAGE), "insn_per_page", "map_%s", name);
	report(backend, (double)least->unmap / (bytes / PAGE), "insn_per_page", "unmap_%s", name);
}

/* How often the IOMMU is told to forget a mapping, and waited for. */
static void count_invalidations(const struct memory_case *test, char *area, size_t bytes)
{
	struct counts before;
	int backend;

	must(counters_start(), "kprobe events");
	for (backend = 0; backend < NR_BACKENDS; backend++) {
		map(&bench.target[backend], area, BENCH_IOVA, bytes, test->access);
		counters_read(&before);
		unmap(&bench.target[backend], area, BENCH_IOVA, bytes, test->access);
		report(backend, counters_since(&before, COUNT_QI_SUBMIT), "calls", "unmap_%s_invalidations", test->name);
	}
	counters_stop();
}

static void run_case(const struct memory_case *test)
{
	struct times least[NR_BACKENDS] = {};
	size_t bytes = bench.bytes / test->divisor;
	char *area = must_have(test->alloc(bytes));
	int rep, backend;

	ktap_progress("map and unmap: %s", test->name);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_BACKENDS; backend++)
			measure(test, &bench.target[backend], area, bytes, &least[backend]);
	for (backend = 0; backend < NR_BACKENDS; backend++)
		report_times(backend, test->name, &least[backend], bytes);
	if (test->count)
		count_invalidations(test, area, bytes);
	munmap(area, bytes);
	memory_hugetlb_release();
}

/* A device's registers, as peer-to-peer DMA maps them. */
static void run_bar(void)
{
	static const struct memory_case test = { .name = "bar", .access = DMA_RW };
	struct times least[NR_CONTAINERS] = {};
	struct edu edu;
	int rep, backend;

	must(edu_open(&edu, bench.container[STOCK].group, devices[bench.container[STOCK].device].bdf), "open the edu device");
	ktap_progress("map and unmap: %s", test.name);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_CONTAINERS; backend++)
			measure(&test, &bench.target[backend], (char *)edu.bar, edu.bar_bytes, &least[backend]);
	for (backend = 0; backend < NR_CONTAINERS; backend++)
		report_times(backend, test.name, &least[backend], edu.bar_bytes);
	edu_close(&edu);
}

static void run_cases(const struct memory_case *cases, size_t n)
{
	size_t i;

	memory_hugetlb_remember();
	for (i = 0; i < n; i++)
		if (!bench.only || !strcmp(bench.only, cases[i].name))
			run_case(&cases[i]);
}

void bench_basic(void)
{
	run_cases(basic_cases, sizeof(basic_cases) / sizeof(basic_cases[0]));
}

void bench_memory(void)
{
	run_cases(more_cases, sizeof(more_cases) / sizeof(more_cases[0]));
	if (!bench.only || !strcmp(bench.only, "bar"))
		run_bar();
}
