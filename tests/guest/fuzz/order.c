// SPDX-License-Identifier: GPL-2.0-only
/* Serial orders of calls that were made at once. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "layout.h"
#include "order.h"
#include "rules.h"

bool fuzz_has_narrow_limits(const struct fuzz_setup *setup)
{
	return setup->limited || setup->entry_limit < FUZZ_MAX_OPS;
}

static bool unmaps_all(const struct fuzz_op *op)
{
	return op->flags & VFIO_DMA_UNMAP_FLAG_ALL;
}

static bool is_well_formed(const struct fuzz_op *op, unsigned int facts)
{
	const size_t argsz = op->kind == FUZZ_MAP ? sizeof(struct vfio_iommu_type1_dma_map) :
						    sizeof(struct vfio_iommu_type1_dma_unmap);

	if (op->actor || op->cut || op->look || op->argsz != argsz || op->bitmap_bytes)
		return false;
	if (op->kind == FUZZ_UNMAP && unmaps_all(op))
		return op->flags == VFIO_DMA_UNMAP_FLAG_ALL && !op->iova && !op->size;
	if (!op->size || (op->iova | op->size) % FUZZ_PAGE || op->iova + op->size <= op->iova)
		return false;
	if (op->kind == FUZZ_UNMAP)
		return !op->flags;
	return op->kind == FUZZ_MAP && op->flags >= 1 && op->flags <= 3 &&
	       !(op->vaddr % FUZZ_PAGE) && op->vaddr + op->size > op->vaddr &&
	       /* Who comes first decides what is charged. */
	       (facts & FACT_PINS_OWN_PAGES || !fuzz_may_be_untouched(op->vaddr, op->size));
}

unsigned int fuzz_burst(const struct fuzz_script *script, unsigned int first, unsigned int facts)
{
	unsigned int nr = 1;

	if (fuzz_has_narrow_limits(&script->setup) || !is_well_formed(&script->op[first], facts))
		return 1;
	while (nr < FUZZ_MOST_AT_ONCE && first + nr < script->nr && script->op[first + nr].beside &&
	       is_well_formed(&script->op[first + nr], facts))
		nr++;
	return nr;
}

/* --- one order --- */

/* Would an unmap leave a part of a mapping? */
static bool cuts(const struct fuzz_model *model, const struct fuzz_op *op)
{
	const uint64_t last = op->iova + op->size - 1;
	const struct fuzz_mapping *mapping = fuzz_model_find(model, op->iova, op->iova);

	if (mapping && mapping->iova != op->iova)
		return true;
	mapping = fuzz_model_find(model, last, last);
	return mapping && mapping->last != last;
}

static uint64_t bytes_in(const struct fuzz_model *model, const struct fuzz_op *op)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < model->nr; i++)
		if (unmaps_all(op) || (model->mapping[i].iova >= op->iova &&
				       model->mapping[i].last <= op->iova + op->size - 1))
			bytes += model->mapping[i].last - model->mapping[i].iova + 1;
	return bytes;
}

/* Could the call come to this with these mappings? */
static bool fits(const struct fuzz_model *model, const struct fuzz_op *op,
		 const struct fuzz_returned *returned)
{
	if (op->kind == FUZZ_MAP)
		return (returned->ret == -EEXIST) ==
		       !!fuzz_model_find(model, op->iova, op->iova + op->size - 1);
	if (!unmaps_all(op) && cuts(model, op))
		return returned->ret == -EINVAL;
	return !returned->ret && returned->size == bytes_in(model, op);
}

static bool is_possible(struct fuzz_model *model, const struct fuzz_op *op,
			const struct fuzz_returned *returned, unsigned int nr,
			const unsigned int *order)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!fits(model, &op[order[i]], &returned[order[i]]))
			return false;
		if (!returned[order[i]].ret)
			fuzz_model_apply(model, &op[order[i]]);
	}
	return true;
}

/* --- all of them --- */

static bool has(const struct fuzz_model *model, const struct fuzz_mapping *wanted)
{
	const struct fuzz_mapping *found = fuzz_model_find(model, wanted->iova, wanted->last);

	return found && found->iova == wanted->iova && found->last == wanted->last &&
	       found->vaddr == wanted->vaddr && found->flags == wanted->flags;
}

/* Mappings do not overlap: as many on both sides, each of which is on the other, are the same. */
static bool are_alike(const struct fuzz_model *a, const struct fuzz_model *b)
{
	unsigned int i;

	for (i = 0; i < a->nr; i++)
		if (!has(b, &a->mapping[i]))
			return false;
	return a->nr == b->nr;
}

/* The next permutation in the order of a dictionary; false after the last one. */
static bool next_order(unsigned int *order, unsigned int nr)
{
	unsigned int i = nr - 1, j, swap;

	while (i && order[i - 1] > order[i])
		i--;
	if (!i)
		return false;
	for (j = nr - 1; order[j] < order[i - 1]; j--)
		;
	swap = order[j], order[j] = order[i - 1], order[i - 1] = swap;
	for (j = nr - 1; i < j; i++, j--)
		swap = order[j], order[j] = order[i], order[i] = swap;
	return true;
}

enum fuzz_order fuzz_find_order(const struct fuzz_model *model, const struct fuzz_op *op,
				const struct fuzz_returned *returned, unsigned int nr,
				unsigned int *order)
{
	static struct fuzz_model first, after;
	unsigned int candidate[FUZZ_MOST_AT_ONCE], i;
	enum fuzz_order found = FUZZ_ORDER_NONE;

	for (i = 0; i < nr; i++)
		candidate[i] = i;
	do {
		after = *model;
		if (!is_possible(&after, op, returned, nr, candidate))
			continue;
		if (found == FUZZ_ORDER_NONE) {
			found = FUZZ_ORDER_FOUND;
			memcpy(order, candidate, nr * sizeof(*order));
			first = after;
		} else if (!are_alike(&first, &after)) {
			found = FUZZ_ORDER_OPEN;
		}
	} while (next_order(candidate, nr));
	return found;
}
