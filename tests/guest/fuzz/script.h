/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the differential test does to a container, as data: a script of operations that hold all their arguments. The same
 * script runs on stock and on ours; any operation can be left out, and what is left still runs.
 */
#ifndef NG_FUZZ_SCRIPT_H
#define NG_FUZZ_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FUZZ_MAX_OPS	1000

/* Devices of a side: some with an IOMMU, then one without. */
#define FUZZ_EDUS	3
#define FUZZ_EMULATED	FUZZ_EDUS
#define FUZZ_DEVICES	(FUZZ_EDUS + 1)

/* Processes of a side that may use its container; the first lives as long as the script. */
#define FUZZ_ACTORS	3

/* An argument that is not in memory at all, see struct fuzz_op. */
#define FUZZ_CUT_ALL	255

enum fuzz_kind {
	FUZZ_ATTACH,		/* put the group of a device into the container */
	FUZZ_DETACH,
	FUZZ_SET_IOMMU,		/* type */
	FUZZ_CHECK,		/* VFIO_CHECK_EXTENSION, number is type */
	FUZZ_INFO,
	FUZZ_MAP,
	FUZZ_UNMAP,
	FUZZ_DIRTY,		/* VFIO_IOMMU_DIRTY_PAGES */
	FUZZ_UNKNOWN,		/* an ioctl that type1 does not have, number is type */
	FUZZ_PIN,		/* the device without an IOMMU pins pages */
	FUZZ_UNPIN,
	FUZZ_READ,		/* it reads or writes through vfio_dma_rw() */
	FUZZ_WRITE,
	FUZZ_TOUCH,		/* it writes into a page that it has pinned */
	FUZZ_DMA,		/* a device with an IOMMU copies from iova to target */
	FUZZ_STORE,		/* the process writes to its memory */
	FUZZ_PROTECT,		/* or changes the protection of some of it to flags */
	FUZZ_LIMIT,		/* RLIMIT_MEMLOCK, in pages */
	FUZZ_FORK,		/* an actor begins, as a child of the first */
	FUZZ_EXEC,		/* or goes on as another program */
	FUZZ_EXIT,		/* or ends */
	FUZZ_END,		/* all devices leave, all else closes; last in every script */
	FUZZ_KINDS
};

/**
 * struct fuzz_op - one operation
 * @kind: what
 * @actor: who does it, or who begins, execs or ends
 * @device: for kinds that have one
 * @look: look at the process's locked memory afterwards; that takes longer than most operations, and what is wrong stays wrong
 * @beside: ours makes the call at once with the one before; see order.h
 * @cut: only so many bytes of the argument are in memory; 0: all, FUZZ_CUT_ALL: none
 * @argsz: as the ioctl's structure has it, and so on
 * @type: see the kinds
 * @target: second IOVA of FUZZ_DMA
 * @data: address of the bitmap
 * @fill: what is in the bitmap before, and what is written to memory
 */
struct fuzz_op {
	uint8_t kind;
	uint8_t actor;
	uint8_t device;
	uint8_t cut;
	bool look;
	bool beside;
	uint32_t argsz;
	uint32_t flags;
	uint32_t type;
	uint64_t vaddr;
	uint64_t iova;
	uint64_t size;
	uint64_t target;
	uint64_t pgsize;
	uint64_t bitmap_bytes;
	uint64_t data;
	uint8_t fill;
};

/* How things are before the first operation. */
struct fuzz_setup {
	bool limited;		/* without CAP_IPC_LOCK, so that RLIMIT_MEMLOCK counts */
	bool small_pages;	/* disable_hugepages */
	uint32_t limit_pages;	/* RLIMIT_MEMLOCK */
	uint32_t entry_limit;	/* dma_entry_limit */
};

struct fuzz_script {
	uint64_t seed;
	struct fuzz_setup setup;
	unsigned int nr;
	struct fuzz_op op[FUZZ_MAX_OPS];
};

/* What a script may use here. */
struct fuzz_profile {
	bool emulated;		/* there is a device without an IOMMU */
	bool old;		/* stock has no VFIO_UNMAP_ALL and VFIO_UPDATE_VADDR, so scripts that use them do not get far */
	bool at_once;		/* ours makes calls at once */
	unsigned int dma_every;	/* one operation of so many is a transfer by a real device, which takes a while; 0: none */
};

/* The same seed and profile make the same script. */
void fuzz_generate(struct fuzz_script *script, uint64_t seed, const struct fuzz_profile *profile);

/* One operation, as C would have it, without the end of the line. */
void fuzz_print_op(FILE *out, const struct fuzz_op *op);
void fuzz_print_setup(FILE *out, const struct fuzz_script *script);

/*
 * Leave out of a failing script all that it does not need to fail: fails() says whether a candidate does. Calls it at most
 * limit times. The last operation, FUZZ_END, stays.
 */
void fuzz_shrink(struct fuzz_script *script, bool (*fails)(const struct fuzz_script *candidate, void *arg), void *arg,
		 unsigned int limit);

#endif
