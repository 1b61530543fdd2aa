// SPDX-License-Identifier: GPL-2.0-only
/* A list of runs in chunks that double in size up to a page, so that a mapping of one run costs one small object. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "runs.h"

struct ng_run_chunk {
	struct ng_run_chunk *next;
	unsigned int nr;
	unsigned int capacity;
	struct ng_run run[];
};

/* The smallest chunk holds one run; sizes double, so that they fit the slab allocator's. */
#define CHUNK_BYTES_MIN	(sizeof(struct ng_run_chunk) + sizeof(struct ng_run))

static int add_chunk(struct ng_runs *runs)
{
	size_t bytes = CHUNK_BYTES_MIN;
	struct ng_run_chunk *chunk;

	if (runs->last)
		bytes = min_t(size_t, PAGE_SIZE, 2 * struct_size(runs->last, run, runs->last->capacity));

	chunk = kmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	chunk->next = NULL;
	chunk->nr = 0;
	chunk->capacity = (bytes - sizeof(*chunk)) / sizeof(chunk->run[0]);

	if (runs->last)
		runs->last->next = chunk;
	else
		runs->first = chunk;
	runs->last = chunk;
	return 0;
}

/**
 * ng_runs_append() - add the frame behind the next address
 * @runs: the list
 * @pfn: the frame
 * @pinned: it is a pinned page
 * @extend: it may become part of the last run if it continues it
 *
 * Return: 0 or -ENOMEM, and then the frame was not added.
 */
int ng_runs_append(struct ng_runs *runs, unsigned long pfn, bool pinned, bool extend)
{
	struct ng_run_chunk *chunk = runs->last;
	int ret;

	if (chunk && extend) {
		struct ng_run *run = &chunk->run[chunk->nr - 1];

		if (run->pfn + run->npages == pfn && run->pinned == pinned) {
			run->npages++;
			return 0;
		}
	}

	if (!chunk || chunk->nr == chunk->capacity) {
		ret = add_chunk(runs);
		if (ret)
			return ret;
		chunk = runs->last;
	}
	chunk->run[chunk->nr++] = (struct ng_run){ .pfn = pfn, .npages = 1, .pinned = pinned };
	return 0;
}

void ng_runs_free(struct ng_runs *runs)
{
	struct ng_run_chunk *chunk = runs->first;

	while (chunk) {
		struct ng_run_chunk *next = chunk->next;

		kfree(chunk);
		chunk = next;
	}
	*runs = (struct ng_runs){};
}

struct ng_run *ng_runs_last(const struct ng_runs *runs)
{
	return runs->last ? &runs->last->run[runs->last->nr - 1] : NULL;
}

void ng_run_cursor_start(struct ng_run_cursor *cursor, const struct ng_runs *runs)
{
	*cursor = (struct ng_run_cursor){ .chunk = runs->first };
}

/* The run at the cursor, or NULL behind the last one.  A list that was empty when the cursor started may have grown. */
struct ng_run *ng_run_cursor_peek(struct ng_run_cursor *cursor, const struct ng_runs *runs)
{
	if (!cursor->chunk)
		cursor->chunk = runs->first;
	if (!cursor->chunk)
		return NULL;
	if (cursor->index == cursor->chunk->nr) {
		if (!cursor->chunk->next)
			return NULL;
		cursor->chunk = cursor->chunk->next;
		cursor->index = 0;
	}
	return &cursor->chunk->run[cursor->index];
}

/* As ng_run_cursor_peek(), and moves past it. */
struct ng_run *ng_run_cursor_next(struct ng_run_cursor *cursor, const struct ng_runs *runs)
{
	struct ng_run *run = ng_run_cursor_peek(cursor, runs);

	if (run)
		cursor->index++;
	return run;
}
