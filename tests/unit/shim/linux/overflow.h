/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_OVERFLOW_H
#define SHIM_OVERFLOW_H

#define check_add_overflow(a, b, sum)	__builtin_add_overflow(a, b, sum)
#define struct_size(p, member, count)	(sizeof(*(p)) + sizeof((p)->member[0]) * (count))

#endif
