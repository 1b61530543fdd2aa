// SPDX-License-Identifier: GPL-2.0-only
/* Mapping and unmapping large areas of every kind of memory, in one call and in many. */
#include <stdio.h>
#include <sys/mman.h>

#include "../lib/edu.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "bench.h"

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
};

static const struct memory_case basic_cases[] = {
	{ "huge", hugetlb, 1, 0, DMA_RW },
	{ "thp", memory_huge_pages, 1, 0, DMA_RW },
	{ "4k", memory_small_pages, 1, 0, DMA_RW },
	{ "4k_scattered", memory_scattered_pages, 4, 0, DMA_RW },
};

static const struct memory_case more_cases[] = {
	{ "huge_2m_calls", hugetlb, 1, MIB(2), DMA_RW },
	{ "thp_2m_calls", memory_huge_pages, 1, MIB(2), DMA_RW },
	{ "4k_2m_calls", memory_small_pages, 1, MIB(2), DMA_RW },
	{ "4k_scattered_2m_calls", memory_scattered_pages, 4, MIB(2), DMA_RW },
	{ "thp_read_only", memory_huge_pages, 1, 0, DMA_READ },
	{ "memfd", memory_memfd, 4, 0, DMA_RW },
};

struct times {
	uint64_t map;
	uint64_t unmap;
};

static void measure(const struct memory_case *test, const struct target *target, char *area, size_t bytes, struct times *least)
{
	size_t call = test->call_bytes ?: bytes, done;
	uint64_t start, mapped;

	start = now_ns();
	for (done = 0; done < bytes; done += call)
		map(target, area + done, BENCH_IOVA + done, call, test->access);
	mapped = now_ns();
	for (done = 0; done < bytes; done += call)
		unmap(target, area + done, BENCH_IOVA + done, call, test->access);
	keep_least(&least->unmap, now_ns() - mapped);
	keep_least(&least->map, mapped - start);
}

static void report_times(enum backend backend, const char *name, const struct times *least, size_t bytes)
{
	char test[64];

	snprintf(test, sizeof(test), "map_%s", name);
	report(backend, test, "insn_per_page", (double)least->map / (bytes / PAGE));
	snprintf(test, sizeof(test), "unmap_%s", name);
	report(backend, test, "insn_per_page", (double)least->unmap / (bytes / PAGE));
}

static void run_case(const struct memory_case *test)
{
	struct times least[NR_BACKENDS] = {};
	size_t bytes = bench.bytes / test->divisor;
	char *area = test->alloc(bytes);
	int rep, backend;

	if (!area)
		die("no memory for %s", test->name);
	ktap_progress("map and unmap: %s", test->name);
	for (rep = 0; rep < bench.reps; rep++)
		for (backend = 0; backend < NR_BACKENDS; backend++)
			measure(test, &bench.target[backend], area, bytes, &least[backend]);
	for (backend = 0; backend < NR_BACKENDS; backend++)
		report_times(backend, test->name, &least[backend], bytes);
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

	must(edu_open(&edu, bench.group[STOCK], devices[bench.device[STOCK]].bdf), "open the edu device");
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
		run_case(&cases[i]);
}

void bench_basic(void)
{
	run_cases(basic_cases, sizeof(basic_cases) / sizeof(basic_cases[0]));
}

void bench_memory(void)
{
	run_cases(more_cases, sizeof(more_cases) / sizeof(more_cases[0]));
	run_bar();
}
