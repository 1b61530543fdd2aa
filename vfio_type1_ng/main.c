// SPDX-License-Identifier: GPL-2.0-only
/* vfio_type1_ng: a VFIO type1 IOMMU driver that reuses domains. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/rcupdate.h>

#include <compat/version.h>
#include <compat/vfio.h>
#include <compat/vfio_access.h>

#include "access.h"
#include "account.h"
#include "container.h"
#include "debugfs.h"
#include "group.h"
#include "ioctl.h"
#include "mapping.h"
#include "params.h"

bool ng_allow_unsafe_interrupts;
module_param_named(allow_unsafe_interrupts, ng_allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts, "Accept groups whose interrupts the platform cannot isolate (default N)");

bool ng_disable_hugepages;
module_param_named(disable_hugepages, ng_disable_hugepages, bool, 0644);
MODULE_PARM_DESC(disable_hugepages, "Map page by page, without large IOMMU pages (default N)");

unsigned int ng_dma_entry_limit = U16_MAX;
module_param_named(dma_entry_limit, ng_dma_entry_limit, uint, 0644);
MODULE_PARM_DESC(dma_entry_limit, "How many mappings a container may hold, for containers opened from now on (default 65535)");

COMPAT_VFIO_ATTACH_OP(attach_op, ng_group_attach)
COMPAT_VFIO_DEFINE_ACCESS_OPS(ng_access_pin, ng_access_unpin, ng_access_add_listener, ng_access_remove_listener)

static const struct vfio_iommu_driver_ops ng_driver_ops = {
	.name		= "vfio-type1-ng",
	.owner		= THIS_MODULE,
	.open		= ng_container_open,
	.release	= ng_container_release,
	.ioctl		= ng_ioctl,
	.attach_group	= attach_op,
	.detach_group	= ng_group_detach,
	.dma_rw		= ng_access_rw,
	COMPAT_VFIO_ACCESS_OPS(ng_access_group_domain),
};

static int __init ng_init(void)
{
	int ret = ng_mapping_cache_init();

	if (ret)
		return ret;
	ret = vfio_register_iommu_driver(&ng_driver_ops);
	if (ret) {
		ng_mapping_cache_exit();
		return ret;
	}
	ng_debugfs_init();

	if (compat_kernel_is_untested())
		pr_warn("built for a kernel newer than Linux %d.%d, the newest it was tested on\n", COMPAT_NEWEST_MAJOR,
			COMPAT_NEWEST_MINOR);
	if (IS_BUILTIN(CONFIG_VFIO_IOMMU_TYPE1))
		pr_info("vfio_iommu_type1 is built into this kernel and stays behind this module: it gets what this one refuses\n");
	return 0;
}

static void __exit ng_exit(void)
{
	ng_debugfs_exit();
	ng_account_exit();

	/*
	 * The core calls ioctl() without a reference to the module, through an
	 * object that it frees on unregistration. No container is left, so such
	 * a call is on its way in or out, and does not sleep. The core drops
	 * its module reference before it clears the container's pointer to the
	 * object: the first wait is for these stores, the second for calls that
	 * read the pointer before.
	 */
	synchronize_rcu_tasks();
	synchronize_rcu_tasks();
	vfio_unregister_iommu_driver(&ng_driver_ops);
	ng_mapping_cache_exit();
}

module_init(ng_init);
module_exit(ng_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("VFIO type1 IOMMU driver that reuses domains");
MODULE_VERSION(VFIO_TYPE1_NG_VERSION);
