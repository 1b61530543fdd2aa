// SPDX-License-Identifier: GPL-2.0-only
/* Sorting the test devices by their IOMMU. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "instances.h"
#include "test.h"

void instances_name(int device, char *name, size_t size)
{
	char path[64], link[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu", devices[device].bdf);
	n = readlink(path, link, sizeof(link) - 1);
	TRUE(n > 0);
	link[n] = '\0';
	snprintf(name, size, "%s", strrchr(link, '/') + 1);
}

/* Instances of one driver are named alike up to the first dot: smmu3.0x000000000c000000. */
static bool named_alike(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return n == strcspn(b, ".") && !memcmp(a, b, n);
}

void instances_find(struct instances *instances)
{
	char first[64], name[64];
	int i, nr_near = 0, nr_far = 0;

	TRUE(nr_devices > 0);
	instances_name(0, first, sizeof(first));
	for (i = 0; i < nr_devices; i++) {
		instances_name(i, name, sizeof(name));
		if (!strcmp(name, first)) {
			if (nr_near < 2)
				instances->near[nr_near++] = i;
			continue;
		}
		if (nr_far < 2)
			instances->far[nr_far++] = i;
		instances->same_driver = named_alike(name, first);
	}
	EQ(nr_near, 2);
	EQ(nr_far, 2);
}
