// SPDX-License-Identifier: GPL-2.0-only
#include "differences_table.h"

int main(void)
{
	differences_table_print(stdout);
	return 0;
}
