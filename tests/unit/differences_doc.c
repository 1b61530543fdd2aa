// SPDX-License-Identifier: GPL-2.0-only
/* docs/differences.md has the differences that tests/guest/differences.def has. */
#include "unit.h"

#include "differences_table.h"
#include "document.h"

static void page_is_up_to_date(void **state)
{
	(void)state;
	document_expect(DIFFERENCES_DOC, DIFFERENCES_BEGIN, DIFFERENCES_END, differences_table_print);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(page_is_up_to_date),
};

RUN(tests)
