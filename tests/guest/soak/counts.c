// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel counts, before anything was done and after all of it has ended. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/counters.h"
#include "../lib/file.h"
#include "../lib/kmsg.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/module.h"
#include "../lib/vfio.h"
#include "soak.h"

/* Some things end in a work queue. */
#define TRIES		200
#define WAIT_US		50000

#define DEBUGFS		"/sys/kernel/debug/vfio_type1_ng/"
#define SLAB		"/sys/kernel/slab/ng_mapping"

static const char *const modules[] = { "vfio_type1_ng", "vfio_iommu_type1", "iommu_emt",  "vfio",
				       "vfio_pci",	"vfio_pci_core",    "ng_emulated" };

#define NR_MODULES (sizeof(modules) / sizeof(modules[0]))

static struct {
	struct pin_counts pins;
	int users[NR_MODULES];
	int log;
} at_start;

void soak_counts_start(struct soak_shared *shared)
{
	unsigned int i;

	(void)shared;
	pin_counts_read(&at_start.pins);
	for (i = 0; i < NR_MODULES; i++)
		at_start.users[i] = module_use_count(modules[i]);
	at_start.log = kmsg_open();
}

static bool pins_are_back(bool say)
{
	struct pin_counts now;
	long long more;

	pin_counts_read(&now);
	more = now.acquired - at_start.pins.acquired - (now.released - at_start.pins.released);
	if (more && say)
		ktap_diag("soak: %lld pages more were pinned than unpinned", more);
	return !more;
}

static bool modules_are_back(bool say)
{
	bool ok = true;
	unsigned int i;
	int users;

	for (i = 0; i < NR_MODULES; i++) {
		users = module_use_count(modules[i]);
		if (users == at_start.users[i])
			continue;
		if (say)
			ktap_diag("soak: %s: use count %d, was %d", modules[i], users,
				  at_start.users[i]);
		ok = false;
	}
	return ok;
}

/* A table of ours, which has nothing but its heading. */
static bool is_empty(const char *table, bool say)
{
	char path[96], text[4096], *line;

	snprintf(path, sizeof(path), DEBUGFS "%s", table);
	if (file_read(path, text, sizeof(text)) < 0)
		return true;
	line = strchr(text, '\n');
	if (!line)
		return true;
	if (say)
		ktap_diag("soak: %s are left:%s", table, line);
	return false;
}

/*
 * Objects of ours, where the kernel counts them by themselves and does not put them together with
 * those of others.
 */
static bool slab_is_empty(bool say)
{
	char link[8];
	long long objects;

	if (readlink(SLAB, link, sizeof(link)) >= 0)
		return true;
	file_write(SLAB "/shrink", "1");
	objects = file_read_number(SLAB "/objects");
	if (objects > 0 && say)
		ktap_diag("soak: %lld mappings stay allocated", objects);
	return objects <= 0;
}

static bool all_is_back(bool say)
{
	bool ok = pins_are_back(say);

	ok &= modules_are_back(say);
	ok &= is_empty("containers", say);
	ok &= is_empty("domains", say);
	ok &= slab_is_empty(say);
	return ok;
}

/* What follows ends within a moment; whoever looks does not know when. */
static bool comes_true(bool (*is_true)(bool say))
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		if (is_true(false))
			return true;
		usleep(WAIT_US);
	}
	return is_true(true);
}

static bool backend_can_go(bool say)
{
	int ret = module_unload("vfio_type1_ng");

	if (ret && say)
		ktap_diag("soak: vfio_type1_ng, which nobody uses, cannot be unloaded: %s",
			  strerror(-ret));
	return !ret;
}

/* With the memory of ours it holds, if any: the kernel complains then. */
static bool backend_goes_and_comes(void)
{
	if (!comes_true(backend_can_go))
		return false;
	if (!module_modprobe("vfio_type1_ng"))
		return true;
	ktap_diag("soak: vfio_type1_ng cannot be loaded again");
	return false;
}

static bool can_still(const char *what, long ret)
{
	if (ret < 0)
		ktap_diag("soak: %s: %s", what, strerror(-ret));
	return ret >= 0;
}

/* Every group can be put into a container, and the container works. */
static bool everything_works(struct soak_shared *shared)
{
	void *area = memory_small_pages(PAGE);
	int container = container_open(), group[SOAK_DEVICES];
	unsigned int i;
	bool ok = true;

	for (i = 0; i < shared->nr_devices; i++) {
		group[i] = group_open(soak_group_number(shared, i));
		ok &= can_still("a group can no longer be opened", group[i]) &&
		      can_still("a group can no longer be added",
				group_set_container(group[i], container));
		if (!i)
			ok &= can_still("SET_IOMMU",
					container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	}
	ok &= can_still("MAP_DMA", dma_map(container, area, MIB(16), PAGE, DMA_RW));
	ok &= can_still("UNMAP_DMA", dma_unmap(container, MIB(16), PAGE));
	for (i = 0; i < shared->nr_devices; i++)
		close(group[i]);
	close(container);
	munmap(area, PAGE);
	return ok;
}

static bool log_is_clean(void)
{
	char line[512];
	bool ok = true;

	while (at_start.log >= 0 && kmsg_find(at_start.log, kmsg_trouble, line, sizeof(line))) {
		ktap_diag("soak: kernel log: %s", line);
		ok = false;
	}
	return ok;
}

bool soak_counts_are_back(struct soak_shared *shared)
{
	bool ok = comes_true(all_is_back);

	ok &= everything_works(shared);
	ok &= comes_true(all_is_back);
	if (!shared->options.stock)
		ok &= backend_goes_and_comes();
	ok &= log_is_clean();
	return ok;
}
