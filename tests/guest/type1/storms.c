// SPDX-License-Identifier: GPL-2.0-only
/*
 * Very many small mappings that come and go, as a hypervisor makes them that follows a guest page
 * by page: what is counted stays exact.
 */
#include <stdlib.h>

#include "test.h"

#define AREA_PAGES	64
#define STORM_IOVA	GIB(8)

/* virtio-iommu asks the host for each. */
static unsigned int storm_mappings(void)
{
	return iommu_is_virtio() ? 5000 : 50000;
}

struct storm {
	struct container ct;
	uint8_t *area;
	unsigned int mappings;		/* places */
	unsigned int mapped;
	bool *is_mapped;
};

static void change(struct storm *storm, unsigned int i)
{
	const uint64_t iova = STORM_IOVA + i * PAGE;

	if (storm->is_mapped[i]) {
		EQ(OK(dma_unmap(storm->ct.fd, iova, PAGE)), PAGE);
		storm->mapped--;
	} else {
		OK(dma_map(storm->ct.fd, storm->area + i % AREA_PAGES * PAGE, iova, PAGE, DMA_RW));
		storm->mapped++;
	}
	storm->is_mapped[i] = !storm->is_mapped[i];
}

static void expect_exact_counts(struct storm *storm)
{
	EQ(container_mappings(&storm->ct), storm->mapped);
	EQ(locked_pages(), storm->mapped);
}

TEST(small_mappings_come_and_go_at_random, .seconds = 240)
{
	struct storm storm = {
		.area = memory_small_pages(AREA_PAGES * PAGE),
		.mappings = storm_mappings(),
	};
	unsigned int i, at;

	storm.is_mapped = calloc(storm.mappings, sizeof(bool));
	TRUE(storm.is_mapped);
	container_make(&storm.ct, 0, 1, TYPE1V2);
	srandom(1);
	for (i = 0; i < storm.mappings; i++)
		change(&storm, i);
	expect_exact_counts(&storm);
	for (i = 0; i < storm.mappings / 2; i++) {
		at = random() % storm.mappings;
		/* What is there is in the way of a second one. */
		if (storm.is_mapped[at] && !(i % 16))
			FAILS(EEXIST, dma_map(storm.ct.fd, storm.area, STORM_IOVA + at * PAGE, PAGE, DMA_RW));
		change(&storm, at);
		if (!(i % 1000))
			expect_exact_counts(&storm);
	}
	expect_exact_counts(&storm);
	EQ(OK(dma_unmap(storm.ct.fd, STORM_IOVA, storm.mappings * PAGE)), storm.mapped * PAGE);
	storm.mapped = 0;
	expect_exact_counts(&storm);
	container_close(&storm.ct);
	free(storm.is_mapped);
}
