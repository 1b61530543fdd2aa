/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The least type1 backend that the conformance suite can look at, to see whether the suite believes what it should not.
 * For tests only: it knows one mapping, and trusts its user.
 *
 * Whoever includes this defines join(), which puts a group into the domain that exists.  What join() does with errors, and
 * whether it does anything, is what the backends in the directories below differ in.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <compat/iommu.h>
#include <compat/vfio.h>

#define FAKE_MAX_PAGES	16

struct fake_group {
	struct list_head next;
	struct iommu_group *iommu_group;
	struct iommu_domain *domain;	/* NULL: attached to nothing */
	bool owns_domain;
};

struct fake_container {
	struct mutex lock;		/* of all below */
	struct list_head groups;
	struct page *pages[FAKE_MAX_PAGES];
	int nr_pages;
	u64 iova;
};

static int join(struct iommu_domain *domain, struct iommu_group *iommu_group, bool *attached);

static struct device *fake_device;

static int fake_see_device(struct device *dev, void *data)
{
	fake_device = dev;
	return 0;
}

/* Maps what the container has mapped into one domain. */
static void fake_replay(struct fake_container *ct, struct iommu_domain *domain)
{
	int i;

	for (i = 0; i < ct->nr_pages; i++)
		if (compat_iommu_map(domain, ct->iova + i * PAGE_SIZE, page_to_phys(ct->pages[i]), PAGE_SIZE,
				     IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, GFP_KERNEL))
			pr_err("a page is not mapped\n");
}

static int fake_new_domain(struct fake_container *ct, struct fake_group *group)
{
	int ret;

	group->domain = compat_paging_domain_alloc(fake_device);
	if (IS_ERR(group->domain))
		return PTR_ERR(group->domain);
	ret = iommu_attach_group(group->domain, group->iommu_group);
	if (ret) {
		iommu_domain_free(group->domain);
		return ret;
	}
	group->owns_domain = true;
	compat_enforce_cache_coherency(group->domain, group->iommu_group);
	fake_replay(ct, group->domain);
	return 0;
}

static int fake_attach(void *data, struct iommu_group *iommu_group, bool emulated)
{
	struct fake_container *ct = data;
	struct fake_group *group = kzalloc(sizeof(*group), GFP_KERNEL), *other;
	int ret = -EMEDIUMTYPE;
	bool attached = false;

	if (!group)
		return -ENOMEM;
	group->iommu_group = iommu_group;
	mutex_lock(&ct->lock);
	iommu_group_for_each_dev(iommu_group, NULL, fake_see_device);
	list_for_each_entry(other, &ct->groups, next) {
		if (!other->owns_domain)
			continue;
		ret = join(other->domain, iommu_group, &attached);
		if (attached)
			group->domain = other->domain;
		if (ret != -EMEDIUMTYPE)
			break;
	}
	if (ret == -EMEDIUMTYPE)
		ret = fake_new_domain(ct, group);
	if (ret)
		kfree(group);
	else
		list_add_tail(&group->next, &ct->groups);
	mutex_unlock(&ct->lock);
	return ret;
}

COMPAT_VFIO_ATTACH_OP(fake_attach_op, fake_attach)

/* Domains are freed with the container, so that it does not matter which group leaves first. */
static void fake_detach(void *data, struct iommu_group *iommu_group)
{
	struct fake_container *ct = data;
	struct fake_group *group;

	mutex_lock(&ct->lock);
	list_for_each_entry(group, &ct->groups, next) {
		if (group->iommu_group != iommu_group)
			continue;
		if (group->domain)
			iommu_detach_group(group->domain, iommu_group);
		group->iommu_group = NULL;
	}
	mutex_unlock(&ct->lock);
}

static long fake_map(struct fake_container *ct, const struct vfio_iommu_type1_dma_map *map)
{
	struct fake_group *group;
	int nr;

	if (ct->nr_pages || map->size > FAKE_MAX_PAGES * PAGE_SIZE)
		return -ENOSPC;
	nr = pin_user_pages_fast(map->vaddr, map->size >> PAGE_SHIFT, FOLL_WRITE | FOLL_LONGTERM, ct->pages);
	if (nr < 0)
		return nr;
	ct->nr_pages = nr;
	ct->iova = map->iova;
	list_for_each_entry(group, &ct->groups, next)
		if (group->owns_domain)
			fake_replay(ct, group->domain);
	return 0;
}

static long fake_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	struct vfio_iommu_type1_dma_map map;
	struct fake_container *ct = data;
	long ret;

	switch (cmd) {
	case VFIO_CHECK_EXTENSION:
		return arg == VFIO_TYPE1_IOMMU || arg == VFIO_TYPE1v2_IOMMU;
	case VFIO_IOMMU_MAP_DMA:
		if (copy_from_user(&map, (void __user *)arg, sizeof(map)))
			return -EFAULT;
		mutex_lock(&ct->lock);
		ret = fake_map(ct, &map);
		mutex_unlock(&ct->lock);
		return ret;
	}
	return -ENOTTY;
}

static void *fake_open(unsigned long type)
{
	struct fake_container *ct = kzalloc(sizeof(*ct), GFP_KERNEL);

	if (!ct)
		return ERR_PTR(-ENOMEM);
	mutex_init(&ct->lock);
	INIT_LIST_HEAD(&ct->groups);
	return ct;
}

static void fake_release(void *data)
{
	struct fake_container *ct = data;
	struct fake_group *group, *next;

	list_for_each_entry_safe(group, next, &ct->groups, next) {
		if (group->owns_domain) {
			iommu_unmap(group->domain, ct->iova, ct->nr_pages * PAGE_SIZE);
			iommu_domain_free(group->domain);
		}
		kfree(group);
	}
	unpin_user_pages(ct->pages, ct->nr_pages);
	kfree(ct);
}

static const struct vfio_iommu_driver_ops fake_ops = {
	.name		= "vfio-type1-fake",
	.owner		= THIS_MODULE,
	.open		= fake_open,
	.release	= fake_release,
	.ioctl		= fake_ioctl,
	.attach_group	= fake_attach_op,
	.detach_group	= fake_detach,
};

static int __init fake_init(void)
{
	return vfio_register_iommu_driver(&fake_ops);
}

static void __exit fake_exit(void)
{
	vfio_unregister_iommu_driver(&fake_ops);
}

module_init(fake_init);
module_exit(fake_exit);
MODULE_DESCRIPTION("Stand-in for a type1 backend (test only)");
MODULE_LICENSE("GPL");
