// SPDX-License-Identifier: GPL-2.0-only
/*
 * A helper that tries to unload the backend, which works only when no container has it, and loads
 * it again.
 *
 * With many actors that is never so. Hence a lull now and then: everybody closes everything and
 * stays away from the backend for a moment, some longer than others. So the backend goes while the
 * last ones leave, and while the first ones come back.
 */
#include "../lib/module.h"
#include "soak.h"

static const char *backend(struct soak_shared *shared)
{
	return shared->options.stock ? "vfio_iommu_type1" : "vfio_type1_ng";
}

bool soak_is_lull(struct soak_shared *shared)
{
	return __atomic_load_n(&shared->lulls, __ATOMIC_SEQ_CST) % 2;
}

static bool try_unload(struct soak_shared *shared)
{
	if (module_unload(backend(shared))) {
		soak_count(shared, SOAK_UNLOAD_REFUSED, true);
		return false;
	}
	soak_count(shared, SOAK_UNLOADED, !module_modprobe(backend(shared)));
	return true;
}

static void lull(struct soak_shared *shared)
{
	unsigned int tries = 100;
	bool gone = false;

	__atomic_add_fetch(&shared->lulls, 1, __ATOMIC_SEQ_CST);
	while (tries-- && !gone && soak_phase(shared) == SOAK_RUN) {
		soak_empty_pool();
		gone = try_unload(shared);
		soak_nap(shared, 3);
	}
	__atomic_add_fetch(&shared->lulls, 1, __ATOMIC_SEQ_CST);
	soak_count(shared, SOAK_LULL, gone);
}

void soak_unload(struct soak_shared *shared, struct fuzz_random *random)
{
	unsigned int n;

	for (n = 0; soak_phase(shared) == SOAK_RUN; n++) {
		soak_nap(shared, 20 + fuzz_below(random, 600));
		if (n % 4 == 1)
			lull(shared);
		else
			try_unload(shared);
	}
}
