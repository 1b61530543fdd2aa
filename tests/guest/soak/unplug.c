// SPDX-License-Identifier: GPL-2.0-only
/*
 * A helper that takes PCI devices away and lets the bus be searched for them again.
 *
 * The kernel waits until nobody has the device open any more, so this helper may have to wait for
 * the end of the epoch.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/file.h"
#include "soak.h"

#define DEVICES	"/sys/bus/pci/devices/"

static void bind(const char *bdf)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES "%s/driver_override", bdf);
	file_write(path, "vfio-pci");
	file_write("/sys/bus/pci/drivers_probe", bdf);
}

void soak_unplug(struct soak_shared *shared, struct fuzz_random *random)
{
	const char *bdf;
	char path[128];

	if (!shared->options.hotplug)
		return;
	for (;;) {
		soak_nap(shared, 50 + fuzz_below(random, 1500));
		if (soak_phase(shared) != SOAK_RUN)
			return;
		bdf = shared->bdf[fuzz_below(random, shared->nr_pci)];
		snprintf(path, sizeof(path), DEVICES "%s/remove", bdf);
		soak_count(shared, SOAK_REMOVED, !file_write(path, "1"));
		soak_nap(shared, fuzz_below(random, 200));
		file_write("/sys/bus/pci/rescan", "1");
		bind(bdf);
	}
}
