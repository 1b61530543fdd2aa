// SPDX-License-Identifier: GPL-2.0-only
/* What is measured: containers of both backends, and ng_floor.ko. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bench/floor/ng_floor.h"
#include "../lib/module.h"
#include "../lib/vfio.h"
#include "bench.h"

/* Some IOMMUs, mock ones among them, do not isolate the interrupts of devices. */
static void allow_unsafe_interrupts(const char *module)
{
	must(module_param_set(module, "allow_unsafe_interrupts", "Y"), "allow_unsafe_interrupts");
}

/* A container with one group, served by the backend that registered last. */
static void open_container(struct container *container, int device)
{
	container->fd = must(container_open(), "open a container");
	container->device = device;
	container->group = must(group_open(devices[device].group), "open a group");
	must(group_set_container(container->group, container->fd), "SET_CONTAINER");
	must(container_set_iommu(container->fd, VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
}

/* The spares' devices are free again once they are closed. */
static void open_containers(enum backend backend, int spares_from)
{
	/* On the mock, both begin behind the first IOMMU. */
	const int distance = bench.mock ? mock_iommus() : 1;
	int i;

	open_container(&bench.container[backend], backend * distance);
	bench.target[backend] = (struct target){ .backend = backend, .fd = bench.container[backend].fd };
	for (i = 0; i < bench.nr_spares; i++)
		open_container(&bench.spare[backend][i], spares_from + i);
}

static void ask_floor(int fd, unsigned long cmd, char *vaddr, uint64_t iova, size_t bytes, uint32_t access)
{
	struct ng_floor_request request = {
		.vaddr = (uintptr_t)vaddr,
		.bytes = bytes,
		.iova = iova,
		.flags = access & DMA_WRITE ? NG_FLOOR_WRITE : 0,
	};

	must(raw_ioctl(fd, cmd, &request), "ng_floor");
}

void map(const struct target *target, char *vaddr, uint64_t iova, size_t bytes, uint32_t access)
{
	if (target->backend == FLOOR)
		ask_floor(target->fd, NG_FLOOR_MAP, vaddr, iova, bytes, access);
	else
		must(dma_map(target->fd, vaddr, iova, bytes, access), "MAP_DMA");
}

void unmap(const struct target *target, char *vaddr, uint64_t iova, size_t bytes, uint32_t access)
{
	if (target->backend == FLOOR)
		ask_floor(target->fd, NG_FLOOR_UNMAP, vaddr, iova, bytes, access);
	else if (dma_unmap(target->fd, iova, bytes) != (int64_t)bytes)
		die("UNMAP_DMA removed less than was mapped");
}

int floor_open(void)
{
	uint64_t bytes = bench.bytes;
	int fd = open("/dev/ng_floor", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/ng_floor: %s", strerror(errno));
	must(raw_ioctl(fd, NG_FLOOR_RESERVE, &bytes), "ng_floor");
	return fd;
}

/* It gets the last device. */
static void open_floor(void)
{
	const char *file = getenv("NG_FLOOR_KO");
	char params[64];

	snprintf(params, sizeof(params), "device=%s", devices[--nr_devices].bdf);
	must(module_load_file(file ? file : "ng_floor.ko", params), "load ng_floor.ko");
	bench.target[FLOOR] = (struct target){ .backend = FLOOR, .fd = floor_open() };
}

void backends_open(int nr_spares)
{
	const int needed = NR_CONTAINERS * (1 + nr_spares) + 2;

	bench.mock = module_loaded("mock_iommu");
	if (!module_loaded("vfio_iommu_type1") || module_loaded("vfio_type1_ng"))
		die("the stock module has to be loaded, and ours not");
	if ((bench.mock ? mock_devices_find() : devices_find()) < needed)
		die("%d devices can be had through VFIO, %d are needed", nr_devices, needed);

	bench.nr_spares = nr_spares;
	if (!bench.mock)
		open_floor();
	allow_unsafe_interrupts("vfio_iommu_type1");
	bench.first_free_device = (bench.mock ? mock_iommus() : 1) + 1;
	open_containers(STOCK, bench.first_free_device);
	if (module_modprobe("vfio_type1_ng"))
		die("vfio_type1_ng cannot be loaded");
	allow_unsafe_interrupts("vfio_type1_ng");
	open_containers(NG, bench.first_free_device + nr_spares);
	if (module_use_count("vfio_type1_ng") < 1)
		die("the second container is not served by vfio_type1_ng");
	bench.nr_free_devices = nr_devices - bench.first_free_device;
}
