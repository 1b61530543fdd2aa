// SPDX-License-Identifier: GPL-2.0-only
/*
 * A list of runs: the first in the list's head, so that a mapping of one run costs no more, the others in chunks that
 * double in size up to a page.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "runs.h"

/* The smallest chunk holds three runs; sizes double, so that they fit the slab allocator's. */
#define CHUNK_BYTES_MIN	(sizeof(struct ng_run_chunk) + 3 * sizeof(struct ng_run))

static struct ng_run_chunk *add_chunk(struct ng_runs *runs)
{
	struct ng_run_chunk *chunk, *last = runs->last;
	size_t bytes = CHUNK_BYTES_MIN;

	if (last)
		bytes = min_t(size_t, PAGE_SIZE, 2 * struct_size(last, run, last->capacity));

	chunk = kmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return NULL;
	chunk->nr = 0;
	chunk->capacity = (bytes - sizeof(*chunk)) / sizeof(chunk->run[0]);

	chunk->next = last ? last->next : chunk;
	if (last)
		last->next = chunk;
	runs->last = chunk;
	return chunk;
}

/* A new last run, for the caller to fill in; NULL without memory. */
struct ng_run *ng_runs_add(struct ng_runs *runs)
{
	struct ng_run_chunk *chunk = runs->last;

	if (!chunk && !runs->first.npages)
		return &runs->first;
	if (!chunk || chunk->nr == chunk->capacity)
		chunk = add_chunk(runs);
	return chunk ? &chunk->run[chunk->nr++] : NULL;
}

void ng_runs_free(struct ng_runs *runs)
{
	struct ng_run_chunk *chunk, *next;

	if (runs->last) {
		for (chunk = runs->last->next; chunk != runs->last; chunk = next) {
			next = chunk->next;
			kfree(chunk);
		}
		kfree(runs->last);
	}
	*runs = (struct ng_runs){};
}
