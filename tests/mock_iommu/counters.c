// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was called, and what must never happen.
 *
 * alloc, free, attach (accepted) and attach_failed are of domains for DMA, not of the core's own; attach_home are
 * those. free_in_use, map_twice, unmap_nothing and enforce_late are a caller's mistakes: a domain freed with
 * devices attached, a page mapped that is mapped, a page unmapped that is not, coherency asked for after the
 * first mapping.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "mock_iommu.h"

static const char *const names[MOCK_NR_COUNTERS] = {
	[MOCK_ALLOC]		= "alloc",
	[MOCK_FREE]		= "free",
	[MOCK_FREE_IN_USE]	= "free_in_use",
	[MOCK_ATTACH]		= "attach",
	[MOCK_ATTACH_FAILED]	= "attach_failed",
	[MOCK_ATTACH_HOME]	= "attach_home",
	[MOCK_MAP]		= "map",
	[MOCK_MAP_FAILED]	= "map_failed",
	[MOCK_MAP_TWICE]	= "map_twice",
	[MOCK_UNMAP]		= "unmap",
	[MOCK_UNMAP_NOTHING]	= "unmap_nothing",
	[MOCK_PAGES_MAPPED]	= "pages_mapped",
	[MOCK_ENFORCE]		= "enforce",
	[MOCK_ENFORCE_LATE]	= "enforce_late",
};

static atomic_long_t counters[MOCK_NR_COUNTERS];

void mock_count(enum mock_counter counter, long n)
{
	atomic_long_add(n, &counters[counter]);
}

void mock_counters_reset(void)
{
	enum mock_counter i;

	for (i = 0; i < MOCK_NR_COUNTERS; i++)
		atomic_long_set(&counters[i], 0);
}

void mock_counters_show(struct seq_file *seq)
{
	enum mock_counter i;

	for (i = 0; i < MOCK_NR_COUNTERS; i++)
		seq_printf(seq, "%s %ld\n", names[i], atomic_long_read(&counters[i]));
	seq_printf(seq, "pages %ld\n", mock_domains_pages());
}

long mock_attempts(void)
{
	return atomic_long_read(&counters[MOCK_ATTACH]) + atomic_long_read(&counters[MOCK_ATTACH_FAILED]);
}
