/* SPDX-License-Identifier: GPL-2.0-only */
/* Just enough of the kernel's <linux/types.h> for pure logic. */
#ifndef SHIM_TYPES_H
#define SHIM_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

#define U64_MAX		UINT64_MAX
#define BITS_PER_LONG	(__SIZEOF_LONG__ * 8)

#endif
