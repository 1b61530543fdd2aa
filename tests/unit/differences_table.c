// SPDX-License-Identifier: GPL-2.0-only
/* The table of docs/differences.md, made of tests/guest/differences.def. */
#include "differences_table.h"

static const struct {
	int major, minor;	/* 0: every stock module */
	const char *sentence;
} differences[] = {
#define BEFORE(major, minor, fact)	major, minor
#define EVERY				0, 0
#define DIFFERENCE(name, kernels, stock, ours, seen, sentence) { kernels, sentence },
#include "../guest/differences.def"
#undef DIFFERENCE
};

void differences_table_print(FILE *out)
{
	unsigned int i;

	fputs("| with `vfio_type1_ng` | other than the stock module of |\n|---|---|\n", out);
	for (i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		fprintf(out, "| %s | ", differences[i].sentence);
		if (differences[i].major)
			fprintf(out, "kernels before %d.%d |\n", differences[i].major, differences[i].minor);
		else
			fputs("every kernel |\n", out);
	}
}
