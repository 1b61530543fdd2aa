// SPDX-License-Identifier: GPL-2.0-only
/* Lists of runs: one is in the head, more in chunks of up to a page. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "alloc.h"
#include "runs.h"

/* Room for six runs; sizes double, so that they fit the slab allocator's. */
#define CHUNK_BYTES_MIN	(sizeof(struct ng_run_chunk) + 6 * sizeof(ng_packed_run))

static struct ng_run_chunk *add_chunk(struct ng_run_chunk *last)
{
	struct ng_run_chunk *chunk;
	size_t bytes = CHUNK_BYTES_MIN;

	if (last)
		bytes = min_t(size_t, PAGE_SIZE, 2 * struct_size(last, run, last->capacity));

	/* Runs can be done without, so do not kill the task for them. */
	chunk = kmalloc(bytes, NG_GFP_OPTIONAL);
	if (!chunk)
		return NULL;
	chunk->nr = 0;
	chunk->capacity = (bytes - sizeof(*chunk)) / sizeof(chunk->run[0]);

	chunk->next = last ? last->next : chunk;
	if (last)
		last->next = chunk;
	return chunk;
}

/* For a list with a run but no room. Return false if it cannot be added. */
bool ng_runs_grow(struct ng_runs *runs, const struct ng_run *run)
{
	const struct ng_run only = ng_runs_only(runs);
	struct ng_run_chunk *chunk;

	if (!ng_run_packable(run->pfn) || (only.npages && !ng_run_packable(only.pfn)))
		return false;
	chunk = add_chunk(ng_runs_last_chunk(runs));
	if (!chunk)
		return false;
	if (only.npages)
		chunk->run[chunk->nr++] = ng_run_pack(&only);
	chunk->run[chunk->nr++] = ng_run_pack(run);
	runs->only_npages = 0;
	runs->last = chunk;
	return true;
}

void ng_runs_free(struct ng_runs *runs)
{
	struct ng_run_chunk *last = ng_runs_last_chunk(runs), *chunk, *next;

	if (last) {
		for (chunk = last->next; chunk != last; chunk = next) {
			next = chunk->next;
			kfree(chunk);
			cond_resched();
		}
		kfree(last);
	}
	*runs = (struct ng_runs){};
}
