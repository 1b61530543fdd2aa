/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of every kind a program may hand to MAP_DMA. */
#ifndef NG_MEMORY_H
#define NG_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#define KIB(n)		((size_t)(n) << 10)
#define MIB(n)		((size_t)(n) << 20)
#define GIB(n)		((size_t)(n) << 30)
/* The kernel's; these programs run on kernels with pages of several sizes. */
#define PAGE		((size_t)getpagesize())

/* Private anonymous memory in pages of that size, written to; NULL on failure. */
void *memory_small_pages(size_t bytes);

/* The same in frames that are nowhere contiguous; bytes is a power of two. */
void *memory_scattered_pages(size_t bytes);

/* Private anonymous memory aligned to 2 MiB, in transparent huge pages where possible. */
void *memory_huge_pages(size_t bytes);

/* Bytes of the area that are transparent huge pages now. */
size_t memory_huge_bytes(void *area);

/* A page of private anonymous memory that nobody has written to; and is the page there now the kernel's one for such memory? */
void *memory_untouched_page(void);
int memory_is_zero_page(const void *page);	/* or -errno: nobody can tell */

/* A shared mapping of a memfd. */
void *memory_memfd(size_t bytes);

/* More address space than memory: a memfd of part_bytes mapped again and again, without gaps, and nowhere touched. */
void *memory_repeated(size_t bytes, size_t part_bytes);

/* hugetlb pages of page_bytes each, reserving what is missing; NULL when there are none. */
void *memory_hugetlb(size_t bytes, size_t page_bytes);

/* Note how many hugetlb pages the guest was started with, and go back to that. */
void memory_hugetlb_remember(void);
void memory_hugetlb_release(void);

/* An address with nothing mapped at it, room bytes long. */
void *memory_hole(size_t bytes);

/* A pattern that differs at every place and for every seed. */
void memory_fill(void *area, size_t bytes, uint32_t seed);
bool memory_holds(const void *area, size_t bytes, uint32_t seed);

#endif
