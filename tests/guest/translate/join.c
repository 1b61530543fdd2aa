// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-join ERRNO: put the first test device's group into a container while the IOMMU driver fails with this errno, and print
 * what user space is told: 0 or -errno.  ng_conform is loaded, and watches that driver.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../lib/module.h"
#include "../lib/vfio.h"

static int fail_next_attach(const char *error)
{
	int ret = module_param_set("ng_conform", "watch", "1");

	return ret ? ret : module_param_set("ng_conform", "fail_attach", error);
}

int main(int argc, char **argv)
{
	int container, group, ret;

	if (argc != 2 || devices_find() < 1) {
		fprintf(stderr, "usage: type1-join ERRNO, with a device on vfio-pci\n");
		return 2;
	}
	container = container_open();
	group = group_open(devices[0].group);
	ret = group_set_container(group, container);
	if (container < 0 || group < 0 || ret) {
		fprintf(stderr, "no container: %d %d %d\n", container, group, ret);
		return 1;
	}
	ret = fail_next_attach(argv[1]);
	if (ret) {
		fprintf(stderr, "ng_conform does not work: %d\n", ret);
		return 1;
	}
	printf("%d\n", container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	return 0;
}
