/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The addresses that user space may map: what every IOMMU of the container can translate, less what some device
 * reserves.  A list of windows, ascending, disjoint and not adjacent by construction.
 */
#ifndef NG_IOVA_WINDOWS_H
#define NG_IOVA_WINDOWS_H

#include "range.h"

/**
 * struct ng_iova_windows - a list of windows of bounded length
 * @windows: the windows, ascending
 * @nr: how many there are
 * @capacity: for how many there is room
 *
 * Excluding a range makes at most one window more, so a capacity of one more than there are ranges to exclude
 * is always enough, and nothing has to be allocated where failing is not allowed.
 */
struct ng_iova_windows {
	struct ng_range *windows;
	unsigned int nr;
	unsigned int capacity;
};

int ng_iova_windows_make_room(struct ng_iova_windows *list, unsigned int capacity);
int ng_iova_windows_copy(struct ng_iova_windows *to, const struct ng_iova_windows *from);
void ng_iova_windows_free(struct ng_iova_windows *list);
void ng_iova_windows_reset(struct ng_iova_windows *list);
void ng_iova_windows_restrict(struct ng_iova_windows *list, struct ng_range aperture);
void ng_iova_windows_exclude(struct ng_iova_windows *list, struct ng_range reserved);
bool ng_iova_windows_contain(const struct ng_iova_windows *list, struct ng_range range);

#endif
