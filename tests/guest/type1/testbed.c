// SPDX-License-Identifier: GPL-2.0-only
/* What the type1 tests run on: the edu devices of the guest. */
#include "test.h"

int testbed_find(void)
{
	return devices_find();
}

void testbed_reset(void)
{
}

bool testbed_clean(void)
{
	return true;
}
