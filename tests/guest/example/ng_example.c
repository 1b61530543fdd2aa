// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a module uses iommu_emt; docs/using-iommu_emt.md explains it, with pieces of this file.
 *
 * attach=BDF	attach the group of this device to a domain that it suits, each written BDF one more
 * nr_domains	how many domains that took
 */
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include <compat/iommu.h>
#include <iommu_emt/iommu_emt.h>

#ifndef HAVE_IOMMU_PAGING_DOMAIN_ALLOC
#define iommu_paging_domain_alloc compat_paging_domain_alloc
#endif

struct example_domain {
	struct list_head next;
	struct iommu_domain *domain;
	bool stranded;		/* a group may still be in it that should not */
};

struct example_group {
	struct list_head next;
	struct iommu_group *group;
	struct pci_dev *pdev;
	struct example_domain *joined;
};

static DEFINE_MUTEX(lock);	/* of both lists */
static LIST_HEAD(domains);
static LIST_HEAD(groups);

static unsigned int nr_domains;
module_param(nr_domains, uint, 0444);

static void example_free_domain(struct example_domain *d)
{
	/* Leaked rather than freed under a device that may still use it. */
	if (!d->stranded)
		iommu_domain_free(d->domain);
	kfree(d);
}

/* A new domain for @group, of which @dev is a device. */
static struct example_domain *example_new_domain(struct iommu_group *group, struct device *dev)
{
	struct example_domain *d = kzalloc(sizeof(*d), GFP_KERNEL);
	int ret;

	if (!d)
		return ERR_PTR(-ENOMEM);
	d->domain = iommu_paging_domain_alloc(dev);
	if (IS_ERR(d->domain)) {
		ret = PTR_ERR(d->domain);
		kfree(d);
		return ERR_PTR(ret);
	}
	ret = iommu_emt_attach_fresh(d->domain, group);
	if (!ret)
		return d;
	d->stranded = ret == -ENOTRECOVERABLE;
	example_free_domain(d);
	return ERR_PTR(ret);
}

/* Attach @group to the first domain that it suits.  Returns that domain, or an ERR_PTR() with the true reason. */
static struct example_domain *example_join(struct iommu_group *group, struct device *dev)
{
	struct example_domain *d;
	int ret;

	list_for_each_entry(d, &domains, next) {
		ret = iommu_emt_attach_group(d->domain, group);
		if (!ret)
			return d;
		if (ret == -ENOTRECOVERABLE)
			d->stranded = true;
		if (ret != -EMEDIUMTYPE)
			return ERR_PTR(ret);
	}

	d = example_new_domain(group, dev);
	if (!IS_ERR(d)) {
		list_add_tail(&d->next, &domains);
		nr_domains++;
	}
	return d;
}

static int example_claim(struct iommu_group *group)
{
#ifdef HAVE_IOMMU_GROUP_CLAIM_DMA_OWNER
	return iommu_group_claim_dma_owner(group, &groups);
#else
	return 0;
#endif
}

static void example_release(struct iommu_group *group)
{
#ifdef HAVE_IOMMU_GROUP_CLAIM_DMA_OWNER
	iommu_group_release_dma_owner(group);
#endif
}

/* The device stays bound to its driver, which does no DMA of its own, while this module has its group. */
static int example_add(struct pci_dev *pdev)
{
	struct example_group *g = kzalloc(sizeof(*g), GFP_KERNEL);
	int ret = -ENODEV;

	if (!g)
		return -ENOMEM;
	g->pdev = pdev;
	g->group = iommu_group_get(&pdev->dev);
	if (!g->group)
		goto free;
	ret = example_claim(g->group);
	if (ret)
		goto put;

	mutex_lock(&lock);
	g->joined = example_join(g->group, &pdev->dev);
	ret = PTR_ERR_OR_ZERO(g->joined);
	if (!ret)
		list_add_tail(&g->next, &groups);
	mutex_unlock(&lock);
	if (!ret)
		return 0;

	example_release(g->group);
put:
	iommu_group_put(g->group);
free:
	kfree(g);
	return ret;
}

static int set_attach(const char *text, const struct kernel_param *kp)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;
	int ret;

	if (sscanf(text, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	ret = example_add(pdev);
	if (ret)
		pci_dev_put(pdev);
	return ret;
}

static const struct kernel_param_ops attach_param = { .set = set_attach };
module_param_cb(attach, &attach_param, NULL, 0200);

static int __init example_init(void)
{
	return 0;
}

static void __exit example_exit(void)
{
	struct example_group *g, *next_group;
	struct example_domain *d, *next_domain;

	list_for_each_entry_safe(g, next_group, &groups, next) {
		iommu_detach_group(g->joined->domain, g->group);
		example_release(g->group);
		iommu_group_put(g->group);
		pci_dev_put(g->pdev);
		kfree(g);
	}
	list_for_each_entry_safe(d, next_domain, &domains, next)
		example_free_domain(d);
}

module_init(example_init);
module_exit(example_exit);
MODULE_DESCRIPTION("Example of a module that uses iommu_emt (test only)");
MODULE_LICENSE("GPL");
