// SPDX-License-Identifier: GPL-2.0-only
/* Count calls of kernel functions with kprobe events in tracefs. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "file.h"
#include "ktap.h"

#define TRACEFS "/sys/kernel/tracing/"

static const struct probe {
	enum counter counter;
	const char *function;
} probes[] = {
	{ COUNT_ALLOC, "iommu_domain_alloc" },			/* up to 6.12 */
	{ COUNT_ALLOC, "iommu_paging_domain_alloc" },		/* 6.11, 6.12 */
	{ COUNT_ALLOC, "iommu_paging_domain_alloc_flags" },	/* since 6.13 */
	{ COUNT_FREE, "iommu_domain_free" },
	{ COUNT_ATTACH, "iommu_attach_group" },
	{ COUNT_DETACH, "iommu_detach_group" },
	{ COUNT_MAP, "iommu_map" },
	{ COUNT_DRIVER_ATTACH, "intel_iommu_attach_device" },
	{ COUNT_DRIVER_ATTACH, "amd_iommu_attach_device" },
	{ COUNT_DRIVER_ATTACH, "viommu_attach_dev" },
	{ COUNT_CONTEXT_FLUSH, "qi_flush_context" },
	{ COUNT_CONTEXT_FLUSH, "device_flush_dte" },		/* amd */
	{ COUNT_IOTLB_FLUSH, "qi_flush_iotlb" },
	{ COUNT_IOTLB_FLUSH, "__domain_flush_pages" },		/* amd up to 6.6 */
	{ COUNT_IOTLB_FLUSH, "amd_iommu_domain_flush_pages" },	/* amd since 6.7 */
	{ COUNT_QI_SUBMIT, "qi_submit_sync" },
};

#define NR_PROBES (sizeof(probes) / sizeof(probes[0]))

void counters_stop(void)
{
	char line[128];
	size_t i;

	file_write(TRACEFS "events/ng/enable", "0");
	for (i = 0; i < NR_PROBES; i++) {
		snprintf(line, sizeof(line), "-:ng/%s", probes[i].function);
		file_append(TRACEFS "kprobe_events", line);
	}
}

int counters_start(void)
{
	char line[128];
	size_t i;

	if (access(TRACEFS "kprobe_events", W_OK))
		return -errno;
	counters_stop();
	for (i = 0; i < NR_PROBES; i++) {
		snprintf(line, sizeof(line), "p:ng/%s %s", probes[i].function, probes[i].function);
		/* A function this kernel does not have is not an error. */
		file_append(TRACEFS "kprobe_events", line);
	}
	return file_write(TRACEFS "events/ng/enable", "1");
}

void counters_read(struct counts *counts)
{
	unsigned long long hits;
	char line[256], name[128];
	size_t i;
	FILE *f;

	memset(counts, 0, sizeof(*counts));
	f = fopen(TRACEFS "kprobe_profile", "re");
	if (!f) {
		guest_lacks("this kernel has no kprobe events, with which calls are counted");
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%127s %llu", name, &hits) != 2)
			continue;
		for (i = 0; i < NR_PROBES; i++)
			if (!strcmp(name, probes[i].function))
				counts->n[probes[i].counter] += hits;
	}
	fclose(f);
}

unsigned long long counters_since(const struct counts *then, enum counter which)
{
	struct counts now;

	counters_read(&now);
	return now.n[which] - then->n[which];
}

void pin_counts_read(struct pin_counts *pins)
{
	file_write("/proc/sys/vm/stat_refresh", "1");
	pins->acquired = file_read_key("/proc/vmstat", "nr_foll_pin_acquired");
	pins->released = file_read_key("/proc/vmstat", "nr_foll_pin_released");
}

long long locked_pages(void)
{
	return file_read_key("/proc/self/status", "VmLck") * 1024 / sysconf(_SC_PAGESIZE);
}
