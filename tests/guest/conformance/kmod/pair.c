// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach a device to a domain that really does not suit it, and see what the attach functions say.
 *
 * A domain that no device is attached to yet lets one ask for more than the device's IOMMU can do: it takes the
 * request, since nothing speaks against it, and the driver finds out at the attach.
 *
 * pair=plain	a domain that suits; with fail_attach= a driver that fails
 * pair=snoop	DMA is to snoop the caches always, and the IOMMU cannot force it
 * pair=width	an address is mapped that the IOMMU is too narrow for
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include <compat/iommu.h>
#include <iommu_emt/iommu_emt.h>

#include "conform.h"

static int raw = PAIR_NOT_MADE, emt = PAIR_NOT_MADE;
module_param(raw, int, 0444);
module_param(emt, int, 0444);

static struct device *dev;

struct pair {
	struct iommu_domain *domain;
	struct page *page;	/* mapped at iova, or NULL */
	unsigned long iova;
};

static bool demand_snooping(struct pair *pair)
{
#ifdef HAVE_ENFORCE_CACHE_COHERENCY
	return compat_enforce_cache_coherency(pair->domain, dev);
#else
	return false;
#endif
}

static bool demand_width(struct pair *pair)
{
	pair->iova = (pair->domain->geometry.aperture_end >> 1) & PAGE_MASK;
	pair->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!pair->page)
		return false;
	if (!compat_iommu_map(pair->domain, pair->iova, page_to_phys(pair->page), PAGE_SIZE, IOMMU_READ | IOMMU_CACHE))
		return true;
	__free_page(pair->page);
	pair->page = NULL;
	return false;
}

static bool demand(struct pair *pair, const char *kind)
{
	if (sysfs_streq(kind, "snoop"))
		return demand_snooping(pair);
	if (sysfs_streq(kind, "width"))
		return demand_width(pair);
	return sysfs_streq(kind, "plain");
}

/* Old cores leave a device that was refused without its former translation; a domain that suits takes it home. */
static void take_home(struct iommu_group *group)
{
	struct iommu_domain *scratch = compat_paging_domain_alloc(dev);

	if (IS_ERR(scratch))
		return;
	if (!iommu_attach_group(scratch, group))
		iommu_detach_group(scratch, group);
	iommu_domain_free(scratch);
}

static int try_pair(const char *kind, int (*attach)(struct iommu_domain *, struct iommu_group *))
{
	struct iommu_group *group = iommu_group_get(dev);
	struct pair pair = { .domain = compat_paging_domain_alloc(dev) };
	int ret = PAIR_NOT_MADE;

	if (!group || IS_ERR(pair.domain))
		goto put;
	if (demand(&pair, kind)) {
		watch_target(pair.domain);
		ret = attach(pair.domain, group);
		if (ret)
			take_home(group);
		else
			iommu_detach_group(pair.domain, group);
		watch_target(NULL);
	}
	if (pair.page) {
		iommu_unmap(pair.domain, pair.iova, PAGE_SIZE);
		__free_page(pair.page);
	}
	iommu_domain_free(pair.domain);
put:
	if (group)
		iommu_group_put(group);
	return ret;
}

static int set_pair(const char *kind, const struct kernel_param *kp)
{
	int (*attach)(struct iommu_domain *, struct iommu_group *) = symbol_get(iommu_emt_attach_group);

	raw = try_pair(kind, iommu_attach_group);
	emt = PAIR_NO_FUNCTION;
	if (attach) {
		emt = try_pair(kind, attach);
		symbol_put(iommu_emt_attach_group);
	}
	watch_relent();
	return 0;
}

static const struct kernel_param_ops pair_param = { .set = set_pair };
module_param_cb(pair, &pair_param, NULL, 0200);

void pair_start(struct device *device)
{
	dev = device;
}
