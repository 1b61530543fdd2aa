/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_TABLE_H
#define RULES_TABLE_H

#include <stdio.h>

/* Line of docs/attach-errors.md after which everything is made. */
#define RULES_TABLE_MARK "<!-- made by make docs from iommu_emt/rules.c; do not edit below -->\n"

void rules_table_print(FILE *out);

#endif
