/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: contiguous frames behind a mapping, kept so that neither unmapping nor
 * a further domain needs lookups in an IOMMU. See lookup.h if memory is short.
 */
#ifndef NG_RUNS_H
#define NG_RUNS_H

#include <linux/types.h>

/**
 * struct ng_run - physically contiguous frames
 * @pfn: first frame
 * @npages: number of frames, at least 1
 * @pinned: they must be unpinned; not so the zero page and device memory
 */
struct ng_run {
	unsigned long pfn;
	unsigned long npages;
	bool pinned;
};

/* 40 bits of frame (52-bit addresses), 23 bits of length, 1 bit for pinned. */
typedef u64 ng_packed_run;

#define NG_PACKED_PFN_BITS	40
#define NG_PACKED_LENGTH_BITS	23
#define NG_PACKED_LENGTH_MASK	((1ULL << NG_PACKED_LENGTH_BITS) - 1)

/* No run crosses a multiple of this, where huge pages of an IOMMU end, too. */
#define NG_RUN_MAX_PAGES	(1UL << NG_PACKED_LENGTH_BITS)

static inline ng_packed_run ng_run_pack(const struct ng_run *run)
{
	return (u64)run->pfn << (NG_PACKED_LENGTH_BITS + 1) | (u64)(run->npages - 1) << 1 | run->pinned;
}

static inline struct ng_run ng_run_unpack(ng_packed_run packed)
{
	return (struct ng_run){
		.pfn = packed >> (NG_PACKED_LENGTH_BITS + 1),
		.npages = (packed >> 1 & NG_PACKED_LENGTH_MASK) + 1,
		.pinned = packed & 1,
	};
}

static inline bool ng_run_packable(unsigned long pfn)
{
	return (u64)pfn >> NG_PACKED_PFN_BITS == 0;
}

/* Chunks form a ring. */
struct ng_run_chunk {
	struct ng_run_chunk *next;
	unsigned int nr;
	unsigned int capacity;
	ng_packed_run run[];
};

/**
 * struct ng_runs - a list of runs, charged to the memory cgroup of the task
 * @only_pfn: first frame of the only run, which needs no more memory
 * @last: in its place: chunk being filled, whose next is the first; or NULL
 * @only_npages: length of the only run; 0 if there is none or more than one
 * @only_pinned: the only run is pinned
 * @partial: the list, even if empty, covers only the first part of the mapping
 */
struct ng_runs {
	union {
		unsigned long only_pfn;
		struct ng_run_chunk *last;
	};
	u32 only_npages;
	bool only_pinned;
	bool partial;
};

/**
 * struct ng_run_cursor - a place in a list of runs
 * @chunk: chunk of the next run; NULL without chunks, or before the first use
 * @index: index of the next run in @chunk
 */
struct ng_run_cursor {
	struct ng_run_chunk *chunk;
	unsigned int index;
};

/* NULL if there is at most one run. */
static inline struct ng_run_chunk *ng_runs_last_chunk(const struct ng_runs *runs)
{
	return runs->only_npages ? NULL : runs->last;
}

static inline bool ng_runs_empty(const struct ng_runs *runs)
{
	return !runs->only_npages && !runs->last && !runs->partial;
}

static inline struct ng_run ng_runs_only(const struct ng_runs *runs)
{
	return (struct ng_run){
		.pfn = runs->only_pfn,
		.npages = runs->only_npages,
		.pinned = runs->only_pinned,
	};
}

static inline void ng_runs_set_only(struct ng_runs *runs, const struct ng_run *run)
{
	runs->only_pfn = run->pfn;
	runs->only_npages = run->npages;
	runs->only_pinned = run->pinned;
}

bool ng_runs_grow(struct ng_runs *runs, const struct ng_run *run);
void ng_runs_free(struct ng_runs *runs);

/* The frames must not cross a multiple of NG_RUN_MAX_PAGES. */
static inline bool ng_runs_add(struct ng_runs *runs, const struct ng_run *more, bool extend)
{
	struct ng_run_chunk *chunk = ng_runs_last_chunk(runs);
	struct ng_run last = chunk ? ng_run_unpack(chunk->run[chunk->nr - 1]) : ng_runs_only(runs);

	if (extend && last.npages && last.pfn + last.npages == more->pfn && last.pinned == more->pinned &&
	    more->pfn % NG_RUN_MAX_PAGES) {
		last.npages += more->npages;
		if (chunk)
			chunk->run[chunk->nr - 1] = ng_run_pack(&last);
		else
			ng_runs_set_only(runs, &last);
		return true;
	}
	if (chunk && chunk->nr < chunk->capacity && ng_run_packable(more->pfn)) {
		chunk->run[chunk->nr++] = ng_run_pack(more);
		return true;
	}
	if (!ng_runs_empty(runs))
		return ng_runs_grow(runs, more);
	ng_runs_set_only(runs, more);
	return true;
}

/**
 * ng_runs_append() - add the frames behind the next addresses
 * @runs: the list
 * @frames: the frames
 * @extend: they may extend the last run if they continue it
 * Return: number of frames added before memory ran out; not 0 in an empty list.
 */
static inline unsigned long ng_runs_append(struct ng_runs *runs, const struct ng_run *frames,
					   bool extend)
{
	struct ng_run part = *frames;
	unsigned long done;

	/* The usual case, which scattered memory meets for each page. */
	if (part.npages <= NG_RUN_MAX_PAGES - part.pfn % NG_RUN_MAX_PAGES)
		return ng_runs_add(runs, frames, extend) ? part.npages : 0;

	for (done = 0; done < frames->npages; done += part.npages) {
		part.pfn = frames->pfn + done;
		part.npages = NG_RUN_MAX_PAGES - part.pfn % NG_RUN_MAX_PAGES;
		if (part.npages > frames->npages - done)
			part.npages = frames->npages - done;
		if (!ng_runs_add(runs, &part, extend))
			break;
	}
	return done;
}

/* A zeroed cursor is at the first run; it stays valid as the list grows. */
static inline bool ng_run_cursor_peek(struct ng_run_cursor *cursor, const struct ng_runs *runs,
				      struct ng_run *run)
{
	if (!cursor->chunk) {
		if (runs->only_npages) {
			*run = ng_runs_only(runs);
			return !cursor->index;
		}
		if (!runs->last)
			return false;
		/* A run that was the only one became the first of the chunk. */
		cursor->chunk = runs->last->next;
	}
	if (cursor->index == cursor->chunk->nr) {
		if (cursor->chunk == runs->last)
			return false;
		*cursor = (struct ng_run_cursor){ .chunk = cursor->chunk->next };
	}
	*run = ng_run_unpack(cursor->chunk->run[cursor->index]);
	return true;
}

static inline bool ng_run_cursor_next(struct ng_run_cursor *cursor, const struct ng_runs *runs,
				      struct ng_run *run)
{
	bool found = ng_run_cursor_peek(cursor, runs, run);

	if (found)
		cursor->index++;
	return found;
}

/* After ng_run_cursor_peek(): replace the run by one of the same length. */
static inline void ng_run_cursor_put(struct ng_run_cursor *cursor, struct ng_runs *runs,
				     const struct ng_run *run)
{
	if (cursor->chunk)
		cursor->chunk->run[cursor->index] = ng_run_pack(run);
	else
		ng_runs_set_only(runs, run);
}

/* After ng_run_cursor_peek(): true if the run may still grow. */
static inline bool ng_run_cursor_at_last(const struct ng_run_cursor *cursor,
					 const struct ng_runs *runs)
{
	return !cursor->chunk || (cursor->chunk == runs->last && cursor->index == cursor->chunk->nr - 1);
}

#endif
