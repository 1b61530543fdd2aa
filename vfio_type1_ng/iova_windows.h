/* SPDX-License-Identifier: GPL-2.0-only */
/* Windows: what all IOMMUs of a container translate and no device reserves. */
#ifndef NG_IOVA_WINDOWS_H
#define NG_IOVA_WINDOWS_H

#include "range.h"

/**
 * struct ng_iova_windows - a list of windows of bounded length
 * @windows: the windows, ascending, which neither overlap nor touch
 * @nr: their number
 * @capacity: room; with one more than ranges to exclude, excluding cannot fail
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
