// SPDX-License-Identifier: GPL-2.0-only
/* Try out what a backend has of the 2022 series; see series.h. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* Stock takes every errno for "incompatible", and every rule of ours this one, which the series defined. */
const struct series series_of_stock = { .incompatible = EMEDIUMTYPE };
const struct series series_of_ours = { .reuses_first = true, .reports_errors = true, .incompatible = EMEDIUMTYPE };

/*
 * The second group joins a container with one, while attaching it to the domain that exists fails with this errno.
 * Returns what SET_CONTAINER says, or -ENODATA when nothing failed; tells how many domains that cost and left.
 */
static int join_against(int error, bool reuses_first, unsigned long long *new_domains)
{
	const struct fault_rule rule = { "iommu_attach_group", reuses_first ? 1 : 2, 1, -error };
	struct counts before;
	struct container ct;
	int ret, hits;

	container_make(&ct, 0, 1, TYPE1V2);
	counters_read(&before);
	OK(fault_arm(&rule, 1));
	ret = container_try_add(&ct, 1);
	hits = fault_hits(0);
	fault_disarm();
	*new_domains = counters_since(&before, COUNT_ALLOC) - counters_since(&before, COUNT_FREE);
	container_close(&ct);
	return hits ? ret : -ENODATA;
}

static bool observe_reuse(void)
{
	unsigned long long allocs;
	struct counts before;
	struct container ct;

	counters_read(&before);
	container_make(&ct, 0, 2, TYPE1V2);
	allocs = counters_since(&before, COUNT_ALLOC);
	container_close(&ct);
	return allocs == 1;
}

/* EMEDIUMTYPE is what the series defined first, EINVAL what the kernel documents since 6.2. */
static int observe_incompatible(bool reuses_first)
{
	static const int candidates[] = { EMEDIUMTYPE, EINVAL, E2BIG };
	unsigned long long new_domains;
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (!join_against(candidates[i], reuses_first, &new_domains) && new_domains == 1)
			return candidates[i];
	/* Tests of two domains will say that none can be had. */
	return EMEDIUMTYPE;
}

static void observe(struct series *series)
{
	unsigned long long new_domains;

	series->reuses_first = observe_reuse();
	series->reports_errors = join_against(ENOMEM, series->reuses_first, &new_domains) == -ENOMEM;
	series->incompatible = observe_incompatible(series->reuses_first);
}

struct series series_observe(void)
{
	struct series *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct series series = series_of_stock;
	int status = -1;
	pid_t pid;

	if (shared == MAP_FAILED)
		return series;
	/* An expectation that is not met ends the process. */
	pid = fork();
	if (!pid) {
		observe(shared);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	fault_disarm();
	if (!status)
		series = *shared;
	munmap(shared, sizeof(*shared));
	if (status) {
		ktap_diag("what the backend has of the series could not be tried out; it counts as stock");
		return series;
	}
	ktap_diag("series: domains that exist are %s, a hard error of a join is %s, %s means incompatible",
		  series.reuses_first ? "tried first" : "tried last",
		  series.reports_errors ? "reported" : "swallowed", strerrorname_np(series.incompatible));
	return series;
}
