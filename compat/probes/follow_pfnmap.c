// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mm: new follow_pfnmap API", v6.12, November 2024.
 * symbol: follow_pfnmap_start
 */
#include <linux/mm.h>

static int (*probe)(struct follow_pfnmap_args *) __used = follow_pfnmap_start;
