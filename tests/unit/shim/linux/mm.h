/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_MM_H
#define SHIM_MM_H

#include <linux/overflow.h>

#define PAGE_SIZE	4096UL

#endif
