/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include <linux/types.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define swap(a, b)		do { typeof(a) shim_swap = (a); (a) = (b); (b) = shim_swap; } while (0)
#define ALIGN(n, to)		(((n) + (to) - 1) / (to) * (to))
#define DIV_ROUND_UP(n, by)	(((n) + (by) - 1) / (by))
#define min_t(type, a, b)	min((type)(a), (type)(b))

#endif
