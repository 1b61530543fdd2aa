/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

/* The lines of docs/differences.md before and behind the table. */
#define DIFFERENCES_BEGIN	"<!-- made by make docs from tests/guest/differences.def -->\n"
#define DIFFERENCES_END		"<!-- made until here -->\n"

/* The table of docs/differences.md, in Markdown. */
void differences_table_print(FILE *out);
