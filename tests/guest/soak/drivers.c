// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers of devices without an IOMMU do inside the kernel, on an actor's behalf: pin, unpin,
 * read and write.
 */
#include <errno.h>

#include "../lib/emulated.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "soak.h"

/* An open device without an IOMMU, or -EBADF. */
int soak_some_emulated(struct soak_actor *me)
{
	unsigned int i, start = fuzz_below(&me->random, SOAK_GROUPS);

	for (i = 0; i < SOAK_GROUPS; i++) {
		unsigned int n = (start + i) % SOAK_GROUPS;

		if (soak_is_open(SOAK_FD_DEVICE + n) && me->slot->device[n] >= me->shared->nr_pci)
			return SOAK_FD_DEVICE + n;
	}
	return -EBADF;
}

static uint64_t some_iova(struct soak_actor *me)
{
	uint64_t place = MIB(16) + MIB(1) * fuzz_below(&me->random, 24);

	if (fuzz_percent(&me->random, 60))
		place = me->mapped;
	return place + PAGE * fuzz_below(&me->random, 4);
}

long soak_pin(struct soak_actor *me)
{
	uint64_t iova = some_iova(me);
	int ret;

	ret = emulated_pin(soak_some_emulated(me), iova, 1 + fuzz_below(&me->random, 8), DMA_RW);
	if (ret > 0)
		me->pinned = iova;
	return ret;
}

/* What is not pinned no driver may unpin. */
long soak_unpin(struct soak_actor *me)
{
	uint64_t iova = fuzz_percent(&me->random, 80) ? me->pinned : some_iova(me);
	int device = soak_some_emulated(me);
	uint8_t byte;
	int ret;

	ret = emulated_page_read(device, iova, &byte, 1);
	return ret ? ret : emulated_unpin(device, iova, 1);
}

long soak_dma_rw(struct soak_actor *me)
{
	static uint8_t buffer[KIB(16)];
	size_t bytes = 1 + fuzz_below(&me->random, sizeof(buffer));
	uint64_t iova = some_iova(me) + fuzz_below(&me->random, PAGE);
	int device = soak_some_emulated(me);

	switch (fuzz_below(&me->random, 4)) {
	case 0:
		return emulated_rw_from_kthread(device, iova, buffer, bytes,
						fuzz_percent(&me->random, 50));
	case 1:
		return emulated_write(device, iova, buffer, bytes);
	default:
		return emulated_read(device, iova, buffer, bytes);
	}
}

/* All but the one that loses pages, which would be the driver's own fault. */
long soak_manners(struct soak_actor *me)
{
	static const enum ng_emulated_manners manners[] = {
		NG_EMULATED_GOOD, NG_EMULATED_GOOD, NG_EMULATED_GOOD,
		NG_EMULATED_LATE, NG_EMULATED_DEAF, NG_EMULATED_BUSY,
	};

	return emulated_behave(soak_some_emulated(me), FUZZ_PICK(&me->random, manners));
}
