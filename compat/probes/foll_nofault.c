// SPDX-License-Identifier: GPL-2.0-only
/* FOLL_NOFAULT: "gup: Introduce FOLL_NOFAULT flag to disable page faults", v5.16, January 2022. */
#include <linux/mm.h>

static int probe __used = FOLL_NOFAULT;
