/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_BITMAP_H
#define SHIM_BITMAP_H

#include <linux/types.h>

#define BIT_WORD(n)		((n) / BITS_PER_LONG)
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

/* One bit at a time: slow, and easy to believe.  As in the kernel, what is written is whole longs. */
static inline bool test_bit(unsigned long n, const unsigned long *map)
{
	return map[BIT_WORD(n)] >> n % BITS_PER_LONG & 1;
}

static inline void shim_put_bit(unsigned long *map, unsigned long n, bool bit)
{
	unsigned long mask = 1UL << n % BITS_PER_LONG;

	map[BIT_WORD(n)] = bit ? map[BIT_WORD(n)] | mask : map[BIT_WORD(n)] & ~mask;
}

static inline void bitmap_set(unsigned long *map, unsigned int first, unsigned int nbits)
{
	while (nbits--)
		shim_put_bit(map, first++, true);
}

static inline void bitmap_zero(unsigned long *map, unsigned int nbits)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		map[i] = 0;
}

static inline void bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b, unsigned int nbits)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		to[i] = a[i] | b[i];
}

static inline void bitmap_copy_clear_tail(unsigned long *to, const unsigned long *from, unsigned int nbits)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits) * BITS_PER_LONG; i++)
		shim_put_bit(to, i, i < nbits && test_bit(i, from));
}

static inline void bitmap_shift_right(unsigned long *to, const unsigned long *from, unsigned int shift,
				      unsigned int nbits)
{
	unsigned int i;

	for (i = 0; i < nbits; i++)
		shim_put_bit(to, i, i + shift < nbits && test_bit(i + shift, from));
}

static inline void bitmap_shift_left(unsigned long *to, const unsigned long *from, unsigned int shift,
				     unsigned int nbits)
{
	unsigned int i;

	for (i = nbits; i--; )
		shim_put_bit(to, i, i >= shift && test_bit(i - shift, from));
}

#endif
