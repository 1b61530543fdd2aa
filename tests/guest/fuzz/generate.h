/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the generator. */
#ifndef NG_FUZZ_GENERATE_H
#define NG_FUZZ_GENERATE_H

#include "layout.h"
#include "random.h"
#include "script.h"
#include "model.h"
#include "order.h"

struct fuzz_generator {
	struct fuzz_random random;
	const struct fuzz_profile *profile;
	struct fuzz_script *script;
	struct fuzz_model model;	/* what should be by now */
	bool v1;
	bool tracks;			/* dirty tracking is what this script is about */
};

/* The arguments of an operation of a kind. */
void fuzz_generate_map(struct fuzz_generator *g, struct fuzz_op *op);
void fuzz_generate_unmap(struct fuzz_generator *g, struct fuzz_op *op);
void fuzz_generate_dirty(struct fuzz_generator *g, struct fuzz_op *op);
void fuzz_generate_access(struct fuzz_generator *g, struct fuzz_op *op);

/* Maps and unmaps that meet, for ours to make at once. Fills nr operations. */
void fuzz_generate_burst(struct fuzz_generator *g, struct fuzz_op *op, unsigned int nr);

/* Sometimes: a wrong argsz, or an argument that is not all in memory. bytes is how long it is. */
void fuzz_damage_argument(struct fuzz_generator *g, struct fuzz_op *op, unsigned int bytes);

/* An address that should be mapped, if anything is. */
uint64_t fuzz_mapped_iova(struct fuzz_generator *g);

/* Is the operation one that changes what is mapped as the model has it? */
bool fuzz_should_succeed(const struct fuzz_model *model, const struct fuzz_op *op);

#endif
