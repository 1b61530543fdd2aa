// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_user_pages_remote() lost its vmas argument with "mm/gup: remove vmas parameter from
 * pin_user_pages_remote()", v6.5, August 2023.
 * symbol: pin_user_pages_remote
 */
#include <linux/mm.h>

static long __used probe(struct mm_struct *mm, struct page **pages)
{
	return pin_user_pages_remote(mm, 0, 1, 0, pages, NULL, NULL);
}
