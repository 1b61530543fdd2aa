// SPDX-License-Identifier: GPL-2.0-only
/*
 * A list of runs: one run in the list's head, so that a mapping of one run costs no more; several in chunks that double
 * in size up to a page.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "runs.h"

/* The smallest chunk holds three runs; sizes double, so that they fit the slab allocator's. */
#define CHUNK_BYTES_MIN	(sizeof(struct ng_run_chunk) + 3 * sizeof(struct ng_run))

/* Makes a chunk and puts it behind the last one, or into a ring of its own. */
static struct ng_run_chunk *add_chunk(struct ng_run_chunk *last)
{
	struct ng_run_chunk *chunk;
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
	return chunk;
}

/* A new last run of a list that has one and no room for another, for the caller to fill in; NULL without memory. */
struct ng_run *ng_runs_grow(struct ng_runs *runs)
{
	struct ng_run_chunk *chunk = add_chunk(ng_runs_last_chunk(runs));

	if (!chunk)
		return NULL;
	if (runs->only.npages)
		chunk->run[chunk->nr++] = runs->only;
	runs->only.npages = 0;
	runs->last = chunk;
	return &chunk->run[chunk->nr++];
}

void ng_runs_free(struct ng_runs *runs)
{
	struct ng_run_chunk *last = ng_runs_last_chunk(runs), *chunk, *next;

	if (last) {
		for (chunk = last->next; chunk != last; chunk = next) {
			next = chunk->next;
			kfree(chunk);
		}
		kfree(last);
	}
	runs->only = (struct ng_run){};
}
