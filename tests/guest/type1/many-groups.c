// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to bring many groups of a real IOMMU into one container.  For guests that have so many; the suite
 * "groups" makes them, the suite "type1" leaves these tests out.
 */
#include <string.h>

#include "../lib/failed-calls.h"
#include "test.h"

struct cost {
	unsigned int allocs, frees, attaches, failed, detaches;
};

static void cost_since(const struct counts *before, struct cost *cost)
{
	*cost = (struct cost){
		.allocs = counters_since(before, COUNT_ALLOC),
		.frees = counters_since(before, COUNT_FREE),
		.attaches = counters_since(before, COUNT_ATTACH),
		.failed = OK(failed_calls()),
		.detaches = counters_since(before, COUNT_DETACH),
	};
}

static void expect_cost(const struct cost *cost, unsigned int groups)
{
	const struct attach_cost want = attach_cost(groups);

	ktap_diag("%u groups: %u attach calls, %u of them failed, %u domains allocated, %u of them freed again, %u detach calls",
		  groups, cost->attaches, cost->failed, cost->allocs, cost->frees, cost->detaches);
	if (env.backend == NG)
		TRUE(cost->attaches <= groups + (cost->allocs - cost->frees));
	EQ(cost->failed, 0);
	EQ(cost->attaches, want.attaches);
	EQ(cost->allocs, want.allocs);
	EQ(cost->detaches, want.detaches);
	EQ(cost->frees, want.frees);
}

/* devices[0] is an edu device; functions of the others do no DMA. */
static void expect_dma(struct container *ct, uint8_t *area, int seed)
{
	struct edu edu;

	container_edu(ct, 0, &edu);
	memory_fill(area, 1024, seed);
	memset(area + PAGE, 0, 1024);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	TRUE(memory_holds(area + PAGE, 1024, seed));
	edu_close(&edu);
}

/* The container's first group comes before the mapping, the others after it, as devices that are plugged in late. */
static void join(int groups)
{
	uint8_t *area = memory_small_pages(2 * PAGE);
	struct counts before;
	struct container ct;
	struct cost cost;
	int i;

	NEED_DEVICES(groups);
	OK(failed_calls_start("iommu_attach_group"));
	counters_read(&before);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, 2 * PAGE, DMA_RW));
	for (i = 1; i < groups; i++)
		container_add(&ct, i);
	cost_since(&before, &cost);
	failed_calls_stop();
	expect_cost(&cost, groups);

	expect_dma(&ct, area, 1);
	for (i = 1; i < groups; i++)
		container_remove(&ct, i);
	expect_dma(&ct, area, 2);
	EQ(locked_pages(), 2);
	container_close(&ct);
}

TEST(many_groups_2_join)
{
	join(2);
}

TEST(many_groups_8_join)
{
	join(8);
}

TEST(many_groups_60_join, .seconds = 120)
{
	join(60);
}

TEST(many_groups_254_join, .seconds = 480)
{
	join(254);
}
