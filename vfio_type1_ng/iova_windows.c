// SPDX-License-Identifier: GPL-2.0-only
/* Lists of windows. Pure logic, also built for the host by tests/unit. */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "alloc.h"
#include "iova_windows.h"

/**
 * ng_iova_windows_make_room() - make room in a list
 * @list: the list, all zeroes before first use; empty afterwards if it grows
 * @capacity: number of windows, at least 1
 * Return: 0, or -ENOMEM with the list unchanged.
 */
int ng_iova_windows_make_room(struct ng_iova_windows *list, unsigned int capacity)
{
	struct ng_range *windows;

	if (list->capacity >= capacity)
		return 0;
	windows = ng_kcalloc(capacity, sizeof(*windows));
	if (!windows)
		return -ENOMEM;
	kfree(list->windows);
	*list = (struct ng_iova_windows){ .windows = windows, .capacity = capacity };
	return 0;
}

/* Return 0, or -ENOMEM with @to unchanged. */
int ng_iova_windows_copy(struct ng_iova_windows *to, const struct ng_iova_windows *from)
{
	int ret = ng_iova_windows_make_room(to, from->capacity);

	if (ret)
		return ret;
	memcpy(to->windows, from->windows, from->nr * sizeof(*to->windows));
	to->nr = from->nr;
	return 0;
}

void ng_iova_windows_free(struct ng_iova_windows *list)
{
	kfree(list->windows);
	*list = (struct ng_iova_windows){};
}

void ng_iova_windows_reset(struct ng_iova_windows *list)
{
	list->windows[0] = NG_RANGE_ALL;
	list->nr = 1;
}

void ng_iova_windows_restrict(struct ng_iova_windows *list, struct ng_range aperture)
{
	unsigned int from, to = 0;

	/* The usual case: the IOMMUs of a machine are alike. */
	if (list->nr && aperture.first <= list->windows[0].first && list->windows[list->nr - 1].last <= aperture.last)
		return;

	for (from = 0; from < list->nr; from++) {
		struct ng_range window = list->windows[from];

		if (!ng_ranges_overlap(window, aperture))
			continue;
		list->windows[to++] = (struct ng_range){
			.first = max(window.first, aperture.first),
			.last = min(window.last, aperture.last),
		};
	}
	list->nr = to;
}

static void open_gap_after(struct ng_iova_windows *list, unsigned int i)
{
	memmove(&list->windows[i + 2], &list->windows[i + 1], (list->nr - i - 1) * sizeof(*list->windows));
	list->nr++;
}

static void drop(struct ng_iova_windows *list, unsigned int i)
{
	memmove(&list->windows[i], &list->windows[i + 1], (list->nr - i - 1) * sizeof(*list->windows));
	list->nr--;
}

/**
 * ng_iova_windows_exclude() - take a reserved range out
 * @list: the list, with room for one more window
 * @reserved: the range, anywhere
 */
void ng_iova_windows_exclude(struct ng_iova_windows *list, struct ng_range reserved)
{
	unsigned int i = 0;

	while (i < list->nr) {
		struct ng_range *window = &list->windows[i];
		bool keep_head = window->first < reserved.first;
		bool keep_tail = window->last > reserved.last;

		if (!ng_ranges_overlap(*window, reserved)) {
			i++;
		} else if (keep_head && keep_tail) {
			u64 last = window->last;

			/* Happens once: one window contains the whole range. */
			if (WARN_ON_ONCE(list->nr == list->capacity))
				return;
			window->last = reserved.first - 1;
			open_gap_after(list, i);
			list->windows[i + 1] = (struct ng_range){ .first = reserved.last + 1, .last = last };
			return;
		} else if (keep_head) {
			window->last = reserved.first - 1;
			i++;
		} else if (keep_tail) {
			window->first = reserved.last + 1;
			i++;
		} else {
			drop(list, i);
		}
	}
}

bool ng_iova_windows_contain(const struct ng_iova_windows *list, struct ng_range range)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (ng_range_contains(list->windows[i], range))
			return true;
	return false;
}
