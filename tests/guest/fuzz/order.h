/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that were made at once: do they return the same in some order, one after the other? */
#ifndef NG_FUZZ_ORDER_H
#define NG_FUZZ_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"
#include "script.h"

/* Calls made at once; their arguments are one before the other (layout.h). */
#define FUZZ_MOST_AT_ONCE	4

/* What a call made beside others came to. */
struct fuzz_returned {
	int64_t ret;
	uint64_t size;		/* what UNMAP_DMA says it has unmapped */
};

enum fuzz_order {
	FUZZ_ORDER_NONE,	/* no serial order gives these results */
	FUZZ_ORDER_FOUND,
	FUZZ_ORDER_OPEN,	/* several do, and leave different mappings behind */
};

/* Could locked memory or mappings run out? Then it would matter who comes first. */
bool fuzz_has_narrow_limits(const struct fuzz_setup *setup);

/**
 * fuzz_burst() - how many operations from one on are made at once
 * @script: the script
 * @first: index of the first of them
 * @facts: FACT_*, of the stock module
 *
 * Maps and unmaps of the first process, well formed and without limits that could be met, so that
 * what each returns depends on the mappings it finds. 1 where an operation is made alone.
 */
unsigned int fuzz_burst(const struct fuzz_script *script, unsigned int first, unsigned int facts);

/**
 * fuzz_find_order() - an order of calls that explains their results
 * @model: what was mapped before, in a container of type 2
 * @op: the calls
 * @returned: what each came to
 * @nr: how many, at most FUZZ_MOST_AT_ONCE
 * @order: filled with indices of @op, unless the answer is FUZZ_ORDER_NONE
 *
 * The model knows EEXIST, EINVAL for an unmap that would cut a mapping, and how much an unmap
 * unmaps. An errno that depends on the memory is taken as it is; stock has to return it in that
 * order, too.
 */
enum fuzz_order fuzz_find_order(const struct fuzz_model *model, const struct fuzz_op *op,
				const struct fuzz_returned *returned, unsigned int nr,
				unsigned int *order);

#endif
