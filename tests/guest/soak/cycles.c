// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach and detach, map and unmap, at full speed and nothing else: a worker for each CPU, with a
 * device of its own.
 *
 * A container comes and goes for each attach; in between, so many pairs of map and unmap. After
 * each container's last unmap, every entry has to be free again.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "soak.h"

#define PAIRS		10
#define WORKER_PAGES	16

static void __attribute__((noreturn)) give_up(const char *what, long ret)
{
	ktap_diag("soak: %s: %s", what, ret < 0 ? strerror(-ret) : "wrong");
	_exit(1);
}

static long must(const char *what, long ret)
{
	if (ret < 0)
		give_up(what, ret);
	return ret;
}

static void map_and_unmap(struct soak_shared *shared, struct fuzz_random *random, int container,
			  uint8_t *area)
{
	uint64_t iova = MIB(16) + MIB(1) * fuzz_below(random, 16);
	uint64_t bytes = PAGE * (1 + fuzz_below(random, WORKER_PAGES));

	must("MAP_DMA", dma_map(container, area, iova, bytes, DMA_RW));
	if (must("UNMAP_DMA", dma_unmap(container, iova, bytes)) != (long)bytes)
		give_up("UNMAP_DMA", 0);
	soak_count(shared, SOAK_MAP, true);
	soak_count(shared, SOAK_UNMAP, true);
}

static void check_entries(int container)
{
	struct type1_info info;

	must("GET_INFO", type1_get_info(container, &info));
	if (info.has_avail && info.avail != 65535)
		give_up("entries are missing", 0);
}

static void cycle(struct soak_shared *shared, struct fuzz_random *random, unsigned int device,
		  uint8_t *area)
{
	int container = must("/dev/vfio/vfio", container_open());
	int group = must("group", group_open(soak_group_number(shared, device)));
	unsigned int i;

	must("SET_CONTAINER", group_set_container(group, container));
	must("SET_IOMMU", container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	for (i = 0; i < PAIRS; i++)
		map_and_unmap(shared, random, container, area);
	check_entries(container);
	must("UNSET_CONTAINER", group_unset_container(group));
	close(group);
	close(container);
	soak_count(shared, SOAK_ATTACH, true);
	soak_count(shared, SOAK_DETACH, true);
}

static void __attribute__((noreturn))
work(struct soak_shared *shared, unsigned int device, double end)
{
	struct fuzz_random random = { shared->options.seed + device };
	uint8_t *area = memory_small_pages(WORKER_PAGES * PAGE);
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (soak_now() < end)
		for (i = 0; i < 50; i++)
			cycle(shared, &random, device, area);
	_exit(0);
}

bool soak_cycles(struct soak_shared *shared, unsigned int seconds)
{
	unsigned int i, workers = sysconf(_SC_NPROCESSORS_ONLN);
	double end = soak_now() + seconds;
	bool ok = true;
	int status;

	for (i = 0; i < workers && i < shared->nr_pci; i++)
		if (!fork())
			work(shared, i, end);
	while (waitpid(-1, &status, 0) > 0)
		ok &= !status;
	return ok && soak_counts_are_back(shared);
}
