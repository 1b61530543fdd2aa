/* SPDX-License-Identifier: GPL-2.0-only */
/* The test devices by the IOMMU that translates for them, in a guest with two of them. */
#ifndef NG_INSTANCES_H
#define NG_INSTANCES_H

#include <stdbool.h>
#include <stddef.h>

/* Name in /sys/class/iommu of the IOMMU of a test device. */
void instances_name(int device, char *name, size_t size);

/* Two devices behind each IOMMU: indexes into devices[]. */
struct instances {
	int near[2];	/* the IOMMU of the first device */
	int far[2];	/* the other one */
	bool same_driver;
};

/* Ends the test with a failure where the guest has not two devices behind each of two IOMMUs. */
void instances_find(struct instances *instances);

#endif
