// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow_pte(mm, ...) exported to modules in v5.12 (and in the 5.10 stable series); v6.10 passes the vma instead.
 * symbol: follow_pte
 */
#include <linux/mm.h>

static int (*probe)(struct mm_struct *, unsigned long, pte_t **, spinlock_t **) __used = follow_pte;
