// SPDX-License-Identifier: GPL-2.0-only
/* docs/attach-errors.md says what the rule table says. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "rules_table.h"

static char *read_all(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "r");

	if (!file)
		fail_msg("%s cannot be read", path);
	/* Up to a byte that a text has not. */
	if (getdelim(&text, &size, '\0', file) < 0)
		fail_msg("%s is empty", path);
	fclose(file);
	return text;
}

static void document_is_up_to_date(void **state)
{
	char *doc = read_all(RULES_DOC), *made = strstr(doc, RULES_TABLE_MARK), *table;
	size_t size;
	FILE *out;

	(void)state;
	assert_non_null(made);
	out = open_memstream(&table, &size);
	assert_non_null(out);
	rules_table_print(out);
	fclose(out);
	if (strcmp(made + strlen(RULES_TABLE_MARK), table))
		fail_msg("docs/attach-errors.md is older than the rule table: run make docs, and commit it");
	free(table);
	free(doc);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(document_is_up_to_date),
};

RUN(tests)
