// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/module.h>

#include "attach.h"
#include "translate.h"
#include "unknown.h"

static struct dentry *debugfs_dir;

static int __init emt_init(void)
{
	emt_attach_init();
	debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	emt_translate_start(debugfs_dir);
	emt_unknown_init(debugfs_dir);
	return 0;
}

static void __exit emt_exit(void)
{
	debugfs_remove_recursive(debugfs_dir);
	emt_translate_stop();
	emt_unknown_exit();
}

module_init(emt_init);
module_exit(emt_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IOMMU attach with -EMEDIUMTYPE as the one code for incompatibility");
MODULE_VERSION(VFIO_TYPE1_NG_VERSION);
