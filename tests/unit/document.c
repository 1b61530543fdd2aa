// SPDX-License-Identifier: GPL-2.0-only
/* Documents of which a part is made from the source. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"

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

void document_expect(const char *path, const char *from, const char *to, void (*print)(FILE *out))
{
	char *doc = read_all(path), *made = strstr(doc, from), *end, *table;
	size_t size;
	FILE *out;

	assert_non_null(made);
	made += strlen(from);
	end = to ? strstr(made, to) : made + strlen(made);
	assert_non_null(end);
	*end = '\0';
	out = open_memstream(&table, &size);
	assert_non_null(out);
	print(out);
	fclose(out);
	if (strcmp(made, table))
		fail_msg("%s is older than what it is made from: run make docs, and commit it", path);
	free(table);
	free(doc);
}
