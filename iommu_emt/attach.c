// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract of iommu_emt.h. A refusal that is known in advance does not
 * reach the driver, which may log it or drop a translation. Errnos of the core
 * are handled before the rules, because they look like those of a driver.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include <compat/iommu.h>

#include "attach.h"
#include "facts.h"
#include "group_view.h"
#include "iommu_emt.h"
#include "judge.h"
#include "trace.h"
#include "unknown.h"

static struct iommu_domain *domain_of(struct iommu_group *group)
{
	struct device *dev = emt_first_device(group);
	struct iommu_domain *domain = dev ? iommu_get_domain_for_dev(dev) : NULL;

	put_device(dev);
	return domain;
}

/* On cores without DMA owners, also true for the domain of another owner. */
static bool is_attached(struct iommu_domain *domain, const struct emt_group_view *view)
{
	struct iommu_domain *current_domain = domain_of(view->group);

	return current_domain == domain || compat_domain_is_taken(current_domain);
}

/* @raw is the result of the core, 0 if it was not called. */
struct outcome {
	int raw;
	enum emt_verdict verdict;
	const char *name;
	int final;
};

/*
 * With a fresh domain, do not predict incompatibility: the errno of the driver
 * is reported. A foreign domain is the exception: old cores do not check it.
 */
static const struct emt_rule *find_unasked(const struct emt_facts *facts, bool fresh)
{
	const struct emt_rule *rule = emt_predict(facts);

	if (rule && fresh && rule->verdict != EMT_HARD && !(rule->evidence & EMT_FOREIGN_DOMAIN))
		return NULL;
	return rule;
}

static struct outcome answer_unasked(const struct emt_rule *rule, struct iommu_domain *domain,
				     const struct emt_group_view *view, bool fresh)
{
	const char *driver = emt_drivers[view->facts.driver].name;
	struct outcome outcome = { .verdict = rule->verdict, .name = "predicted" };

	if (is_attached(domain, view)) {
		outcome.final = -EBUSY;
	} else if (rule->verdict == EMT_HARD) {
		pr_warn_ratelimited("group %d cannot be attached to any domain: IOMMU driver %s: %s\n",
				    iommu_group_id(view->group), driver, rule->reason);
		outcome.final = -ENODEV;
	} else {
		/* As cores since v6.8 do for a foreign domain. */
		outcome.final = fresh ? -EINVAL : -EMEDIUMTYPE;
	}
	return outcome;
}

/* No former domain: attach and detach a temporary one to reset all devices. */
static int visit_scratch_domain(const struct emt_group_view *view, struct device *dev)
{
	struct iommu_domain *scratch = compat_paging_domain_alloc(dev);
	int ret;

	if (IS_ERR(scratch))
		return PTR_ERR(scratch);
	ret = iommu_attach_group(scratch, view->group);
	if (!ret)
		iommu_detach_group(scratch, view->group);
	/* After a failure, some of several devices may be on it: leak it. */
	if (!ret || view->nr_devices == 1)
		iommu_domain_free(scratch);
	return ret;
}

/*
 * Undo a failed attach on cores that stop at the first refused device. That one
 * may have lost its translation, and those before it stay on the refused
 * domain. The core's record of the group is unchanged, so iommu_detach_group()
 * does nothing. An attach to the former domain is harmless if it still holds.
 *
 * If that fails, a single device has no translation until its next attach,
 * which is safe. One of several devices may still be on the refused domain.
 */
static int take_home(const struct emt_group_view *view, int raw)
{
	struct iommu_domain *home;
	struct device *dev;
	int ret;

	if (compat_core_undoes_failed_attach())
		return 0;
	dev = emt_first_device(view->group);
	if (!dev)
		return 0;	/* no device is left to attach */
	/* Still the former domain, because the attach failed. */
	home = iommu_get_domain_for_dev(dev);
	ret = home ? iommu_attach_group(home, view->group) : visit_scratch_domain(view, dev);
	put_device(dev);
	if (!ret || view->nr_devices == 1)
		return 0;
	/* The core refuses an attached group before anything moves. */
	if (raw == -EBUSY && ret == -EBUSY && compat_core_refuses_attached_group())
		return 0;

	pr_warn_ratelimited("group %d could not be taken back to its former domain after a failed attach; unbind its devices\n",
			    iommu_group_id(view->group));
	return -ENOTRECOVERABLE;
}

static int final_errno(const struct outcome *outcome, bool fresh)
{
	return fresh ? outcome->raw : emt_final_errno(outcome->verdict, outcome->raw);
}

static struct outcome attach_and_judge(struct iommu_domain *domain,
				       const struct emt_group_view *view,
				       const struct emt_facts *facts, bool fresh)
{
	struct outcome outcome = { .verdict = EMT_HARD };

	outcome.raw = iommu_attach_group(domain, view->group);
	/* For an attached group the core returns -EBUSY without the driver. */
	if (outcome.raw && !(outcome.raw == -EBUSY && is_attached(domain, view)))
		outcome.verdict = emt_judge(facts, outcome.raw);
	outcome.name = emt_verdict_name(outcome.verdict, outcome.raw);
	outcome.final = final_errno(&outcome, fresh);
	if (outcome.raw && take_home(view, outcome.raw))
		outcome.final = -ENOTRECOVERABLE;
	return outcome;
}

/*
 * Serialize the first attaches of a domain: whether it is unused decides what
 * some errnos mean and whether some drivers may be called. A second check after
 * a failure is not enough: some drivers set the aperture and then fail.
 * Attaches to used domains, the common case, take no lock. Lock order: this,
 * then the group's mutex.
 */
#define FIRST_ATTACH_BITS	4

static struct mutex first_attach[1 << FIRST_ATTACH_BITS];

void emt_attach_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(first_attach); i++)
		mutex_init(&first_attach[i]);
}

/* Returns the mutex to unlock after the attach, or NULL. */
static struct mutex *wait_for_turn(const struct iommu_domain *domain, struct emt_facts *facts)
{
	struct mutex *turn = &first_attach[hash_ptr(domain, FIRST_ATTACH_BITS)];

	if (!(facts->evidence & EMT_DOMAIN_UNUSED))
		return NULL;
	mutex_lock(turn);
	emt_update_use(domain, facts);
	return turn;
}

static struct outcome attach(struct iommu_domain *domain, const struct emt_group_view *view,
			     struct emt_facts *facts, bool fresh)
{
	struct mutex *turn = wait_for_turn(domain, facts);
	const struct emt_rule *rule = find_unasked(facts, fresh);
	struct outcome outcome = rule ? answer_unasked(rule, domain, view, fresh)
				      : attach_and_judge(domain, view, facts, fresh);

	if (turn)
		mutex_unlock(turn);
	return outcome;
}

/* @view was filled for @domain; for @instance and @fresh see iommu_emt.h. */
static int attach_view(struct iommu_domain *domain, const struct emt_group_view *view,
		       const struct iommu_device *instance, bool fresh)
{
	struct emt_facts facts = view->facts;
	struct outcome outcome;

	if (!view->instance)
		return -ENODEV;
	if (!compat_core_refuses_attached_group() && is_attached(domain, view))
		return -EBUSY;

	emt_add_facts_of_groups(view->instance, instance, &facts);
	outcome = attach(domain, view, &facts, fresh);
	if (outcome.verdict == EMT_UNKNOWN)
		emt_unknown_count(view->group, facts.driver, outcome.raw);
	trace_iommu_emt_attach(iommu_group_id(view->group), emt_drivers[facts.driver].name,
			       outcome.raw, outcome.name, outcome.final);
	return outcome.final;
}

static int attach_group(struct iommu_domain *domain, struct iommu_group *group, const struct iommu_device *instance,
			bool fresh)
{
	struct emt_group_view view;

	emt_look_into_group(group, domain, &view);
	return attach_view(domain, &view, instance, fresh);
}

int iommu_emt_attach_group(struct iommu_domain *domain, struct iommu_group *group)
{
	return attach_group(domain, group, NULL, false);
}
EXPORT_SYMBOL_GPL(iommu_emt_attach_group);

int iommu_emt_join_group(struct iommu_domain *domain, struct iommu_group *group, const struct iommu_device *instance)
{
	return attach_group(domain, group, instance, false);
}
EXPORT_SYMBOL_GPL(iommu_emt_join_group);

int iommu_emt_attach_fresh(struct iommu_domain *domain, struct iommu_group *group)
{
	return attach_group(domain, group, NULL, true);
}
EXPORT_SYMBOL_GPL(iommu_emt_attach_fresh);

int iommu_emt_attach_device(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct emt_group_view view;
	int ret;

	if (!group)
		return -ENODEV;

	emt_look_into_group(group, domain, &view);
	/* The core's -EINVAL for several devices would look incompatible. */
	ret = view.nr_devices == 1 ? attach_view(domain, &view, NULL, false) : -EINVAL;
	iommu_group_put(group);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_emt_attach_device);
