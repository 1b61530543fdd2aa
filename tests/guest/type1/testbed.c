// SPDX-License-Identifier: GPL-2.0-only
/* What the type1 tests run on: the edu devices of the guest. */
#include <string.h>

#include "../lib/file.h"
#include "test.h"

int testbed_find(void)
{
	return devices_find();
}

/* A test may have taken a device from the bus and brought it back, in another group. */
void testbed_reset(void)
{
	devices_find();
}

bool testbed_clean(void)
{
	return true;
}

bool iommu_is_virtio(void)
{
	char words[4096];

	return file_read("/proc/cmdline", words, sizeof(words)) > 0 && strstr(words, "ng.viommu=virtio");
}
