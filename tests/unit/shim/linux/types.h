/* SPDX-License-Identifier: GPL-2.0-only */
/* Just enough of the kernel's <linux/types.h> for pure logic. */
#ifndef SHIM_TYPES_H
#define SHIM_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef unsigned long long u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;
typedef uint64_t phys_addr_t;

#define U64_MAX		UINT64_MAX
#define S32_MAX		INT32_MAX
#define U32_MAX		UINT32_MAX
#define __user
#define BITS_PER_LONG	(__SIZEOF_LONG__ * 8)

struct rcu_head {
	void *next;
};

#endif
