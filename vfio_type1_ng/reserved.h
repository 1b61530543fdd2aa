/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses that devices or firmware reserve, such as the MSI window, and that must not be mapped.
 *
 * Hundreds of groups reserve the same few ranges, so the container keeps each range once with a count.
 */
#ifndef NG_RESERVED_H
#define NG_RESERVED_H

#include <linux/list.h>

#include "range.h"

struct iommu_group;
struct ng_container;
struct ng_group;
struct ng_iova_windows;

/**
 * struct ng_reserved - a reserved range
 * @next: place in the container's list
 * @range: the range
 * @nr_users: how many groups reserve it
 */
struct ng_reserved {
	struct list_head next;
	struct ng_range range;
	unsigned int nr_users;
};

int ng_reserved_get(struct ng_container *ct, struct ng_group *group);
void ng_reserved_put(struct ng_container *ct, struct ng_group *group);
bool ng_reserved_conflicts(struct ng_container *ct, const struct ng_group *group);
void ng_reserved_exclude(struct ng_container *ct, struct ng_iova_windows *windows);

#endif
