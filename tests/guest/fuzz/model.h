/* SPDX-License-Identifier: GPL-2.0-only */
/* What is mapped in a container: as the generator expects it, and as the comparison knows it from the results. */
#ifndef NG_FUZZ_MODEL_H
#define NG_FUZZ_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "script.h"

#define FUZZ_MAX_MAPPINGS	FUZZ_MAX_OPS

#define FUZZ_NOBODY		255

struct fuzz_mapping {
	uint64_t iova;
	uint64_t last;		/* inclusive */
	uint64_t vaddr;
	uint32_t flags;
	uint8_t actor;		/* who mapped it, or gave it its user address; FUZZ_NOBODY: one that is another program now, or gone */
};

struct fuzz_model {
	unsigned int nr;
	struct fuzz_mapping mapping[FUZZ_MAX_MAPPINGS];
	unsigned int attached;	/* devices, one bit each */
	bool driver;		/* SET_IOMMU was done */
	bool v2;
	bool tracking;
	unsigned int actors;	/* that live, one bit each */
};

/* The operation was done, and succeeded. */
void fuzz_model_apply(struct fuzz_model *model, const struct fuzz_op *op);

/* The first mapping in the table that overlaps a range, or NULL. */
const struct fuzz_mapping *fuzz_model_find(const struct fuzz_model *model, uint64_t iova, uint64_t last);

/*
 * Are these two calls, a map or an unmap each, about different places? Then it does not matter which
 * comes first, nor whether they are made at once. What they overlap counts as part of them, because
 * it is unmapped as a whole or not at all.
 */
bool fuzz_are_independent(const struct fuzz_model *model, const struct fuzz_op *a,
			  const struct fuzz_op *b);

/* Is it a plain map or unmap by the first process, which depends on what is mapped alone? */
bool fuzz_may_run_beside(const struct fuzz_op *op, unsigned int facts);

#endif
