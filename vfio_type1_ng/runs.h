/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: what a mapping's addresses are backed by, as stretches of physically contiguous frames in ascending order of
 * the addresses.  They are kept as long as the mapping, so that neither unmapping nor filling a second domain has to
 * ask the IOMMU what it maps.
 */
#ifndef NG_RUNS_H
#define NG_RUNS_H

#include <linux/types.h>

/**
 * struct ng_run - physically contiguous frames
 * @pfn: first frame
 * @npages: how many, at least 1
 * @pinned: they are pinned pages; otherwise device memory, which nobody holds
 */
struct ng_run {
	unsigned long pfn;
	unsigned long npages : BITS_PER_LONG - 1;
	unsigned long pinned : 1;
};

struct ng_run_chunk;

/**
 * struct ng_runs - a list of runs
 * @first: first chunk of the list; NULL while there is no run
 * @last: chunk that is being filled
 *
 * Costs 16 bytes a run and at most as much again in the chunk being filled, charged to the memory cgroup of the task
 * that maps.
 */
struct ng_runs {
	struct ng_run_chunk *first;
	struct ng_run_chunk *last;
};

/**
 * struct ng_run_cursor - a place in a list of runs
 * @chunk: chunk of the next run
 * @index: index of the next run in it
 */
struct ng_run_cursor {
	struct ng_run_chunk *chunk;
	unsigned int index;
};

int ng_runs_append(struct ng_runs *runs, unsigned long pfn, bool pinned, bool extend);
void ng_runs_free(struct ng_runs *runs);

/* Every run but the last is final; the last may still grow. */
struct ng_run *ng_runs_last(const struct ng_runs *runs);

void ng_run_cursor_start(struct ng_run_cursor *cursor, const struct ng_runs *runs);
struct ng_run *ng_run_cursor_next(struct ng_run_cursor *cursor, const struct ng_runs *runs);
struct ng_run *ng_run_cursor_peek(struct ng_run_cursor *cursor, const struct ng_runs *runs);

#endif
