// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripts from a seed. Most operations make sense where they are, because the generator keeps track of what should be mapped
 * by then; the others are wrong in one of the ways that programs are wrong in.
 */
#include <linux/vfio.h>
#include <string.h>

#include "generate.h"

#define TOP		UINT64_MAX

/* Kinds, and how often each comes among those that the state allows. */
static const struct weight {
	uint8_t kind;
	unsigned int weight;
} weights[] = {
	{ FUZZ_MAP, 300 },	{ FUZZ_UNMAP, 200 },	{ FUZZ_DIRTY, 130 },	{ FUZZ_PIN, 60 },
	{ FUZZ_READ, 30 },	{ FUZZ_WRITE, 40 },	{ FUZZ_UNPIN, 30 },	{ FUZZ_INFO, 40 },
	{ FUZZ_ATTACH, 25 },	{ FUZZ_DETACH, 20 },	{ FUZZ_CHECK, 15 },	{ FUZZ_TOUCH, 15 },
	{ FUZZ_STORE, 15 },	{ FUZZ_LIMIT, 12 },	{ FUZZ_SET_IOMMU, 6 },	{ FUZZ_FORK, 4 },
	{ FUZZ_PROTECT, 20 },	{ FUZZ_EXIT, 3 },	{ FUZZ_EXEC, 1 },	{ FUZZ_UNKNOWN, 3 },
};

#define NR_WEIGHTS	(sizeof(weights) / sizeof(weights[0]))

static struct fuzz_op *add(struct fuzz_generator *g, uint8_t kind)
{
	struct fuzz_op *op = &g->script->op[g->script->nr++];

	memset(op, 0, sizeof(*op));
	op->kind = kind;
	return op;
}

/* An actor that lives; mostly the first, as another process costs more than the operation. */
static uint8_t pick_actor(struct fuzz_generator *g)
{
	unsigned int actor = fuzz_percent(&g->random, 92) ? 0 : fuzz_below(&g->random, FUZZ_ACTORS);

	return g->model.actors & 1u << actor ? actor : 0;
}

/*
 * Has the script tried to map far more than there is? A container without an IOMMU can. When the first group with one comes, that
 * cannot be pinned, and then stock asks the IOMMU's page table about every page of it, which takes years.
 */
static bool maps_more_than_there_is(const struct fuzz_generator *g)
{
	unsigned int i;

	for (i = 0; i < g->script->nr; i++)
		if (g->script->op[i].kind == FUZZ_MAP && g->script->op[i].size > UINT64_C(1) << 30)
			return true;
	return false;
}

static void generate_attach(struct fuzz_generator *g)
{
	unsigned int device = fuzz_below(&g->random, g->profile->emulated ? FUZZ_DEVICES : FUZZ_EDUS);

	if (device == FUZZ_EMULATED || !g->profile->emulated || !maps_more_than_there_is(g))
		add(g, FUZZ_ATTACH)->device = device;
}

/* Of a device that is attached; the last one goes rarely, because all mappings go with it. */
static void generate_detach(struct fuzz_generator *g)
{
	unsigned int device = fuzz_below(&g->random, FUZZ_DEVICES);

	if (!(g->model.attached & ~(1u << device)) && !fuzz_percent(&g->random, 10))
		return;
	add(g, FUZZ_DETACH)->device = device;
}

static void generate_set_iommu(struct fuzz_generator *g)
{
	static const uint32_t odd[] = { 0, 2, VFIO_TYPE1_NESTING_IOMMU, VFIO_UNMAP_ALL, VFIO_UPDATE_VADDR, 77 };
	struct fuzz_op *op = add(g, FUZZ_SET_IOMMU);

	op->type = g->v1 ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU;
	if (fuzz_percent(&g->random, g->model.driver ? 30 : 8))
		op->type = FUZZ_PICK(&g->random, odd);
}

static void generate_check(struct fuzz_generator *g)
{
	struct fuzz_op *op = add(g, FUZZ_CHECK);

	/* Before there is a driver the core asks both backends, which says nothing about either. */
	op->type = g->model.driver ? fuzz_below(&g->random, 14) : VFIO_TYPE1_IOMMU;
	op->actor = pick_actor(g);
}

static void generate_unknown(struct fuzz_generator *g)
{
	static const uint32_t numbers[] = { 15, 16, 18, 19, 30, 99 };

	add(g, FUZZ_UNKNOWN)->type = FUZZ_PICK(&g->random, numbers);
}

static void generate_info(struct fuzz_generator *g)
{
	struct fuzz_op *op = add(g, FUZZ_INFO);

	op->actor = pick_actor(g);
	op->argsz = fuzz_percent(&g->random, 50) ? 512 : fuzz_below(&g->random, 200);
	fuzz_damage_argument(g, op, 16);
}

static uint64_t page_in(struct fuzz_generator *g, enum fuzz_area area)
{
	const struct fuzz_area_place *place = &fuzz_areas[area];

	return place->base + fuzz_below(&g->random, place->bytes / FUZZ_PAGE) * FUZZ_PAGE;
}

static void generate_store(struct fuzz_generator *g)
{
	static const uint8_t areas[] = {
		FUZZ_SMALL, FUZZ_SMALL, FUZZ_SMALL, FUZZ_FRESH, FUZZ_FRESH, FUZZ_SHARED,
		FUZZ_WRONLY, FUZZ_MIXED, FUZZ_MIXED, FUZZ_VARIED, FUZZ_LAZY, FUZZ_FILE, FUZZ_THP,
		FUZZ_HUGETLB,
	};
	struct fuzz_op *op = add(g, FUZZ_STORE);

	op->actor = pick_actor(g);
	op->vaddr = page_in(g, FUZZ_PICK(&g->random, areas));
	op->size = 8;
	op->fill = fuzz_random(&g->random);
}

static void generate_protect(struct fuzz_generator *g)
{
	struct fuzz_op *op = add(g, FUZZ_PROTECT);

	bool any = fuzz_percent(&g->random, 60);

	op->actor = pick_actor(g);
	op->vaddr = page_in(g, any ? FUZZ_VARIED : FUZZ_SMALL);
	op->size = (1 + fuzz_below(&g->random, 8)) * FUZZ_PAGE;
	/* Some memory can always be read, because it is compared while the script runs. */
	op->flags = any ? fuzz_below(&g->random, 8) :
		    fuzz_percent(&g->random, 60) ? 3 : 1;
}

static void generate_limit(struct fuzz_generator *g)
{
	struct fuzz_op *op = add(g, FUZZ_LIMIT);

	op->actor = pick_actor(g);
	op->size = fuzz_percent(&g->random, 50) ? 10000 : fuzz_below(&g->random, 120);
}

/* Not the first: the others come and go. */
static void generate_process(struct fuzz_generator *g, uint8_t kind)
{
	unsigned int actor = 1 + fuzz_below(&g->random, FUZZ_ACTORS - 1);
	bool lives = g->model.actors & 1u << actor;

	if (lives == (kind != FUZZ_FORK))
		add(g, kind)->actor = actor;
}

static void generate_dma(struct fuzz_generator *g)
{
	struct fuzz_op *op = add(g, FUZZ_DMA);

	op->device = fuzz_below(&g->random, FUZZ_EDUS);
	op->iova = fuzz_mapped_iova(g);
	op->target = fuzz_mapped_iova(g);
	op->size = 8 + 8 * fuzz_below(&g->random, 200);
}

static void generate(struct fuzz_generator *g, uint8_t kind)
{
	switch (kind) {
	case FUZZ_ATTACH:	return generate_attach(g);
	case FUZZ_DETACH:	return generate_detach(g);
	case FUZZ_SET_IOMMU:	return generate_set_iommu(g);
	case FUZZ_CHECK:	return generate_check(g);
	case FUZZ_INFO:		return generate_info(g);
	case FUZZ_MAP:		return fuzz_generate_map(g, add(g, kind));
	case FUZZ_UNMAP:	return fuzz_generate_unmap(g, add(g, kind));
	case FUZZ_DIRTY:	return fuzz_generate_dirty(g, add(g, kind));
	case FUZZ_PIN:
	case FUZZ_UNPIN:
	case FUZZ_READ:
	case FUZZ_WRITE:
	case FUZZ_TOUCH:	return fuzz_generate_access(g, add(g, kind));
	case FUZZ_UNKNOWN:	return generate_unknown(g);
	case FUZZ_STORE:	return generate_store(g);
	case FUZZ_PROTECT:	return generate_protect(g);
	case FUZZ_LIMIT:	return generate_limit(g);
	case FUZZ_DMA:		return generate_dma(g);
	default:		return generate_process(g, kind);
	}
}

/* What the state makes pointless is left out, most of the time. */
static bool makes_sense(struct fuzz_generator *g, uint8_t kind)
{
	switch (kind) {
	case FUZZ_PIN:
	case FUZZ_UNPIN:
	case FUZZ_READ:
	case FUZZ_WRITE:
	case FUZZ_TOUCH:
		return g->model.attached & 1u << FUZZ_EMULATED;
	case FUZZ_SET_IOMMU:
	case FUZZ_ATTACH:
		return !g->model.driver || fuzz_percent(&g->random, 60);
	case FUZZ_DIRTY:
		return g->tracks || fuzz_percent(&g->random, 10);
	case FUZZ_STORE:
	case FUZZ_PROTECT:
	case FUZZ_LIMIT:
	case FUZZ_FORK:
		return true;
	default:
		return g->model.driver || fuzz_percent(&g->random, 5);
	}
}

static uint8_t pick_kind(struct fuzz_generator *g)
{
	unsigned int total = 0, at, i;

	for (i = 0; i < NR_WEIGHTS; i++)
		total += weights[i].weight;
	at = fuzz_below(&g->random, total);
	for (i = 0; at >= weights[i].weight; i++)
		at -= weights[i].weight;
	return weights[i].kind;
}

/* Calls that meet, for ours to make at once; and then what is charged is looked at. */
static void generate_burst(struct fuzz_generator *g)
{
	unsigned int nr = 2 + fuzz_below(&g->random, FUZZ_MOST_AT_ONCE - 1), i;
	struct fuzz_op *first = &g->script->op[g->script->nr];

	for (i = 0; i < nr; i++)
		add(g, FUZZ_MAP)->beside = i;
	fuzz_generate_burst(g, first, nr);
	for (i = 0; i < nr; i++)
		if (fuzz_should_succeed(&g->model, &first[i]))
			fuzz_model_apply(&g->model, &first[i]);
	generate_info(g);
	g->script->op[g->script->nr - 1].look = true;
}

/* The first devices and the driver, as programs do it; now and then the wrong way round. */
static void generate_start(struct fuzz_generator *g)
{
	unsigned int which = fuzz_below(&g->random, 10), i, edus = 1 + fuzz_below(&g->random, FUZZ_EDUS);

	if (!g->profile->emulated || which >= 2)
		for (i = 0; i < edus; i++)
			add(g, FUZZ_ATTACH)->device = i;
	if (g->profile->emulated && which < 6)
		add(g, FUZZ_ATTACH)->device = FUZZ_EMULATED;
	for (i = 0; i < g->script->nr; i++)
		g->model.attached |= 1u << g->script->op[i].device;
	add(g, FUZZ_SET_IOMMU)->type = g->v1 ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU;
	g->model.driver = true;
	g->model.v2 = !g->v1;
}

static void generate_setup(struct fuzz_generator *g, struct fuzz_setup *setup)
{
	setup->limited = fuzz_percent(&g->random, 30);
	setup->limit_pages = setup->limited ? fuzz_below(&g->random, 300) : 10000;
	setup->small_pages = fuzz_percent(&g->random, 10);
	setup->entry_limit = fuzz_percent(&g->random, 15) ? fuzz_below(&g->random, 24) : 65535;
}

void fuzz_generate(struct fuzz_script *script, uint64_t seed, const struct fuzz_profile *profile)
{
	struct fuzz_generator g = { .random = { seed }, .profile = profile, .script = script };
	unsigned int nr, i;

	*script = (struct fuzz_script){ .seed = seed };
	g.model.actors = 1;
	g.v1 = fuzz_percent(&g.random, 15);
	g.tracks = !g.v1 && fuzz_percent(&g.random, 50);
	generate_setup(&g, &script->setup);
	if (fuzz_percent(&g.random, 95))
		generate_start(&g);

	/* New processes take as long as a hundred operations, so many scripts are long. */
	nr = 50 + fuzz_below(&g.random, fuzz_percent(&g.random, 40) ? 300 : FUZZ_MAX_OPS - 60);
	while (script->nr < nr) {
		unsigned int before = script->nr;
		uint8_t kind = pick_kind(&g);

		if (profile->at_once && g.model.driver && g.model.v2 &&
		    fuzz_percent(&g.random, 6)) {
			generate_burst(&g);
			continue;
		}
		if (profile->dma_every && !fuzz_below(&g.random, profile->dma_every))
			kind = FUZZ_DMA;
		if (makes_sense(&g, kind))
			generate(&g, kind);
		for (i = before; i < script->nr; i++) {
			script->op[i].look = fuzz_percent(&g.random, 10);
			if (fuzz_should_succeed(&g.model, &script->op[i]))
				fuzz_model_apply(&g.model, &script->op[i]);
		}
	}
	add(&g, FUZZ_END)->look = true;
}
