// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver detaches a device from a domain by an operation, until "iommu: Remove detach_dev callbacks", v6.3, April 2023, took
 * that from every driver.
 */
#include <linux/iommu.h>

static void __used probe(struct iommu_domain *domain, struct device *dev)
{
	domain->ops->detach_dev(domain, dev);
}
