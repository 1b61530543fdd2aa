// SPDX-License-Identifier: GPL-2.0-only
/* Reserved ranges. The topology is held for writing throughout. */
#include <linux/iommu.h>
#include <linux/slab.h>

#include "alloc.h"
#include "container.h"
#include "group.h"
#include "iova_windows.h"
#include "mapping.h"
#include "reserved.h"

static struct ng_reserved *get_range(struct ng_container *ct, struct ng_group *group, struct ng_range range)
{
	struct ng_reserved *reserved;

	list_for_each_entry(reserved, &ct->reserved, next)
		if (ng_ranges_equal(reserved->range, range))
			goto found;

	reserved = ng_kzalloc(sizeof(*reserved));
	if (!reserved)
		return NULL;
	reserved->range = range;
	list_add_tail(&reserved->next, &ct->reserved);
	ct->nr_reserved++;
	group->reserves_more = true;
found:
	reserved->nr_users++;
	return reserved;
}

void ng_reserved_put(struct ng_container *ct, struct ng_group *group)
{
	while (group->nr_reserved) {
		struct ng_reserved *reserved = group->reserved[--group->nr_reserved];

		if (--reserved->nr_users)
			continue;
		list_del(&reserved->next);
		ct->nr_reserved--;
		kfree(reserved);
	}
	if (group->reserved != group->few_reserved)
		kfree(group->reserved);
	group->reserved = NULL;
}

/* Software places the MSI doorbell only if hardware has no window for it. */
static void note_msi(struct ng_group *group, const struct iommu_resv_region *region, bool *hardware_msi)
{
	if (region->type == IOMMU_RESV_MSI)
		*hardware_msi = true;
	if (region->type == IOMMU_RESV_SW_MSI) {
		group->has_software_msi = true;
		group->software_msi_base = region->start;
	}
}

/* Empty regions reserve nothing; relaxable ones may be given up. */
static bool reserves(const struct iommu_resv_region *region)
{
	return region->length && region->type != IOMMU_RESV_DIRECT_RELAXABLE;
}

static int get_regions(struct ng_container *ct, struct ng_group *group, const struct list_head *regions)
{
	struct iommu_resv_region *region;
	bool hardware_msi = false;
	unsigned int nr = 0;

	list_for_each_entry(region, regions, list)
		nr += reserves(region);
	group->reserved = group->few_reserved;
	if (nr > ARRAY_SIZE(group->few_reserved))
		group->reserved = ng_kcalloc(nr, sizeof(*group->reserved));
	if (!group->reserved)
		return -ENOMEM;

	list_for_each_entry(region, regions, list) {
		struct ng_reserved *reserved;
		struct ng_range range;

		note_msi(group, region, &hardware_msi);
		if (!reserves(region))
			continue;
		range.first = region->start;
		if (check_add_overflow(range.first, (u64)region->length - 1, &range.last))
			range.last = U64_MAX;
		reserved = get_range(ct, group, range);
		if (!reserved)
			return -ENOMEM;
		group->reserved[group->nr_reserved++] = reserved;
	}
	if (hardware_msi)
		group->has_software_msi = false;
	return 0;
}

/**
 * ng_reserved_get() - look up what a group reserves, and its MSI doorbell
 * @ct: the container
 * @group: a group without reserved ranges yet
 * Return: 0; or a negative errno, with no range reserved.
 */
int ng_reserved_get(struct ng_container *ct, struct ng_group *group)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(regions);
	int ret;

	ret = iommu_get_group_resv_regions(group->iommu_group, &regions);
	if (!ret)
		ret = get_regions(ct, group, &regions);
	if (ret)
		ng_reserved_put(ct, group);

	list_for_each_entry_safe(region, next, &regions, list)
		kfree(region);
	return ret;
}

bool ng_reserved_conflicts(struct ng_container *ct, const struct ng_group *group)
{
	unsigned int i;

	for (i = 0; i < group->nr_reserved; i++)
		if (ng_mapping_exists(ct, group->reserved[i]->range))
			return true;
	return false;
}

void ng_reserved_exclude(struct ng_container *ct, struct ng_iova_windows *windows)
{
	struct ng_reserved *reserved;

	list_for_each_entry(reserved, &ct->reserved, next)
		ng_iova_windows_exclude(windows, reserved->range);
}
