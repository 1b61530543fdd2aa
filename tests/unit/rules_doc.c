// SPDX-License-Identifier: GPL-2.0-only
/* docs/attach-errors.md says what the rule table says. */
#include "unit.h"

#include "document.h"
#include "rules_table.h"

static void document_is_up_to_date(void **state)
{
	(void)state;
	document_expect(RULES_DOC, RULES_TABLE_MARK, NULL, rules_table_print);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(document_is_up_to_date),
};

RUN(tests)
