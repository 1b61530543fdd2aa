// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-bench: what the stock backend, ours, and the kernel itself at the least (ng_floor.ko) need for the same work.
 *
 *	type1-bench [-m MiB] [-r repetitions] [-n] [-c case] [-p backend-operation] SET...
 *
 * The stock module has to be loaded, and ours not: it is loaded once the stock containers are open. The sets are the
 * names in sets[] below. Where mock_iommu.ko is loaded, its devices are used, and the set is "mock" or
 * "mock_known".
 *
 * Prints lines "bench<TAB>backend<TAB>case<TAB>unit<TAB>value". Times are in ns, which in a guest under -icount shift=0 are
 * instructions, and called so unless -n is given. -c leaves out the other cases of basic and memory; -p is for
 * tests/bench/profile.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "bench.h"

struct bench bench = { .bytes = GIB(1), .reps = 3 };

const char *const backend_names[NR_BACKENDS] = { "stock", "ng", "floor" };

static const struct set {
	const char *name;
	void (*run)(void);
	int nr_spares;
} sets[] = {
	{ "basic", bench_basic, 0 },
	{ "memory", bench_memory, 0 },
	{ "entries", bench_entries, 0 },
	{ "footprint", bench_footprint, 0 },
	{ "groups", bench_groups, 0 },
	{ "many_groups", bench_many_groups, 0 },
	{ "dirty", bench_dirty, 0 },
	{ "close", bench_close, MAX_SPARES },
	{ "mock", bench_mock, 0 },
	{ "mock_known", bench_mock_known, 0 },
	{ "threads", bench_threads, 0 },
};

void die(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktap_diag("bench: failed: %s", text);
	exit(1);
}

int64_t must(int64_t ret, const char *what)
{
	if (ret < 0)
		die("%s: %s", what, strerror(-ret));
	return ret;
}

void *must_have(void *area)
{
	if (!area)
		die("there is not enough memory of the kind that is wanted");
	return area;
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

void report(enum backend backend, double value, const char *unit, const char *fmt, ...)
{
	const bool is_time = !strncmp(unit, "insn", strlen("insn"));
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (is_time && bench.real_time)
		printf("bench\t%s\t%s\tns%s\t%.2f\n", backend_names[backend], name, unit + strlen("insn"), value);
	else
		printf("bench\t%s\t%s\t%s\t%.2f\n", backend_names[backend], name, unit, value);
	fflush(stdout);
}

void keep_least(uint64_t *least, uint64_t value)
{
	if (!*least || value < *least)
		*least = value;
}

static const struct set *find_set(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (!strcmp(sets[i].name, name))
			return &sets[i];
	die("there is no set of cases called %s", name);
}

int main(int argc, char **argv)
{
	int opt, i, nr_spares = 0;

	while ((opt = getopt(argc, argv, "c:m:np:r:")) != -1) {
		if (opt == 'm')
			bench.bytes = MIB(strtoul(optarg, NULL, 10));
		else if (opt == 'c')
			bench.only = optarg;
		else if (opt == 'p')
			profile_want(optarg);
		else if (opt == 'n')
			bench.real_time = true;
		else if (opt == 'r')
			bench.reps = atoi(optarg);
		else
			return 2;
	}
	if (bench.bytes < MIB(64) || bench.reps < 1)
		return 2;
	for (i = optind; i < argc; i++)
		if (find_set(argv[i])->nr_spares > nr_spares)
			nr_spares = find_set(argv[i])->nr_spares;
	backends_open(nr_spares);
	for (i = optind; i < argc; i++)
		find_set(argv[i])->run();
	ktap_diag("bench: all was measured");
	return 0;
}
