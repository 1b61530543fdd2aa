// SPDX-License-Identifier: GPL-2.0-only
/* What an actor asks of a container that it has: type1's own calls, most of them sensible. */
#include <errno.h>
#include <string.h>

#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "soak.h"

/* Few places, so that actors meet. */
#define PLACES		24
#define PLACE_BYTES	MIB(1)
#define FIRST_PLACE	MIB(16)

#define BITMAP_WORDS	2048

static int some_container(struct soak_actor *me)
{
	return soak_some_file(me, SOAK_FD_CONTAINER, SOAK_CONTAINERS);
}

static uint64_t some_place(struct soak_actor *me)
{
	uint64_t iova = FIRST_PLACE + fuzz_below(&me->random, PLACES) * PLACE_BYTES;

	switch (fuzz_below(&me->random, 40)) {
	case 0:
		return iova + 1;
	case 1:
		return UINT64_MAX - PAGE + 1;
	case 2:
	case 3:
		return iova + PAGE * fuzz_below(&me->random, 256);
	default:
		return iova;
	}
}

static uint64_t some_bytes(struct soak_actor *me, uint64_t most)
{
	switch (fuzz_below(&me->random, 20)) {
	case 0:
		return fuzz_random(&me->random);
	case 1:
	case 2:
		return most;
	case 3:
		return 0;
	default:
		return PAGE * (1 + fuzz_below(&me->random, most / PAGE < 32 ? most / PAGE : 32));
	}
}

static uint32_t some_flags(struct soak_actor *me)
{
	static const uint32_t flags[] = { DMA_RW, DMA_RW, DMA_RW, DMA_READ, DMA_WRITE };

	return FUZZ_PICK(&me->random, flags);
}

static struct soak_area some_area(struct soak_actor *me)
{
	return me->area[fuzz_below(&me->random, SOAK_AREAS)];
}

long soak_map(struct soak_actor *me)
{
	struct soak_area area = some_area(me);
	size_t offset = PAGE * fuzz_below(&me->random, area.bytes / PAGE);
	uint64_t iova = some_place(me), bytes = some_bytes(me, area.bytes - offset);
	int ret;

	ret = dma_map(some_container(me), area.at + offset, iova, bytes, some_flags(me));
	if (!ret)
		me->mapped = iova;
	return ret;
}

long soak_unmap(struct soak_actor *me)
{
	uint64_t iova = some_place(me);

	if (fuzz_percent(&me->random, 80))
		return dma_unmap(some_container(me), iova,
				 PLACE_BYTES * (1 + fuzz_below(&me->random, 4)));
	return dma_unmap(some_container(me), iova, some_bytes(me, PLACE_BYTES));
}

long soak_unmap_all(struct soak_actor *me)
{
	return dma_unmap_all(some_container(me));
}

long soak_dirty(struct soak_actor *me)
{
	return dirty_tracking(some_container(me), fuzz_percent(&me->random, 70)
							  ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START
							  : VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
}

static uint64_t bitmap_words[BITMAP_WORDS];

static struct dirty_bitmap bitmap_for(uint64_t bytes)
{
	return (struct dirty_bitmap){
		.pgsize = PAGE,
		.bytes = (bytes / PAGE + 63) / 64 * 8,
		.words = bitmap_words,
	};
}

long soak_dirty_get(struct soak_actor *me)
{
	uint64_t bytes = PLACE_BYTES * (1 + fuzz_below(&me->random, PLACES));

	return dirty_get(some_container(me), FIRST_PLACE, bytes, bitmap_for(bytes));
}

long soak_dirty_unmap(struct soak_actor *me)
{
	uint64_t bytes = PLACE_BYTES * (1 + fuzz_below(&me->random, 4));

	return dma_unmap_dirty(some_container(me), some_place(me), bytes, bitmap_for(bytes));
}

/* Take the addresses of mappings away, or give one a new one. */
long soak_vaddr(struct soak_actor *me)
{
	int container = some_container(me);
	struct soak_area area = some_area(me);

	if (fuzz_percent(&me->random, 30))
		return dma_invalidate_vaddr(container, some_place(me), PLACE_BYTES);
	return dma_map(container, area.at, some_place(me), PAGE * (1 + fuzz_below(&me->random, 16)),
		       VFIO_DMA_MAP_FLAG_VADDR);
}

long soak_info(struct soak_actor *me)
{
	struct type1_info info;

	return type1_get_info(some_container(me), &info);
}
