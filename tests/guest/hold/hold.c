// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-hold: keep one container open, so that others can see who serves it, and whether it goes on working.
 *
 *	type1-hold [number of the device]
 *
 * Opens a container for the device's group, maps a page, prints "holding" and reads commands, one a line:
 *
 *	use		map another page, let every device of the container copy through it, unmap it
 *	join NUMBER	add the group of another device
 *
 * Each is answered with "done".  Ends, closing the container, with the commands.  Prints what failed and exits with 1
 * when something does.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/edu.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"

#define HELD_IOVA	UINT64_C(0x100000)
#define USED_IOVA	UINT64_C(0x200000)
#define COPY_BYTES	1024

static int container, groups[MAX_DEVICES];

static int64_t must(int64_t ret, const char *what)
{
	if (ret < 0) {
		printf("%s: %s\n", what, strerror(-ret));
		exit(1);
	}
	return ret;
}

static void join(int number)
{
	if (number < 0 || number >= nr_devices) {
		printf("there is no device %d\n", number);
		exit(1);
	}
	groups[number] = must(group_open(devices[number].group), "open the group");
	must(group_set_container(groups[number], container), "SET_CONTAINER");
}

static void hold(int number)
{
	container = must(container_open(), "open the container");
	join(number);
	must(container_set_iommu(container, VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
	must(dma_map(container, memory_small_pages(PAGE), HELD_IOVA, PAGE, DMA_RW), "MAP_DMA");
}

/* What one device reads from a page it writes behind that. */
static void copy(int number, uint8_t *page)
{
	struct edu edu;

	must(edu_open(&edu, groups[number], devices[number].bdf), "open the device");
	memory_fill(page, COPY_BYTES, number);
	memset(page + PAGE / 2, 0, COPY_BYTES);
	must(edu_read_memory(&edu, USED_IOVA, COPY_BYTES), "DMA from memory");
	must(edu_write_memory(&edu, USED_IOVA + PAGE / 2, COPY_BYTES), "DMA to memory");
	if (!memory_holds(page + PAGE / 2, COPY_BYTES, number)) {
		printf("device %d copied something else\n", number);
		exit(1);
	}
	edu_close(&edu);
}

static void use(void)
{
	static uint8_t *page;
	int i;

	if (!page)
		page = memory_small_pages(PAGE);
	must(dma_map(container, page, USED_IOVA, PAGE, DMA_RW), "MAP_DMA");
	for (i = 0; i < nr_devices; i++)
		if (groups[i])
			copy(i, page);
	if (must(dma_unmap(container, USED_IOVA, PAGE), "UNMAP_DMA") != (int64_t)PAGE) {
		puts("UNMAP_DMA did not unmap the page");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	char line[64];
	int number;

	setvbuf(stdout, NULL, _IOLBF, 0);
	must(devices_find(), "find devices");
	hold(argc > 1 ? atoi(argv[1]) : 0);
	puts("holding");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "use\n")) {
			use();
		} else if (sscanf(line, "join %d", &number) == 1) {
			join(number);
		} else {
			printf("unknown command: %s", line);
			return 1;
		}
		puts("done");
	}
	return 0;
}
