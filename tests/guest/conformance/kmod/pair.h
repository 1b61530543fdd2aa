/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain that really does not suit a device.
 *
 * A domain that no device is attached to yet lets one ask for more than the device's IOMMU can do: it takes the
 * request, since nothing speaks against it, and the driver finds out at the attach.
 *
 * plain	a domain that suits
 * snoop	DMA is to snoop the caches always, and the IOMMU cannot force it
 * width	an address is mapped that the IOMMU is too narrow for
 */
#ifndef NG_PAIR_H
#define NG_PAIR_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <compat/iommu.h>

/* In place of an errno. */
#define PAIR_NOT_MADE	1	/* this kernel or machine does not let one make such a pair */

struct pair {
	struct device *dev;
	struct iommu_domain *domain;
	struct page *page;	/* mapped at iova, or NULL */
	unsigned long iova;
};

static inline bool pair_demand_snooping(struct pair *pair)
{
#ifdef HAVE_ENFORCE_CACHE_COHERENCY
	struct iommu_group *group = iommu_group_get(pair->dev);
	bool demanded = compat_enforce_cache_coherency(pair->domain, group);

	iommu_group_put(group);
	return demanded;
#else
	return false;
#endif
}

static inline bool pair_demand_width(struct pair *pair)
{
	pair->iova = (pair->domain->geometry.aperture_end >> 1) & PAGE_MASK;
	pair->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!pair->page)
		return false;
	if (!compat_iommu_map(pair->domain, pair->iova, page_to_phys(pair->page), PAGE_SIZE,
			      IOMMU_READ | IOMMU_CACHE, GFP_KERNEL))
		return true;
	__free_page(pair->page);
	pair->page = NULL;
	return false;
}

static inline bool pair_demand(struct pair *pair, const char *kind)
{
	if (sysfs_streq(kind, "snoop"))
		return pair_demand_snooping(pair);
	if (sysfs_streq(kind, "width"))
		return pair_demand_width(pair);
	return sysfs_streq(kind, "plain");
}

static inline void pair_drop(struct pair *pair)
{
	if (pair->page) {
		iommu_unmap(pair->domain, pair->iova, PAGE_SIZE);
		__free_page(pair->page);
	}
	iommu_domain_free(pair->domain);
}

/* Returns 0 or PAIR_NOT_MADE. */
static inline int pair_make(struct pair *pair, struct device *dev, const char *kind)
{
	*pair = (struct pair){ .dev = dev, .domain = compat_paging_domain_alloc(dev) };
	if (IS_ERR(pair->domain))
		return PAIR_NOT_MADE;
	if (pair_demand(pair, kind))
		return 0;
	pair_drop(pair);
	return PAIR_NOT_MADE;
}

/* Old cores leave a device that was refused without its former translation; a domain that suits takes it home. */
static inline void pair_take_home(struct device *dev, struct iommu_group *group)
{
	struct iommu_domain *scratch = compat_paging_domain_alloc(dev);

	if (IS_ERR(scratch))
		return;
	if (!iommu_attach_group(scratch, group))
		iommu_detach_group(scratch, group);
	iommu_domain_free(scratch);
}

#endif
