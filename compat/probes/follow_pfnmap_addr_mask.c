// SPDX-License-Identifier: GPL-2.0-only
/* "mm: provide mapping range hints via follow_pfnmap_start()", v6.15, May 2025. */
#include <linux/mm.h>

static unsigned long __used probe(struct follow_pfnmap_args *args)
{
	return args->addr_mask;
}
