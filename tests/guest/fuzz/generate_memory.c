// SPDX-License-Identifier: GPL-2.0-only
/* Arguments of the operations on memory: addresses, lengths, flags and bitmaps, right and wrong. */
#include <linux/vfio.h>

#include "generate.h"

/* Most of what happens does so in the first pages, where mappings meet. */
#define GRID_PAGES	256

static const uint64_t edges[] = {
	0, 1, 0x800, FUZZ_PAGE - 1,
	UINT64_C(0xfedff000), UINT64_C(0xfee00000), UINT64_C(0xfeeff000), UINT64_C(0xfef00000),	/* around the MSI window */
	UINT64_C(1) << 32, (UINT64_C(1) << 39) - FUZZ_PAGE, UINT64_C(1) << 39, (UINT64_C(1) << 48) - FUZZ_PAGE,
	UINT64_C(1) << 48, (UINT64_C(1) << 57) - FUZZ_PAGE, UINT64_C(1) << 63,
	-2 * FUZZ_PAGE, -FUZZ_PAGE, UINT64_MAX,
};

static uint64_t pages(struct fuzz_generator *g, unsigned int most)
{
	return (1 + fuzz_below(&g->random, most)) * FUZZ_PAGE;
}

uint64_t fuzz_mapped_iova(struct fuzz_generator *g)
{
	const struct fuzz_mapping *mapping;

	if (!g->model.nr)
		return fuzz_below(&g->random, GRID_PAGES) * FUZZ_PAGE;
	mapping = &g->model.mapping[fuzz_below(&g->random, g->model.nr)];
	return mapping->iova + (fuzz_percent(&g->random, 50) ? 0 :
				(fuzz_random(&g->random) % (mapping->last - mapping->iova + 1)) / FUZZ_PAGE * FUZZ_PAGE);
}

static uint64_t any_iova(struct fuzz_generator *g)
{
	unsigned int which = fuzz_below(&g->random, 10);

	if (which < 5)
		return fuzz_mapped_iova(g);
	if (which < 8)
		return fuzz_below(&g->random, GRID_PAGES) * FUZZ_PAGE;
	return FUZZ_PICK(&g->random, edges);
}

static uint64_t any_size(struct fuzz_generator *g, uint64_t iova)
{
	switch (fuzz_below(&g->random, 12)) {
	case 0:
		return 0;
	case 1:
		return 1 + fuzz_below(&g->random, 2 * FUZZ_PAGE);
	case 2:
		return -iova;		/* to the end of the address space */
	case 3:
		return -iova + FUZZ_PAGE;
	case 4:
		return UINT64_C(1) << fuzz_below(&g->random, 64);
	default:
		return pages(g, 64);
	}
}

/* Somewhere, and perhaps with a length that does not fit it. */
static void any_range(struct fuzz_generator *g, struct fuzz_op *op, bool with_size)
{
	op->iova = any_iova(g);
	if (with_size)
		op->size = any_size(g, op->iova);
}

static uint64_t good_vaddr(struct fuzz_generator *g, uint64_t size)
{
	static const uint8_t usual[] = { FUZZ_SMALL, FUZZ_SMALL, FUZZ_SMALL, FUZZ_SMALL, FUZZ_SHARED, FUZZ_FRESH, FUZZ_FRESH };
	const struct fuzz_area_place *area = &fuzz_areas[FUZZ_PICK(&g->random, usual)];

	return area->base + (size >= area->bytes ? 0 : fuzz_below(&g->random, (area->bytes - size) / FUZZ_PAGE + 1) * FUZZ_PAGE);
}

/* Any kind of memory, and from a place in it on where the range may leave it. */
static uint64_t odd_vaddr(struct fuzz_generator *g)
{
	static const uint8_t odd[] = {
		FUZZ_RDONLY, FUZZ_CLOSED, FUZZ_WRONLY, FUZZ_WRONLY, FUZZ_CODE, FUZZ_CODE,
		FUZZ_MIXED, FUZZ_MIXED, FUZZ_MIXED, FUZZ_VARIED, FUZZ_VARIED, FUZZ_VARIED,
		FUZZ_LAZY, FUZZ_FILE, FUZZ_ROFILE, FUZZ_DEVICE, FUZZ_THP, FUZZ_HUGETLB,
	};
	const struct fuzz_area_place *area = &fuzz_areas[FUZZ_PICK(&g->random, odd)];

	return area->base + fuzz_below(&g->random, area->bytes / FUZZ_PAGE) * FUZZ_PAGE;
}

static uint64_t bad_vaddr(struct fuzz_generator *g)
{
	switch (fuzz_below(&g->random, 8)) {
	case 0:
		return FUZZ_AT(SMALL) + fuzz_below(&g->random, 4 * FUZZ_PAGE);
	case 1:
		return fuzz_areas[FUZZ_SMALL].base + fuzz_areas[FUZZ_SMALL].bytes - pages(g, 3);
	case 2:
		return FUZZ_AT(RDONLY) + fuzz_below(&g->random, 12) * FUZZ_PAGE;
	case 3:
		return FUZZ_AT(NOTHING);
	case 4:
		return FUZZ_AT(HOLE);
	case 5:
		return 0;
	case 6:
		return UINT64_C(0xffff888000000000);
	default:
		return -pages(g, 4);
	}
}

void fuzz_damage_argument(struct fuzz_generator *g, struct fuzz_op *op, unsigned int bytes)
{
	switch (fuzz_below(&g->random, 60)) {
	case 0:
		op->cut = 1 + fuzz_below(&g->random, bytes - 1);
		break;
	case 1:
		op->cut = FUZZ_CUT_ALL;
		break;
	case 2:
		op->argsz = fuzz_below(&g->random, bytes + 16);
		break;
	case 3:
		op->argsz = fuzz_random(&g->random);
		break;
	}
}

static uint8_t any_actor(struct fuzz_generator *g)
{
	unsigned int actor = fuzz_percent(&g->random, 90) ? 0 : fuzz_below(&g->random, FUZZ_ACTORS);

	return g->model.actors & 1u << actor ? actor : 0;
}

/* A free place near others, and memory that is there. */
static void good_map(struct fuzz_generator *g, struct fuzz_op *op)
{
	unsigned int tries;

	op->size = pages(g, fuzz_percent(&g->random, 80) ? 8 : 40);
	for (tries = 0; tries < 8; tries++) {
		op->iova = fuzz_below(&g->random, GRID_PAGES) * FUZZ_PAGE;
		if (!fuzz_model_find(&g->model, op->iova, op->iova + op->size - 1))
			break;
	}
	op->vaddr = good_vaddr(g, op->size);
}

/* Is it time for what stock may not have? */
static bool may_be_new(struct fuzz_generator *g)
{
	return !g->profile->old || fuzz_percent(&g->random, 4);
}

/* A new user address for a mapping, as a rule one that is there. */
static void vaddr_update(struct fuzz_generator *g, struct fuzz_op *op)
{
	const struct fuzz_mapping *mapping;

	if (!may_be_new(g))
		return;
	op->flags = VFIO_DMA_MAP_FLAG_VADDR;
	if (!g->model.nr || fuzz_percent(&g->random, 15))
		return;
	mapping = &g->model.mapping[fuzz_below(&g->random, g->model.nr)];
	op->iova = mapping->iova;
	op->size = mapping->last - mapping->iova + 1;
	/* Most often its own, so that what is read there later is defined. */
	op->vaddr = fuzz_percent(&g->random, 60) ? mapping->vaddr : good_vaddr(g, op->size);
}

void fuzz_generate_map(struct fuzz_generator *g, struct fuzz_op *op)
{
	static const uint32_t odd_flags[] = { 0, 4, 5, 6, 7, 8, 0x80000001, 0xffffffff };
	unsigned int which;

	op->argsz = sizeof(struct vfio_iommu_type1_dma_map);
	op->flags = fuzz_percent(&g->random, 70) ? 3 : 1 + fuzz_below(&g->random, 2);
	op->actor = any_actor(g);
	good_map(g, op);
	which = fuzz_below(&g->random, 20);
	switch (which) {
	case 0:
	case 1:
		any_range(g, op, which);
		break;
	case 2:
	case 3:
		op->vaddr = bad_vaddr(g);
		break;
	case 4:
		op->flags = FUZZ_PICK(&g->random, odd_flags);
		break;
	case 5:
		vaddr_update(g, op);
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		op->vaddr = odd_vaddr(g);
		break;
	}
	fuzz_damage_argument(g, op, 32);
}

/* From one mapping to another, over the holes between them, or not quite. */
static void span(struct fuzz_generator *g, struct fuzz_op *op)
{
	const struct fuzz_mapping *a, *b;

	if (!g->model.nr) {
		op->iova = any_iova(g);
		op->size = pages(g, 8);
		return;
	}
	a = &g->model.mapping[fuzz_below(&g->random, g->model.nr)];
	b = fuzz_percent(&g->random, 60) ? a : &g->model.mapping[fuzz_below(&g->random, g->model.nr)];
	op->iova = a->iova < b->iova ? a->iova : b->iova;
	op->size = (a->last > b->last ? a->last : b->last) - op->iova + 1;
	switch (fuzz_below(&g->random, 10)) {
	case 0:
		op->iova -= pages(g, 2);
		break;
	case 1:
		op->iova += FUZZ_PAGE;
		break;
	case 2:
		op->size += pages(g, 3);
		break;
	case 3:
		op->size -= FUZZ_PAGE;
		break;
	}
}

static void add_bitmap(struct fuzz_generator *g, struct fuzz_op *op)
{
	static const uint64_t sizes[] = { 4096, 8192, 2048, 1, 3, UINT64_C(1) << 21, UINT64_C(1) << 63, 12288 };
	const uint64_t unwritable[] = {
		FUZZ_AT(SEALED), FUZZ_AT(HOLE), UINT64_C(0xffff888000000000),
	};
	uint64_t words = (op->size / FUZZ_PAGE + 63) / 64;

	op->pgsize = FUZZ_PAGE;
	op->bitmap_bytes = words * 8;
	op->data = FUZZ_AT(BITMAP) + 8 * fuzz_below(&g->random, 8);
	op->fill = fuzz_percent(&g->random, 60) ? 0 : fuzz_random(&g->random);
	/* Most scripts end where a bitmap cannot be written, so that comes rarely. */
	switch (fuzz_below(&g->random, 150)) {
	case 0:
		op->pgsize = FUZZ_PICK(&g->random, sizes);
		break;
	case 1:
		op->bitmap_bytes = fuzz_below(&g->random, 2 * words * 8 + 1);
		break;
	case 2:
		op->bitmap_bytes = fuzz_percent(&g->random, 50) ? UINT64_C(1) << 28 : (UINT64_C(1) << 28) + 1;
		break;
	case 3:
		op->data = FUZZ_PICK(&g->random, unwritable);
		break;
	case 4:
		op->data = FUZZ_AT(BITMAP) + FUZZ_PAGE - 8 * (1 + fuzz_below(&g->random, 3));	/* may not fit */
		break;
	case 5:
		op->data = FUZZ_AT(BITMAP) + fuzz_below(&g->random, 64);
		break;
	}
}

void fuzz_generate_unmap(struct fuzz_generator *g, struct fuzz_op *op)
{
	static const uint32_t odd_flags[] = { 3, 5, 6, 7, 8, 0x80000000, 0xffffffff };
	unsigned int which;

	op->argsz = sizeof(struct vfio_iommu_type1_dma_unmap);
	op->actor = any_actor(g);
	span(g, op);
	which = fuzz_below(&g->random, 24);
	switch (which) {
	case 0:
	case 1:
		any_range(g, op, which);
		break;
	case 2:
		op->flags = FUZZ_PICK(&g->random, odd_flags);
		break;
	case 3:
		if (may_be_new(g))
			op->flags = VFIO_DMA_UNMAP_FLAG_VADDR;
		break;
	case 4:
		/* Little is left to do after it. */
		if (may_be_new(g) && fuzz_percent(&g->random, 25)) {
			op->flags = VFIO_DMA_UNMAP_FLAG_ALL;
			if (fuzz_percent(&g->random, 80))
				op->iova = op->size = 0;
		}
		break;
	}
	if (!op->flags && g->tracks && fuzz_percent(&g->random, 60)) {
		op->flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
		op->argsz += sizeof(struct vfio_bitmap);
	}
	if (op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		add_bitmap(g, op);
	fuzz_damage_argument(g, op, op->argsz);
}

/* In few pages, so that calls meet; mappings that were there before are among them. */
static void place_in_window(struct fuzz_generator *g, struct fuzz_op *op, uint64_t window)
{
	op->iova = window + fuzz_below(&g->random, 16) * FUZZ_PAGE;
	op->size = pages(g, fuzz_percent(&g->random, 70) ? 4 : 16);
}

static void burst_map(struct fuzz_generator *g, struct fuzz_op *op, uint64_t window)
{
	op->argsz = sizeof(struct vfio_iommu_type1_dma_map);
	op->flags = fuzz_percent(&g->random, 80) ? 3 : 1 + fuzz_below(&g->random, 2);
	place_in_window(g, op, window);
	op->vaddr = fuzz_percent(&g->random, 85) ? good_vaddr(g, op->size) : odd_vaddr(g);
}

/* Mostly what is there, or is being mapped beside it. */
static void burst_unmap(struct fuzz_generator *g, struct fuzz_op *op, uint64_t window,
			const struct fuzz_op *other)
{
	op->kind = FUZZ_UNMAP;
	op->argsz = sizeof(struct vfio_iommu_type1_dma_unmap);
	if (other && fuzz_percent(&g->random, 50)) {
		op->iova = other->iova;
		op->size = other->size;
	} else if (fuzz_percent(&g->random, 30)) {
		span(g, op);
	} else if (!g->profile->old && fuzz_percent(&g->random, 10)) {
		op->flags = VFIO_DMA_UNMAP_FLAG_ALL;
	} else {
		place_in_window(g, op, window);
	}
}

void fuzz_generate_burst(struct fuzz_generator *g, struct fuzz_op *op, unsigned int nr)
{
	const uint64_t window = fuzz_percent(&g->random, 60) ? fuzz_mapped_iova(g) :
				fuzz_below(&g->random, GRID_PAGES) * FUZZ_PAGE;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (fuzz_percent(&g->random, 55))
			burst_map(g, &op[i], window);
		else
			burst_unmap(g, &op[i], window, i ? &op[fuzz_below(&g->random, i)] : NULL);
	}
}

void fuzz_generate_dirty(struct fuzz_generator *g, struct fuzz_op *op)
{
	static const uint32_t odd_flags[] = { 0, 3, 5, 6, 7, 8, 0x80000004 };
	const bool on = g->model.tracking;

	op->argsz = 8 + 40;
	op->actor = any_actor(g);
	op->flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
	if (fuzz_percent(&g->random, on ? 4 : 60))
		op->flags = fuzz_percent(&g->random, on ? 10 : 90) ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START :
								    VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
	if (fuzz_percent(&g->random, 3))
		op->flags = FUZZ_PICK(&g->random, odd_flags);
	span(g, op);
	if (fuzz_percent(&g->random, 8))
		any_range(g, op, true);
	add_bitmap(g, op);
	fuzz_damage_argument(g, op, 48);
}

void fuzz_generate_access(struct fuzz_generator *g, struct fuzz_op *op)
{
	op->device = FUZZ_EMULATED;
	op->iova = fuzz_percent(&g->random, 90) ? fuzz_mapped_iova(g) : any_iova(g);
	op->fill = fuzz_random(&g->random);
	if (op->kind == FUZZ_PIN || op->kind == FUZZ_UNPIN) {
		/* The core has its own opinion of odd counts; drivers get those right. */
		op->size = 1 + fuzz_below(&g->random, fuzz_percent(&g->random, 90) ? 6 : 100);
		op->flags = 1 + fuzz_below(&g->random, 3);
		op->iova &= -FUZZ_PAGE;
		/* A driver unpins what it has pinned. */
		if (op->kind == FUZZ_UNPIN)
			op->size = 1;
		return;
	}
	op->actor = any_actor(g);
	op->iova += fuzz_below(&g->random, FUZZ_PAGE);
	op->size = 1 + fuzz_below(&g->random, fuzz_percent(&g->random, 80) ? 64 : 1000);
}

bool fuzz_should_succeed(const struct fuzz_model *model, const struct fuzz_op *op)
{
	switch (op->kind) {
	case FUZZ_MAP:
		return model->driver && !op->cut && op->flags >= 1 && op->flags <= 3 && op->size &&
		       !((op->iova | op->size | op->vaddr) % FUZZ_PAGE) && op->iova + op->size > op->iova &&
		       op->argsz >= 32 && !fuzz_model_find(model, op->iova, op->iova + op->size - 1);
	case FUZZ_UNMAP:
		return model->driver && !op->cut && !((op->iova | op->size) % FUZZ_PAGE);
	case FUZZ_ATTACH:
	case FUZZ_DETACH:
		return true;
	case FUZZ_SET_IOMMU:
		return model->attached && !model->driver &&
		       (op->type == VFIO_TYPE1_IOMMU || op->type == VFIO_TYPE1v2_IOMMU);
	case FUZZ_DIRTY:
		return model->driver && model->v2 && !op->cut && op->argsz >= 8;
	case FUZZ_FORK:
	case FUZZ_EXIT:
		return true;
	default:
		return false;
	}
}
