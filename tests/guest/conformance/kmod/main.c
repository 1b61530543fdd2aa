// SPDX-License-Identifier: GPL-2.0-only
/* ng_conform: load with device=0000:00:04.0, a device that is in no container; see conform.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pci.h>

#include <compat/iommu.h>

#include "conform.h"

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "address of a PCI device behind the IOMMU to look at");

static struct pci_dev *pdev;

static struct pci_dev *find_device(void)
{
	unsigned int domain, bus, slot, function;

	if (!device || sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
}

static int __init conform_init(void)
{
	struct iommu_domain *trial;
	int ret;

	pdev = find_device();
	if (!pdev || !compat_dev_iommu(&pdev->dev)) {
		pr_err("there is no device %s behind an IOMMU\n", device ?: "given");
		pci_dev_put(pdev);
		return -ENODEV;
	}
	trial = compat_paging_domain_alloc(&pdev->dev);
	if (IS_ERR(trial)) {
		pci_dev_put(pdev);
		return PTR_ERR(trial);
	}
	ret = watch_start(&pdev->dev, trial);
	iommu_domain_free(trial);
	if (ret) {
		pci_dev_put(pdev);
		return ret;
	}
	pair_start(&pdev->dev);
	return 0;
}

static void __exit conform_exit(void)
{
	watch_stop();
	pci_dev_put(pdev);
}

module_init(conform_init);
module_exit(conform_exit);
MODULE_DESCRIPTION("Show what a type1 backend asks of the IOMMU core and driver (test only)");
MODULE_LICENSE("GPL");
