// SPDX-License-Identifier: GPL-2.0-only
#include "rules_table.h"

int main(void)
{
	rules_table_print(stdout);
	return 0;
}
