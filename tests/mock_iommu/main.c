// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_iommu: the module and its parameters.
 *
 *	modprobe mock_iommu iommus=8 singles=254 groups=3,3
 *
 * makes 8 IOMMUs, 254 devices in a group of their own each and two groups of three.  Group number g is behind
 * IOMMU g % 8.  Every device has a VFIO device, so that /dev/vfio/N works.  The rest is told in
 * /sys/kernel/debug/mock_iommu:
 *
 * devices	a line a device: number, /dev/vfio group, place in it, IOMMU, where its DMA goes, the domain's number
 * dma/N	DMA of device N: the offset in the file is the IOVA, a read reads memory, a write writes it.  EFAULT
 *		where nothing is mapped or the protection forbids it
 * emt		a write asks iommu_emt to attach, see emt.c; a read shows what it said
 * domains	all page tables: a line a domain, then a line a run of mappings
 * counters	a line a counter, see counters.c; a write sets all to 0.  "pages" is how many are mapped now
 * answers	a write tells one answer in advance, see answers.c, or to "forget" all; a read shows them and how often
 *		each was given
 * reset	a write forgets all answers and goes back to the defaults of everything below
 *
 * iommuN/coherent	can make DMA snoop the caches (Y)
 * iommuN/dirty		can track dirty pages (N)
 * iommuN/pgsizes	page sizes (4K, 2M and 1G)
 * iommuN/first, last	aperture (48 bits)
 * iommuN/reserved	a write adds "FIRST LAST direct|reserved|msi|sw_msi|relaxable"; at most four
 *
 * foreign_errno	attach to a domain of another IOMMU; 0: they share domains (EINVAL)
 * incoherent_errno	attach to a coherent domain of a device whose IOMMU cannot be; 0: not noticed (EINVAL)
 * refusal_drops	a device that is refused loses its translation, as with VT-d (Y)
 * attach_ms		how long an attach to a domain takes (0)
 * pose			"PREFIX DRIVER": names of the class devices start with PREFIX, and their parents' driver is
 *			called DRIVER, as those of a given IOMMU driver; "-" is the mock's own name
 *
 * IOMMU capabilities hold for domains made from then on.  Kernels differ in when a domain gets its IOMMU: at the
 * allocation if that names a device, otherwise with the first attach.
 *
 * Beside a real IOMMU it works where the kernel allows several drivers: up to v5.17 (on a bus of its own) and
 * since v6.2.  It cannot be unloaded, because old cores keep pointers to a driver for ever.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include "compat/bus.h"
#include "mock_iommu.h"

DEFINE_MUTEX(mock_lock);

static unsigned int iommus = 2;
module_param(iommus, uint, 0444);
MODULE_PARM_DESC(iommus, "number of IOMMUs");

static unsigned int singles = 4;
module_param(singles, uint, 0444);
MODULE_PARM_DESC(singles, "number of devices that are alone in their group");

static unsigned int groups[16];
static unsigned int nr_groups;
module_param_array(groups, uint, &nr_groups, 0444);
MODULE_PARM_DESC(groups, "sizes of the groups of several devices");

static bool ready;
module_param(ready, bool, 0444);
MODULE_PARM_DESC(ready, "everything was made");

static int __init mock_init(void)
{
	int ret;

	if (!iommus || iommus > MOCK_MAX_INSTANCES) {
		pr_err("iommus has to be between 1 and %d\n", MOCK_MAX_INSTANCES);
		return -EINVAL;
	}
	mock_policy_reset();
	ret = mock_instances_add(iommus);
	if (!ret)
		ret = mock_devices_add(singles, groups, nr_groups);
	if (!ret)
		mock_debugfs_add();
	else
		pr_err("the kernel refused an IOMMU or a device (%d); restart the guest\n", ret);
	ready = !ret;

	__module_get(THIS_MODULE);
	return 0;
}
module_init(mock_init);

MODULE_DESCRIPTION("IOMMUs in memory with devices for VFIO (test only)");
MODULE_LICENSE("GPL");
