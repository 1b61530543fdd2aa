// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attach contract: see iommu_emt.h.
 *
 * What the core would refuse with an errno that looks like a driver's is settled before the stock call, so that every
 * errno that remains is judged by the rules of the driver that returned it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/module.h>

#include <compat/iommu.h>

#include "facts.h"
#include "group_view.h"
#include "identify.h"
#include "iommu_emt.h"
#include "judge.h"
#include "trace.h"

/**
 * settle_before_call() - answer what the driver need not be asked
 * @domain: the domain
 * @view: the group
 *
 * Return: 0 if only the driver can tell, else the final answer.
 */
static int settle_before_call(struct iommu_domain *domain, const struct emt_group_view *view)
{
	struct iommu_domain *current_domain;

	if (!view->dev || !compat_dev_iommu(view->dev))
		return -ENODEV;

	/* The core calls both -EBUSY too, but v5.10 attaches twice where it has no default domain. */
	current_domain = iommu_get_domain_for_dev(view->dev);
	if (current_domain == domain || compat_domain_is_taken(current_domain))
		return -EBUSY;

	return 0;
}

/**
 * take_home() - undo what a failed attach left behind
 * @view: the group
 *
 * Old cores stop at the first device that refuses: the devices before it are on the refused domain, and the refusing
 * one may have lost its former translation.  iommu_detach_group() takes a group that never arrived for one that is at
 * home, and does nothing.  Attaching the whole group to a scratch domain and detaching it again takes every device
 * home.  If that fails too, a device that is alone in its group has no translation until it is attached elsewhere, which
 * is safe; but of several, one may still be on the refused domain.
 *
 * Return: 0, or -ENOTRECOVERABLE if the refused domain may still be in use.
 */
static int take_home(const struct emt_group_view *view)
{
	struct iommu_domain *scratch;

	if (compat_core_undoes_failed_attach())
		return 0;

	scratch = compat_paging_domain_alloc(view->dev);
	if (IS_ERR(scratch))
		goto stranded;
	if (iommu_attach_group(scratch, view->group)) {
		iommu_domain_free(scratch);
		goto stranded;
	}
	iommu_detach_group(scratch, view->group);
	iommu_domain_free(scratch);
	return 0;

stranded:
	if (view->nr_devices == 1)
		return 0;
	pr_warn_ratelimited("group %d could not be taken back to its former domain after a failed attach; unbind its devices\n",
			    iommu_group_id(view->group));
	return -ENOTRECOVERABLE;
}

/* The stock call, and what its result means. */
static int attach_and_judge(struct iommu_domain *domain, const struct emt_group_view *view, int *raw)
{
	struct emt_facts facts;
	int final;

	emt_collect_facts(domain, view->dev, &facts);

	*raw = iommu_attach_group(domain, view->group);
	final = emt_final_errno(&facts, *raw);
	trace_iommu_emt_attach(iommu_group_id(view->group), emt_driver_name(facts.driver), *raw, final);

	if (*raw && take_home(view))
		*raw = final = -ENOTRECOVERABLE;
	return final;
}

/* As iommu_emt_attach_group(), for a group that was looked into. */
static int attach_view(struct iommu_domain *domain, const struct emt_group_view *view)
{
	int ret = settle_before_call(domain, view);
	int raw;

	if (ret)
		return ret;
	/* Old cores do not compare, and the driver would take the foreign domain for one of its own. */
	if (!compat_domain_fits_driver(domain, view->dev))
		return -EMEDIUMTYPE;
	return attach_and_judge(domain, view, &raw);
}

int iommu_emt_attach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	struct emt_group_view view;
	int ret;

	emt_group_view_get(group, &view);
	ret = attach_view(domain, &view);
	emt_group_view_put(&view);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_emt_attach_group);

int iommu_emt_attach_fresh(struct iommu_domain *domain, struct iommu_group *group)
{
	struct emt_group_view view;
	int raw;

	emt_group_view_get(group, &view);
	raw = settle_before_call(domain, &view);
	if (!raw)
		attach_and_judge(domain, &view, &raw);
	emt_group_view_put(&view);
	return raw;
}
EXPORT_SYMBOL_GPL(iommu_emt_attach_fresh);

int iommu_emt_attach_device(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct emt_group_view view;
	int ret;

	if (!group)
		return -ENODEV;

	emt_group_view_get(group, &view);
	/* The core calls a group of several devices -EINVAL, which would read as incompatible. */
	ret = view.nr_devices == 1 ? attach_view(domain, &view) : -EINVAL;
	emt_group_view_put(&view);
	iommu_group_put(group);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_emt_attach_device);
