// SPDX-License-Identifier: GPL-2.0-only
/*
 * "mm: pass VMA instead of MM to follow_pte()", v6.10, July 2024; gone in v6.12.
 * symbol: follow_pte
 */
#include <linux/mm.h>

static int (*probe)(struct vm_area_struct *, unsigned long, pte_t **, spinlock_t **) __used = follow_pte;
