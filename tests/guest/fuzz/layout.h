/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a side's memory is: at the same addresses on both sides, so that scripts can name them. */
#ifndef NG_FUZZ_LAYOUT_H
#define NG_FUZZ_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define FUZZ_PAGE	UINT64_C(4096)

/* An area's name, where it is, how many pages it has. Behind each is nothing. */
#define FUZZ_AREAS(A)									\
	A(SMALL,  UINT64_C(0x100000000000), 128)	/* private, written to */	\
	A(FRESH,  UINT64_C(0x100001000000),  64)	/* private, never written to */	\
	A(RDONLY, UINT64_C(0x100002000000),  16)	/* private, read-only */	\
	A(SHARED, UINT64_C(0x100003000000),  32)	/* a memfd */			\
	A(NOTHING, UINT64_C(0x100004000000), 16)	/* not to be accessed */	\
	A(HOLE,   UINT64_C(0x100005000000),  16)	/* nothing there */		\
	A(ARG,    UINT64_C(0x100006000000),   1)	/* arguments of ioctls */	\
	A(BITMAP, UINT64_C(0x100007000000),   1)	/* bitmaps, and what devices read and write */ \
	A(SEALED, UINT64_C(0x100008000000),   1)	/* the same page, read-only */

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

/* Does a range have private pages that may not have been written to yet? Before Linux 6.2, these are not charged. */
bool fuzz_may_be_untouched(uint64_t vaddr, uint64_t size);

/* The part of the argument page that is used and compared. It ends with the page. */
#define FUZZ_ARG_BYTES	1024
/* In it, where an argument is that is not cut; before and behind it are canaries. */
#define FUZZ_ARG_OFFSET	64

#define FUZZ_CANARY	0xc5

#endif
