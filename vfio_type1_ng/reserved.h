/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges that devices or firmware reserve, which must not be mapped. Many
 * groups reserve the same few, so the container keeps each once, with a count.
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
 * @next: node in the container's list
 * @range: the range
 * @nr_users: number of groups that reserve it
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
