// SPDX-License-Identifier: GPL-2.0-only
/*
 * unpin_user_page_range_dirty_lock(): v5.14, August 2021.
 * symbol: unpin_user_page_range_dirty_lock
 */
#include <linux/mm.h>

static void (*probe)(struct page *, unsigned long, bool) __used = unpin_user_page_range_dirty_lock;
