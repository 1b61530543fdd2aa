// SPDX-License-Identifier: GPL-2.0-only
/* A bus has one IOMMU driver until v6.7; then devices name theirs by a firmware node. */
#include <linux/device.h>

static const void * __used probe(struct bus_type *bus)
{
	return bus->iommu_ops;
}
