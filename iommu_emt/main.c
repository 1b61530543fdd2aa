// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "translate.h"

static int __init emt_init(void)
{
	return emt_translate_start();
}

static void __exit emt_exit(void)
{
	emt_translate_stop();
}

module_init(emt_init);
module_exit(emt_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IOMMU attach with -EMEDIUMTYPE as the one code for incompatibility");
MODULE_VERSION("0.1");
