// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-demo: what it costs to put many groups into one container.
 *
 *	type1-demo -b stock|ng [-g groups] [-m MiB] [-r rounds]
 *
 * One group, SET_IOMMU, map memory, then the other groups one after another.
 * Kernel functions are counted by kprobe events while groups join; the mapping
 * in between is left out. Then a device that joined last moves data through
 * the mapping, and shows after the unmap that it no longer can. Times are
 * taken in rounds of their own, without probes.
 *
 * Prints progress and one line "demo<TAB>key=value..." for the host to read.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../lib/counters.h"
#include "../lib/edu.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/module.h"
#include "../lib/vfio.h"

#define IOVA		UINT64_C(0x1000000)
#define MAX_SAMPLES	4096

static const char *backend;

static struct demo {
	int groups;
	size_t bytes;
	int rounds;
	uint8_t *area;

	int container;
	int group[MAX_DEVICES];

	struct counts counts;		/* while groups joined */
	unsigned int samples[MAX_SAMPLES];
	int nr_samples;
	bool dma_ok;
} demo = { .groups = 16, .bytes = GIB(1), .rounds = 5 };

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktap_diag("demo failed: %s: %s", backend, text);
	exit(1);
}

static void must(int ret, const char *what)
{
	if (ret < 0)
		die("%s: %s", what, strerror(-ret));
}

static unsigned long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

/* Put a device's group into the container; returns how long the call took. */
static unsigned int join(int device)
{
	unsigned long long start, end;
	int ret;

	demo.group[device] = group_open(devices[device].group);
	must(demo.group[device], "open a group");
	start = now_us();
	ret = group_set_container(demo.group[device], demo.container);
	end = now_us();
	must(ret, "SET_CONTAINER");
	return end - start;
}

static void leave(int device)
{
	must(group_unset_container(demo.group[device]), "UNSET_CONTAINER");
	close(demo.group[device]);
}

static void first_group(void)
{
	demo.container = container_open();
	must(demo.container, "open the container");
	join(0);
	must(container_set_iommu(demo.container, VFIO_TYPE1v2_IOMMU), "SET_IOMMU");
}

static void map_everything(void)
{
	must(dma_map(demo.container, demo.area, IOVA, demo.bytes, DMA_RW), "MAP_DMA");
}

static void unmap_everything(void)
{
	int64_t bytes = dma_unmap(demo.container, IOVA, demo.bytes);

	if (bytes != (int64_t)demo.bytes)
		die("UNMAP_DMA removed %lld of %zu bytes", (long long)bytes, demo.bytes);
}

static void other_groups(void)
{
	int i;

	for (i = 1; i < demo.groups; i++)
		join(i);
}

static void add_counts(const struct counts *before)
{
	struct counts now;
	int i;

	counters_read(&now);
	for (i = 0; i < NR_COUNTERS; i++)
		demo.counts.n[i] += now.n[i] - before->n[i];
}

/* Data go from memory into the device and from there to another place in memory. */
static bool dma_round_trip(struct edu *edu, size_t from, size_t to, uint32_t seed)
{
	memory_fill(demo.area + from, EDU_MAX_BYTES, seed);
	memset(demo.area + to, 0, EDU_MAX_BYTES);
	must(edu_read_memory(edu, IOVA + from, EDU_MAX_BYTES), "DMA from memory");
	must(edu_write_memory(edu, IOVA + to, EDU_MAX_BYTES), "DMA to memory");
	return memory_holds(demo.area + from, EDU_MAX_BYTES, seed) &&
	       memory_holds(demo.area + to, EDU_MAX_BYTES, seed);
}

static bool dma_no_longer_lands(struct edu *edu, size_t to)
{
	size_t i;

	memset(demo.area + to, 0x5a, EDU_MAX_BYTES);
	must(edu_write_memory(edu, IOVA + to, EDU_MAX_BYTES), "DMA to memory");
	for (i = 0; i < EDU_MAX_BYTES; i++)
		if (demo.area[to + i] != 0x5a)
			return false;
	return true;
}

static void move_data(void)
{
	static const size_t places[] = { 0, MIB(2) - EDU_MAX_BYTES / 2, MIB(33) + 123, MIB(126) };
	/* A device of its own where there is one more than groups counted. */
	int device = nr_devices > demo.groups ? demo.groups : demo.groups - 1;
	struct edu edu;
	unsigned int i;

	if (device == demo.groups)
		join(device);
	must(edu_open(&edu, demo.group[device], devices[device].bdf), "open the edu device");
	demo.dma_ok = true;
	ktap_progress("%s: DMA both ways through %s", backend, devices[device].bdf);
	for (i = 0; i < 4; i++) {
		if (!dma_round_trip(&edu, places[i], MIB(64) + places[i], i)) {
			ktap_diag("%s: DMA data differ at %zu", backend, places[i]);
			demo.dma_ok = false;
		}
	}
	ktap_progress("%s: unmapping, then the same DMA once more", backend);
	unmap_everything();
	if (!dma_no_longer_lands(&edu, MIB(64) + places[3])) {
		ktap_diag("%s: DMA landed after the unmap", backend);
		demo.dma_ok = false;
	}
	edu_close(&edu);
	if (device == demo.groups)
		leave(device);
}

static void close_everything(void)
{
	int i;

	for (i = 0; i < demo.groups; i++)
		leave(i);
	close(demo.container);
}

static void counted_run(void)
{
	struct counts before;

	must(counters_start(), "kprobe events");
	ktap_progress("%s: first group and SET_IOMMU", backend);
	counters_read(&before);
	first_group();
	add_counts(&before);

	ktap_progress("%s: mapping %zu MiB", backend, demo.bytes >> 20);
	map_everything();

	ktap_progress("%s: groups 2 to %d, one after another", backend, demo.groups);
	counters_read(&before);
	other_groups();
	add_counts(&before);
	counters_stop();

	move_data();
	close_everything();
}

static void timed_rounds(void)
{
	int round, i;

	ktap_progress("%s: timing %d rounds of groups 2 to %d", backend, demo.rounds, demo.groups);
	first_group();
	map_everything();
	for (round = 0; round < demo.rounds; round++) {
		for (i = 1; i < demo.groups; i++) {
			unsigned int us = join(i);

			if (demo.nr_samples < MAX_SAMPLES)
				demo.samples[demo.nr_samples++] = us;
		}
		if (round + 1 < demo.rounds)
			for (i = 1; i < demo.groups; i++)
				leave(i);
	}
	unmap_everything();
	close_everything();
}

static int compare_samples(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static unsigned int median_us(void)
{
	if (!demo.nr_samples)
		return 0;
	qsort(demo.samples, demo.nr_samples, sizeof(demo.samples[0]), compare_samples);
	return demo.samples[demo.nr_samples / 2];
}

static void report(void)
{
	const unsigned long long *n = demo.counts.n;
	struct utsname uts;

	uname(&uts);
	ktap_diag("%s: times are over %d joins in %d rounds", backend, demo.nr_samples, demo.rounds);
	printf("demo\tbackend=%s\tkernel=%s\tgroups=%d\tallocs=%llu\tattaches=%llu\tdetaches=%llu\tfrees=%llu"
	       "\tdriver_attaches=%llu\tcontext_flushes=%llu\tiotlb_flushes=%llu\tqi_submits=%llu"
	       "\tattach_us_median=%u\tdma_ok=%d\n",
	       backend, uts.release, demo.groups, n[COUNT_ALLOC], n[COUNT_ATTACH], n[COUNT_DETACH],
	       n[COUNT_FREE], n[COUNT_DRIVER_ATTACH], n[COUNT_CONTEXT_FLUSH], n[COUNT_IOTLB_FLUSH],
	       n[COUNT_QI_SUBMIT], median_us(), demo.dma_ok);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *module;
	int opt;

	while ((opt = getopt(argc, argv, "b:g:m:r:")) != -1) {
		if (opt == 'b')
			backend = optarg;
		else if (opt == 'g')
			demo.groups = atoi(optarg);
		else if (opt == 'm')
			demo.bytes = MIB(strtoul(optarg, NULL, 10));
		else if (opt == 'r')
			demo.rounds = atoi(optarg);
		else
			return 2;
	}
	if (!backend || demo.groups < 1 || demo.groups > MAX_DEVICES || demo.bytes < MIB(256))
		return 2;
	module = strcmp(backend, "ng") ? "vfio_iommu_type1" : "vfio_type1_ng";
	if (!module_loaded(module))
		die("%s is not loaded", module);
	if (devices_find() < demo.groups)
		die("%d devices are bound to vfio-pci, %d are needed", nr_devices, demo.groups);

	ktap_progress("%s: touching %zu MiB of memory", backend, demo.bytes >> 20);
	demo.area = memory_huge_pages(demo.bytes);
	if (!demo.area)
		die("no memory");
	counted_run();
	timed_rounds();
	report();
	return !demo.dma_ok;
}
