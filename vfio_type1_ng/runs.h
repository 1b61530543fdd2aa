/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: what a mapping's addresses are backed by, as stretches of physically contiguous frames in ascending order of
 * the addresses.  They are kept as long as the mapping, so that neither unmapping nor filling a second domain has to
 * ask the IOMMU what it maps.
 */
#ifndef NG_RUNS_H
#define NG_RUNS_H

#include <linux/errno.h>
#include <linux/types.h>

/**
 * struct ng_run - physically contiguous frames
 * @pfn: first frame
 * @npages: how many, at least 1; 16 TiB are two runs
 * @pinned: they are pinned pages; otherwise device memory, which nobody holds
 */
struct ng_run {
	unsigned long pfn;
	u32 npages;
	bool pinned;
};

/* A stretch of the list. */
struct ng_run_chunk {
	struct ng_run_chunk *next;
	unsigned int nr;
	unsigned int capacity;
	struct ng_run run[];
};

/**
 * struct ng_runs - a list of runs
 * @only: the only run; its npages is 0 while there is none or more than one
 * @last: in the place of its pfn: the chunk that is being filled, whose next is the first chunk; NULL while there is no run
 *
 * A list of one run costs nothing besides.  More of them cost 16 bytes a run, and in the chunk being filled at most as
 * much again, but never more than a page, charged to the memory cgroup of the task that maps.
 */
struct ng_runs {
	union {
		struct ng_run only;
		struct ng_run_chunk *last;
	};
};

/**
 * struct ng_run_cursor - a place in a list of runs
 * @chunk: chunk of the next run; NULL while there are no chunks, or the cursor was not used since
 * @index: index of the next run there
 */
struct ng_run_cursor {
	struct ng_run_chunk *chunk;
	unsigned int index;
};

/* NULL while there is at most one run. */
static inline struct ng_run_chunk *ng_runs_last_chunk(struct ng_runs *runs)
{
	return runs->only.npages ? NULL : runs->last;
}

static inline bool ng_runs_empty(const struct ng_runs *runs)
{
	return !runs->only.npages && !runs->last;
}

struct ng_run *ng_runs_grow(struct ng_runs *runs);
void ng_runs_free(struct ng_runs *runs);

/* The last run, or NULL.  Every run before it is final; this one may still grow. */
static inline struct ng_run *ng_runs_last(struct ng_runs *runs)
{
	struct ng_run_chunk *chunk = ng_runs_last_chunk(runs);

	if (chunk)
		return &chunk->run[chunk->nr - 1];
	return runs->only.npages ? &runs->only : NULL;
}

/**
 * ng_runs_append() - add the frames behind the next addresses
 * @runs: the list
 * @pfn: the first frame
 * @npages: how many consecutive frames, 1 to U32_MAX
 * @pinned: they are pinned pages
 * @extend: they may become part of the last run if they continue it
 *
 * Return: 0 or -ENOMEM, and then the frames were not added.
 */
static inline int ng_runs_append(struct ng_runs *runs, unsigned long pfn, unsigned long npages, bool pinned, bool extend)
{
	struct ng_run_chunk *chunk = ng_runs_last_chunk(runs);
	struct ng_run *run = chunk ? &chunk->run[chunk->nr - 1] : &runs->only;

	if (extend && run->npages && run->pfn + run->npages == pfn && run->pinned == pinned &&
	    npages <= U32_MAX - run->npages) {
		run->npages += npages;
		return 0;
	}
	if (chunk && chunk->nr < chunk->capacity)
		run = &chunk->run[chunk->nr++];
	else if (!ng_runs_empty(runs))
		run = ng_runs_grow(runs);
	if (!run)
		return -ENOMEM;
	*run = (struct ng_run){ .pfn = pfn, .pinned = pinned, .npages = npages };
	return 0;
}

/*
 * The run at the cursor, or NULL behind the last one.  A cursor that is all zeroes is at the first run, and it may stay
 * where it is while the list grows.
 */
static inline struct ng_run *ng_run_cursor_peek(struct ng_run_cursor *cursor, struct ng_runs *runs)
{
	if (!cursor->chunk) {
		if (runs->only.npages)
			return cursor->index ? NULL : &runs->only;
		if (!runs->last)
			return NULL;
		/* What was the only run is the first one there. */
		cursor->chunk = runs->last->next;
	}
	if (cursor->index == cursor->chunk->nr) {
		if (cursor->chunk == runs->last)
			return NULL;
		*cursor = (struct ng_run_cursor){ .chunk = cursor->chunk->next };
	}
	return &cursor->chunk->run[cursor->index];
}

/* As ng_run_cursor_peek(), and moves past it. */
static inline struct ng_run *ng_run_cursor_next(struct ng_run_cursor *cursor, struct ng_runs *runs)
{
	struct ng_run *run = ng_run_cursor_peek(cursor, runs);

	if (run)
		cursor->index++;
	return run;
}

#endif
