// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-hold: keep one container open, so that others can see who serves it.
 *
 *	type1-hold [number of the device]
 *
 * Opens a container for the device's group, maps a page, prints "holding" and
 * waits until it is killed. Prints what failed and exits with 1 when it cannot.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../guest/lib/vfio.h"

static int must(int ret, const char *what)
{
	if (ret < 0) {
		printf("%s: %s\n", what, strerror(-ret));
		exit(1);
	}
	return ret;
}

int main(int argc, char **argv)
{
	static uint8_t page[4096] __attribute__((aligned(4096)));
	int number = argc > 1 ? atoi(argv[1]) : 0;
	int container, group;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (number >= must(devices_find(), "find devices")) {
		printf("there is no device %d\n", number);
		return 1;
	}
	container = must(container_open(), "open the container");
	group = must(group_open(devices[number].group), "open the group");
	must(group_set_container(group, container), "SET_CONTAINER");
	must(container_set_iommu(container, VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
	must(dma_map(container, page, 0x100000, sizeof(page), DMA_RW), "MAP_DMA");
	puts("holding");
	for (;;)
		pause();
}
