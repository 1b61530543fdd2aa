// SPDX-License-Identifier: GPL-2.0-only
/* Must not compile: calls what nobody declares. */
#include <linux/module.h>

static int __used probe(void)
{
	return vfio_type1_ng_no_such_function();
}
