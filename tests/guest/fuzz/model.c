// SPDX-License-Identifier: GPL-2.0-only
/* What is mapped in a container. */
#include <linux/vfio.h>
#include <stddef.h>

#include "layout.h"
#include "rules.h"

#define A(name, base, pages) { #name, base, (pages) * FUZZ_PAGE },
const struct fuzz_area_place fuzz_areas[FUZZ_NR_AREAS] = { FUZZ_AREAS(A) };
#undef A

bool fuzz_may_be_untouched(uint64_t vaddr, uint64_t size)
{
	static const enum fuzz_area untouched[] = {
		FUZZ_FRESH, FUZZ_WRONLY, FUZZ_MIXED, FUZZ_LAZY, FUZZ_THP,
	};
	unsigned int i;

	for (i = 0; i < sizeof(untouched) / sizeof(untouched[0]); i++) {
		const struct fuzz_area_place *area = &fuzz_areas[untouched[i]];

		if (vaddr < area->base + area->bytes && vaddr + size > area->base)
			return true;
	}
	return false;
}

const struct fuzz_mapping *fuzz_model_find(const struct fuzz_model *model, uint64_t iova, uint64_t last)
{
	unsigned int i;

	for (i = 0; i < model->nr; i++)
		if (model->mapping[i].iova <= last && model->mapping[i].last >= iova)
			return &model->mapping[i];
	return NULL;
}

static void update_vaddr(struct fuzz_model *model, const struct fuzz_op *op)
{
	unsigned int i;

	for (i = 0; i < model->nr; i++) {
		if (model->mapping[i].iova != op->iova)
			continue;
		model->mapping[i].vaddr = op->vaddr;
		model->mapping[i].actor = op->actor;
	}
}

static void map(struct fuzz_model *model, const struct fuzz_op *op)
{
	if (op->flags & VFIO_DMA_MAP_FLAG_VADDR) {
		update_vaddr(model, op);
		return;
	}
	if (model->nr == FUZZ_MAX_MAPPINGS)
		return;
	model->mapping[model->nr++] = (struct fuzz_mapping){
		.iova = op->iova,
		.last = op->iova + op->size - 1,
		.vaddr = op->vaddr,
		.flags = op->flags,
		.actor = op->actor,
	};
}

/* Does the range begin within a mapping, behind its first address? */
static bool begins_within_a_mapping(const struct fuzz_model *model, uint64_t iova)
{
	const struct fuzz_mapping *mapping = fuzz_model_find(model, iova, iova);

	return mapping && mapping->iova != iova;
}

/* As both types have it: mappings go of which the range covers the first address; but nothing does if it begins within one. */
static void unmap(struct fuzz_model *model, const struct fuzz_op *op)
{
	bool all = op->flags & VFIO_DMA_UNMAP_FLAG_ALL;
	unsigned int i, kept = 0;

	if (op->flags & VFIO_DMA_UNMAP_FLAG_VADDR || (!all && begins_within_a_mapping(model, op->iova)))
		return;
	for (i = 0; i < model->nr; i++) {
		uint64_t iova = model->mapping[i].iova;

		if (!all && (iova < op->iova || iova > op->iova + op->size - 1))
			model->mapping[kept++] = model->mapping[i];
	}
	model->nr = kept;
}

static void disown(struct fuzz_model *model, unsigned int actor)
{
	unsigned int i;

	for (i = 0; i < model->nr; i++)
		if (model->mapping[i].actor == actor)
			model->mapping[i].actor = FUZZ_NOBODY;
}

static void detach(struct fuzz_model *model, unsigned int device)
{
	model->attached &= ~(1u << device);
	if (!model->attached) {
		model->driver = false;
		model->tracking = false;
		model->nr = 0;
	}
}

void fuzz_model_apply(struct fuzz_model *model, const struct fuzz_op *op)
{
	switch (op->kind) {
	case FUZZ_ATTACH:
		model->attached |= 1u << op->device;
		break;
	case FUZZ_DETACH:
		detach(model, op->device);
		break;
	case FUZZ_SET_IOMMU:
		model->driver = true;
		model->v2 = op->type != VFIO_TYPE1_IOMMU;
		break;
	case FUZZ_MAP:
		map(model, op);
		break;
	case FUZZ_UNMAP:
		unmap(model, op);
		break;
	case FUZZ_DIRTY:
		if (op->flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_START)
			model->tracking = true;
		if (op->flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP)
			model->tracking = false;
		break;
	case FUZZ_FORK:
		model->actors |= 1u << op->actor;
		break;
	case FUZZ_EXEC:
		disown(model, op->actor);
		break;
	case FUZZ_EXIT:
		disown(model, op->actor);
		model->actors &= ~(1u << op->actor);
		break;
	}
}

struct reach {
	uint64_t first, last;
};

static struct reach reach_of(const struct fuzz_model *model, const struct fuzz_op *op)
{
	const uint64_t first = op->iova, last = op->iova + op->size - 1;
	struct reach reach = { first, last };
	unsigned int i;

	for (i = 0; i < model->nr; i++) {
		const struct fuzz_mapping *mapping = &model->mapping[i];

		if (mapping->iova > last || mapping->last < first)
			continue;
		if (mapping->iova < reach.first)
			reach.first = mapping->iova;
		if (mapping->last > reach.last)
			reach.last = mapping->last;
	}
	return reach;
}

bool fuzz_are_independent(const struct fuzz_model *model, const struct fuzz_op *a,
			  const struct fuzz_op *b)
{
	const struct reach x = reach_of(model, a), y = reach_of(model, b);

	return x.last < y.first || y.last < x.first;
}

bool fuzz_may_run_beside(const struct fuzz_op *op, unsigned int facts)
{
	if (op->actor || op->cut || !op->size || op->iova + op->size <= op->iova)
		return false;
	if (op->kind == FUZZ_UNMAP)
		return !op->flags && op->argsz == sizeof(struct vfio_iommu_type1_dma_unmap);
	return op->kind == FUZZ_MAP && op->flags >= 1 && op->flags <= 3 &&
	       op->argsz == sizeof(struct vfio_iommu_type1_dma_map) &&
	       /* Who comes first decides what is charged. */
	       (facts & FACT_PINS_OWN_PAGES || !fuzz_may_be_untouched(op->vaddr, op->size));
}
