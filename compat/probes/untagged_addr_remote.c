// SPDX-License-Identifier: GPL-2.0-only
/* "mm: Introduce untagged_addr_remote()", v6.4, June 2023. */
#include <linux/mm.h>
#include <linux/uaccess.h>

static unsigned long __used probe(struct mm_struct *mm, unsigned long addr)
{
	return untagged_addr_remote(mm, addr);
}
