/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of ../differences.def for the comparison. */
#ifndef NG_FUZZ_RULES_H
#define NG_FUZZ_RULES_H

#include "../lib/facts.h"
#include "compare.h"

enum fuzz_then {
	FUZZ_GOES_ON,
	FUZZ_PARTS,	/* the containers are not alike any more */
	FUZZ_LEAKS,	/* and stock keeps pages for good */
};

struct fuzz_match {
	bool matches;
	unsigned int parts;	/* of the results that may differ */
	enum fuzz_then then;
};

struct fuzz_rule {
	const char *name;
	unsigned int until;	/* FACT_*: stock does the same where it shows this; 0: never */
	struct fuzz_match (*match)(const struct fuzz_context *context);
	const char *sentence;
};

extern const struct fuzz_rule fuzz_rules[];
extern const unsigned int fuzz_nr_rules;

#endif
