/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every intended difference between vfio_type1_ng and the stock module of the
 * running kernel, and where stock itself changed between 5.10 and 7.3.
 *
 *	D(id, stock before, release, stock from that release on, ours, reason)
 *
 * The release is 0 where stock never changed. A test takes the value that is
 * right for the backend under test with DIFF(id); any other difference is a bug.
 */
#ifndef NG_DIFFERENCES_H
#define NG_DIFFERENCES_H

#include <errno.h>

#define KERNEL(major, minor)	((major) * 1000 + (minor))

#define DIFFERENCES(D)								\
	D(ADDRESS_WRAP, EINVAL, KERNEL(6, 18), EOVERFLOW, EOVERFLOW,		\
	  "a range that wraps around 2^64 is EOVERFLOW, as in 7.3")		\
	D(WRAP_BEFORE_FLAGS, EINVAL, KERNEL(6, 18), EOVERFLOW, EOVERFLOW,	\
	  "a wrapping range is refused before the flags are looked at, as in 7.3") \
	D(TOP_MAPPING_WORKS, 0, KERNEL(6, 18), 1, 1,				\
	  "a mapping that ends at 2^64 can be unmapped; older stock leaks it")	\
	D(INFO_WRITTEN_17, 16, KERNEL(6, 6), 17, 17,				\
	  "GET_INFO writes back min(argsz, 24) bytes, as in 7.3")		\
	D(INFO_WRITTEN_19, 16, KERNEL(6, 6), 19, 19,				\
	  "GET_INFO writes back min(argsz, 24) bytes, as in 7.3")		\
	D(INFO_WRITTEN_23, 20, KERNEL(6, 6), 23, 23,				\
	  "GET_INFO writes back min(argsz, 24) bytes, as in 7.3")		\
	D(INFO_WRITTEN_24, 20, KERNEL(6, 6), 24, 24,				\
	  "GET_INFO writes back min(argsz, 24) bytes, as in 7.3")		\
	D(INFO_CAP_ALIGN, 4, KERNEL(6, 6), 8, 8,				\
	  "entries of the capability chain are 8-byte aligned, as in 7.3")	\
	D(DIRTY_GET_TO_THE_TOP, EINVAL, KERNEL(6, 18), 0, 0,			\
	  "a dirty bitmap may be asked for up to 2^64, as in 7.3")		\
	D(DIRTY_STRAY_BITS, 1, 0, 1, 0,						\
	  "a report of a mapping sets no bits behind its last page; stock's do from the second on") \
	D(DIRTY_UNMAP_KEEPS_SHARED_WORDS, 0, KERNEL(5, 12), 1, 1,		\
	  "unmapping several mappings reports all that was dirty, 5.10 loses bits in words they share") \
	D(DIRTY_UNMAP_ALL_OR_NOTHING, 0, 0, 0, 1,				\
	  "nothing is unmapped if the bitmap of what was dirty cannot be written") \
	D(DIRT_OUTLIVES_A_FAILED_REPORT, 0, 0, 0, 1,				\
	  "a report that cannot be written forgets nothing; stock forgets what it had written before it failed") \
	D(FIRST_DOMAIN_PINS_THE_OWNERS_MEMORY, 0, 0, 0, 1,			\
	  "the first domain gets the memory of the process that mapped it; stock looks in the one that adds the group") \
	D(EXT_UNMAP_ALL, 0, KERNEL(5, 12), 1, 1,				\
	  "UNMAP_ALL works on every kernel")					\
	D(EXT_UPDATE_VADDR, 0, KERNEL(5, 12), 1, 1,				\
	  "VFIO_UPDATE_VADDR works on every kernel")				\
	D(EXT_NESTING, 1, KERNEL(6, 13), 0, 0,					\
	  "nesting containers are gone, as in 7.3")				\
	D(UNMAP_VADDR, EINVAL, KERNEL(5, 12), 0, 0,				\
	  "VFIO_UPDATE_VADDR works on every kernel")				\
	D(MAP_VADDR_UNKNOWN_RANGE, EINVAL, KERNEL(5, 12), ENOENT, ENOENT,	\
	  "VFIO_UPDATE_VADDR works on every kernel")				\
	D(UNMAP_ALL, EINVAL, KERNEL(5, 12), 0, 0,				\
	  "UNMAP_ALL works on every kernel")					\
	D(UNMAP_ASCENDS, 0, KERNEL(5, 12), 1, 1,				\
	  "UNMAP_DMA takes mappings in ascending order, 5.10 in that of its tree") \
	D(OTHER_MM_MAY_UNMAP, 0, KERNEL(5, 12), 1, 1,				\
	  "a process other than the one that mapped may unmap, as since 5.12")	\
	D(HARD_JOIN_IS_REPORTED, 0, 0, 0, 1,					\
	  "a hard error while joining a domain reaches user space, stock swallows it") \
	D(FRESH_TRY_FIRST, 1, 0, 1, 0,						\
	  "stock attaches to a new domain before it tries the ones it has")	\
	D(HALF_ATTACHED_IS_FREED, 1, KERNEL(6, 1), 0, 0,			\
	  "a domain that refused a group of several devices is freed with none of them attached; older stock leaves some") \
	D(UNDO_UNMAPS_TOO_MUCH, 1, 0, 1, 0,					\
	  "a replay that failed is undone as far as it got; stock also unmaps what it had not mapped") \
	D(COHERENT_JOINS_INCOHERENT, 0, 0, 0, 1,				\
	  "where nobody can ask a device (before 6.2), a group that can be coherent shares the domain of one that cannot") \
	D(FALSE_SUCCESS_IS_REFUSED, 0, 0, 0, 1,					\
	  "a driver that is known to say 0 without attaching is not asked; stock gives user space a device that reaches nothing") \
	D(GUP_NOTHING_IS_EFAULT, 0, KERNEL(6, 15), 1, 1,			\
	  "a pin of no pages is EFAULT; older stock used an uninitialised pfn")

enum difference {
#define D(id, before, release, after, ours, reason) DIFF_##id,
	DIFFERENCES(D)
#undef D
	NR_DIFFERENCES
};

long long difference_value(enum difference id);

#define DIFF(id)	difference_value(DIFF_##id)

/* What it costs to bring n compatible groups into one container, before any leaves. */
struct attach_cost {
	unsigned int allocs;
	unsigned int attaches;
	unsigned int detaches;
	unsigned int frees;
};

/*
 * Stock gives every group a domain of its own, then moves it into the one it
 * has and frees the other. Ours tries the domain it has first.
 */
struct attach_cost attach_cost(unsigned int groups);

#endif
