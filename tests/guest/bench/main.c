// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-bench: what the stock backend, ours, and the kernel itself at the least (ng_floor.ko) need for the same work.
 *
 *	type1-bench [-m MiB] [-r repetitions] [-n] SET...	sets: basic memory entries groups threads
 *
 * The stock module has to be loaded, and ours not: it is loaded once the stock container is open.
 *
 * Prints lines "bench<TAB>backend<TAB>case<TAB>unit<TAB>value". Times are in ns, which in a guest under -icount shift=0 are
 * instructions, and called so unless -n is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../bench/floor/ng_floor.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/module.h"
#include "../lib/vfio.h"
#include "bench.h"

struct bench bench = { .bytes = GIB(1), .reps = 3 };

static const char *const backend_names[NR_BACKENDS] = { "stock", "ng", "floor" };

static const struct {
	const char *name;
	void (*run)(void);
} sets[] = {
	{ "basic", bench_basic },
	{ "memory", bench_memory },
	{ "entries", bench_entries },
	{ "groups", bench_groups },
	{ "threads", bench_threads },
};

void die(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktap_diag("bench: failed: %s", text);
	exit(1);
}

int64_t must(int64_t ret, const char *what)
{
	if (ret < 0)
		die("%s: %s", what, strerror(-ret));
	return ret;
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

void report(enum backend backend, const char *test, const char *unit, double value)
{
	const char *time = bench.real_time ? "ns" : "insn";
	const char *rest = unit;

	if (strncmp(unit, "insn", strlen("insn")))
		time = "";
	else
		rest += strlen("insn");
	printf("bench\t%s\t%s\t%s%s\t%.2f\n", backend_names[backend], test, time, rest, value);
	fflush(stdout);
}

void keep_least(uint64_t *least, uint64_t value)
{
	if (!*least || value < *least)
		*least = value;
}

/* A container with one group, served by the backend that registered last. */
static void open_container(enum backend backend, int device)
{
	int container = must(container_open(), "open a container");

	bench.target[backend] = (struct target){ .backend = backend, .fd = container };
	bench.device[backend] = device;
	bench.group[backend] = must(group_open(devices[device].group), "open a group");
	must(group_set_container(bench.group[backend], container), "SET_CONTAINER");
	must(container_set_iommu(container, VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
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

static void open_floor(int device)
{
	const char *file = getenv("NG_FLOOR_KO");
	char params[64];

	snprintf(params, sizeof(params), "device=%s", devices[device].bdf);
	must(module_load_file(file ? file : "ng_floor.ko", params), "load ng_floor.ko");
	bench.target[FLOOR] = (struct target){ .backend = FLOOR, .fd = floor_open() };
}

static void open_backends(void)
{
	if (!module_loaded("vfio_iommu_type1") || module_loaded("vfio_type1_ng"))
		die("the stock module has to be loaded, and ours not");
	if (devices_find() < 4)
		die("%d devices are bound to vfio-pci, 4 are needed", nr_devices);

	open_container(STOCK, 0);
	if (module_modprobe("vfio_type1_ng"))
		die("vfio_type1_ng cannot be loaded");
	open_container(NG, 1);
	if (module_use_count("vfio_type1_ng") < 1)
		die("the second container is not served by vfio_type1_ng");
	open_floor(nr_devices - 1);
	bench.first_free_device = 2;
	bench.nr_free_devices = nr_devices - 3;
}

static void run_set(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (!strcmp(sets[i].name, name)) {
			sets[i].run();
			return;
		}
	}
	die("there is no set of cases called %s", name);
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "m:nr:")) != -1) {
		if (opt == 'm')
			bench.bytes = MIB(strtoul(optarg, NULL, 10));
		else if (opt == 'n')
			bench.real_time = true;
		else if (opt == 'r')
			bench.reps = atoi(optarg);
		else
			return 2;
	}
	if (bench.bytes < MIB(64) || bench.reps < 1)
		return 2;
	open_backends();
	for (; optind < argc; optind++)
		run_set(argv[optind]);
	ktap_diag("bench: all was measured");
	return 0;
}
