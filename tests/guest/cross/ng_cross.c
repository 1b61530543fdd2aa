// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_cross: offer one device's domain to another device, as a user of iommu_emt would.  For tests only.
 *
 *	echo "0000:21:00.0 0000:61:00.0" >/sys/module/ng_cross/parameters/try
 *
 * A domain is made for the first device and its group attached; then the second device's group is offered the domain,
 * by each of the functions below in turn.  Both devices have to be alone in their groups and in no container.
 *
 * raw		what iommu_attach_group() said
 * emt_group	iommu_emt_attach_group()
 * emt_device	iommu_emt_attach_device()
 * emt_fresh	iommu_emt_attach_fresh(), with a domain for the first device that nothing was attached to
 * at_home	after each refusal by iommu_emt the second group was in the domain it came from, and could be attached to
 *		one of its own
 * first_stays	the first group was in its domain all the time
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>

#include <compat/iommu.h>
#include <iommu_emt/iommu_emt.h>

static int raw, emt_group, emt_device, emt_fresh;
static bool at_home, first_stays;
module_param(raw, int, 0444);
module_param(emt_group, int, 0444);
module_param(emt_device, int, 0444);
module_param(emt_fresh, int, 0444);
module_param(at_home, bool, 0444);
module_param(first_stays, bool, 0444);

struct side {
	struct pci_dev *pdev;
	struct device *dev;
	struct iommu_group *group;
};

static int side_get(struct side *side, const char *address)
{
	unsigned int domain, bus, slot, function;

	if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	side->pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!side->pdev)
		return -ENODEV;
	side->dev = &side->pdev->dev;
	side->group = iommu_group_get(side->dev);
	return side->group ? 0 : -ENODEV;
}

static void side_put(struct side *side)
{
	iommu_group_put(side->group);
	pci_dev_put(side->pdev);
}

/* Does the side still take a domain of its own?  Old cores leave a device that was refused without any. */
static bool can_be_attached(const struct side *side)
{
	struct iommu_domain *own = compat_paging_domain_alloc(side->dev);
	bool can;

	if (IS_ERR(own))
		return false;
	can = !iommu_attach_group(own, side->group);
	if (can)
		iommu_detach_group(own, side->group);
	iommu_domain_free(own);
	return can;
}

static int attach_device(struct iommu_domain *domain, struct iommu_group *group, struct device *dev)
{
	return iommu_emt_attach_device(domain, dev);
}

static int attach_group(struct iommu_domain *domain, struct iommu_group *group, struct device *dev)
{
	return iommu_emt_attach_group(domain, group);
}

static int attach_fresh(struct iommu_domain *domain, struct iommu_group *group, struct device *dev)
{
	return iommu_emt_attach_fresh(domain, group);
}

static int attach_raw(struct iommu_domain *domain, struct iommu_group *group, struct device *dev)
{
	return iommu_attach_group(domain, group);
}

/* Offer @domain to @second and take it back; sets *@home to false unless a refused group is where it was. */
static int offer(struct iommu_domain *domain, const struct side *second, bool *home,
		 int (*attach)(struct iommu_domain *, struct iommu_group *, struct device *))
{
	struct iommu_domain *before = iommu_get_domain_for_dev(second->dev);
	int ret = attach(domain, second->group, second->dev);

	if (!ret)
		iommu_detach_group(domain, second->group);
	else if (iommu_get_domain_for_dev(second->dev) != before)
		*home = false;
	if (!can_be_attached(second))
		*home = false;
	return ret;
}

static void cross(struct iommu_domain *domain, const struct side *first, const struct side *second)
{
	bool dont_care;

	at_home = true;
	first_stays = true;
	raw = offer(domain, second, &dont_care, attach_raw);
	emt_group = offer(domain, second, &at_home, attach_group);
	emt_device = offer(domain, second, &at_home, attach_device);
	if (iommu_get_domain_for_dev(first->dev) != domain)
		first_stays = false;
}

static int cross_used(const struct side *first, const struct side *second)
{
	struct iommu_domain *domain = compat_paging_domain_alloc(first->dev);
	int ret;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	ret = iommu_emt_attach_fresh(domain, first->group);
	if (!ret) {
		cross(domain, first, second);
		iommu_detach_group(domain, first->group);
	}
	iommu_domain_free(domain);
	return ret;
}

static int cross_fresh(const struct side *first, const struct side *second)
{
	struct iommu_domain *domain = compat_paging_domain_alloc(first->dev);

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	emt_fresh = offer(domain, second, &at_home, attach_fresh);
	iommu_domain_free(domain);
	return 0;
}

static int try_pair(const char *addresses, const struct kernel_param *kp)
{
	struct side first = {}, second = {};
	const char *next = strchr(addresses, ' ');
	int ret;

	if (!next)
		return -EINVAL;
	ret = side_get(&first, addresses);
	if (!ret)
		ret = side_get(&second, next + 1);
	if (!ret)
		ret = cross_used(&first, &second);
	if (!ret)
		ret = cross_fresh(&first, &second);
	side_put(&second);
	side_put(&first);
	return ret;
}

static const struct kernel_param_ops try_ops = { .set = try_pair };
module_param_cb(try, &try_ops, NULL, 0200);

MODULE_DESCRIPTION("Offer one device's domain to another device (test only)");
MODULE_LICENSE("GPL");
