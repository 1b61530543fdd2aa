/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a side's memory is: at the same addresses on both sides, so that scripts can name them. */
#ifndef NG_FUZZ_LAYOUT_H
#define NG_FUZZ_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define FUZZ_PAGE	UINT64_C(4096)

/*
 * An area's name, where it is, how many pages it has. Behind each is nothing. Where the guest lacks
 * a kind of memory, it is ordinary memory instead, on both sides.
 */
#define FUZZ_AREAS(A)									\
	A(SMALL,  UINT64_C(0x100000000000),  96)	/* private, written to */	\
	A(FRESH,  UINT64_C(0x100001000000),  64)	/* private, never written to */	\
	A(RDONLY, UINT64_C(0x100002000000),  16)	/* private, read-only */	\
	A(SHARED, UINT64_C(0x100003000000),  32)	/* a memfd */			\
	A(NOTHING, UINT64_C(0x100004000000), 16)	/* not to be accessed */	\
	A(HOLE,   UINT64_C(0x100005000000),  16)	/* nothing there */		\
	A(ARG,    UINT64_C(0x100006000000),   1)	/* arguments of ioctls */	\
	A(BITMAP, UINT64_C(0x100007000000),   1)	/* bitmaps, and what devices read and write */ \
	A(SEALED, UINT64_C(0x100008000000),   1)	/* the same page, read-only */ \
	A(CLOSED, UINT64_C(0x100009000000),  16)	/* written to, then no access */ \
	A(WRONLY, UINT64_C(0x10000a000000),  32)	/* private, to be written; half was */ \
	A(CODE,   UINT64_C(0x10000b000000),  32)	/* to be executed; half was written */ \
	A(MIXED,  UINT64_C(0x10000c000000), 128)	/* some of each, see mixed[] in side.c */ \
	A(VARIED, UINT64_C(0x10000d000000),  32)	/* private; protection changes */ \
	A(LAZY,   UINT64_C(0x10000e000000),  64)	/* MAP_NORESERVE, never written to */ \
	A(FILE,   UINT64_C(0x10000f000000),  32)	/* a file, private, half written to */ \
	A(ROFILE, UINT64_C(0x100010000000),  32)	/* the same file, shared and read-only */ \
	A(DEVICE, UINT64_C(0x100011000000),  16)	/* registers of a PCI device */	\
	A(THP,    UINT64_C(0x100012000000), 1024)	/* in huge pages, never written to */ \
	A(HUGETLB, UINT64_C(0x100014000000), 512)	/* one page of hugetlbfs */

enum fuzz_area {
#define A(name, base, pages) FUZZ_##name,
	FUZZ_AREAS(A)
#undef A
	FUZZ_NR_AREAS
};

struct fuzz_area_place {
	const char *name;
	uint64_t base;
	uint64_t bytes;
};

extern const struct fuzz_area_place fuzz_areas[FUZZ_NR_AREAS];

#define FUZZ_AT(area)	(fuzz_areas[FUZZ_##area].base)

static inline bool fuzz_is_in(uint64_t address, enum fuzz_area area)
{
	return address - fuzz_areas[area].base < fuzz_areas[area].bytes;
}

/* Has a range private pages that nobody may have written to? Before 6.2, they are not charged. */
bool fuzz_may_be_untouched(uint64_t vaddr, uint64_t size);

/* The part of the argument page that is used and compared. It ends with the page. */
#define FUZZ_ARG_BYTES	1024
/* In it, where an argument is that is not cut; before and behind it are canaries. */
#define FUZZ_ARG_OFFSET	64

#define FUZZ_CANARY	0xc5

#endif
