/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_MM_H
#define SHIM_MM_H

#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#define PAGE_SIZE	4096UL

#define __get_free_page(flags)	((unsigned long)kmalloc(PAGE_SIZE, flags))
#define free_page(page)		free((void *)(page))

#endif
