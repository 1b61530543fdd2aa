// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attach contract: see iommu_emt.h.
 *
 * What is known to be refused is not asked, because drivers may log the question or drop a translation over it.  What the
 * core refuses with an errno that looks like a driver's is told from that.  Every errno that remains is judged by the rules
 * of the driver that returned it.
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

/* The domain that the group is attached to as a whole, or NULL. */
static struct iommu_domain *domain_of(struct iommu_group *group)
{
	struct device *dev = emt_first_device(group);
	struct iommu_domain *domain = dev ? iommu_get_domain_for_dev(dev) : NULL;

	put_device(dev);
	return domain;
}

/* Is the group attached already, to this domain or, as far as can be told, to another owner's? */
static bool is_attached(struct iommu_domain *domain, const struct emt_group_view *view)
{
	struct iommu_domain *current_domain = domain_of(view->group);

	return current_domain == domain || compat_domain_is_taken(current_domain);
}

/**
 * struct outcome - what became of an attach
 * @raw: what the core said, 0 also if it was not asked
 * @verdict: what that means
 * @name: the verdict's name
 * @final: what the caller is told
 */
struct outcome {
	int raw;
	enum emt_verdict verdict;
	const char *name;
	int final;
};

/*
 * The rule that holds before the driver is asked, or NULL.  With nothing left to try, the driver is
 * to say why.
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
		/* To another driver's domain every core since v6.8 says so itself. */
		outcome.final = fresh ? -EINVAL : -EMEDIUMTYPE;
	}
	return outcome;
}

/*
 * Attaches all devices of a group, and detaches it, by which the core sends them where they
 * belong.  For groups that have no domain at home.
 */
static int visit_scratch_domain(const struct emt_group_view *view, struct device *dev)
{
	struct iommu_domain *scratch = compat_paging_domain_alloc(dev);
	int ret;

	if (IS_ERR(scratch))
		return PTR_ERR(scratch);
	ret = iommu_attach_group(scratch, view->group);
	if (!ret)
		iommu_detach_group(scratch, view->group);
	/* Of several devices, some may be on it still. */
	if (!ret || view->nr_devices == 1)
		iommu_domain_free(scratch);
	return ret;
}

/**
 * take_home() - undo what a failed attach left behind
 * @view: the group
 * @raw: what the attach returned
 *
 * Not every core does that: some stop at the first device that refuses, which may have lost its
 * former translation, and leave those before it on the refused domain.  Nothing shows it: to the
 * core the group is at home all the while, which is why iommu_detach_group() would not do.  So the
 * group is attached to its home, which is right where it is there already, too.  If that fails, a
 * device that is alone in its group has no translation until it is attached elsewhere, which is
 * safe; but of several, one may still be on the refused domain.
 *
 * Return: 0, or -ENOTRECOVERABLE if the refused domain may still be in use.
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
		return 0;	/* nothing is left that could be attached */
	/* As a whole, to such a core, it has not moved. */
	home = iommu_get_domain_for_dev(dev);
	ret = home ? iommu_attach_group(home, view->group) : visit_scratch_domain(view, dev);
	put_device(dev);
	if (!ret || view->nr_devices == 1)
		return 0;
	/* To the core a group that its owner has attached is -EBUSY with any domain; it moves nothing. */
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

/* The stock call, and what its result means. */
static struct outcome attach_and_judge(struct iommu_domain *domain,
				       const struct emt_group_view *view,
				       const struct emt_facts *facts, bool fresh)
{
	struct outcome outcome = { .verdict = EMT_HARD };

	outcome.raw = iommu_attach_group(domain, view->group);
	/* The core calls a group that is attached already -EBUSY, without asking the driver. */
	if (outcome.raw && !(outcome.raw == -EBUSY && is_attached(domain, view)))
		outcome.verdict = emt_judge(facts, outcome.raw);
	outcome.name = emt_verdict_name(outcome.verdict, outcome.raw);
	outcome.final = final_errno(&outcome, fresh);
	if (outcome.raw && take_home(view, outcome.raw))
		outcome.final = -ENOTRECOVERABLE;
	return outcome;
}

/*
 * That a domain is unused settles what some errnos mean, and whether some drivers may be asked at
 * all.  It stops being true when another group is attached first, so the first attaches of a domain
 * take turns.  Looking again after a failure would not do: some drivers put the aperture in force
 * and then fail.  Domains that are used already, which is what most attaches are to, need no turns.
 */
#define FIRST_ATTACH_BITS	4

static struct mutex first_attach[1 << FIRST_ATTACH_BITS];

void emt_attach_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(first_attach); i++)
		mutex_init(&first_attach[i]);
}

/*
 * Returns what has to be unlocked after the attach, or NULL; evidence of the domain's use is valid
 * until then.
 */
static struct mutex *wait_for_turn(const struct iommu_domain *domain, struct emt_facts *facts)
{
	struct mutex *turn = &first_attach[hash_ptr(domain, FIRST_ATTACH_BITS)];

	if (!(facts->evidence & EMT_DOMAIN_UNUSED))
		return NULL;
	mutex_lock(turn);
	emt_update_use(domain, facts);
	return turn;
}

/* Asks the rules, and then the driver if they leave it open. */
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

/**
 * attach_view() - attach a group that was looked into
 * @domain: the domain
 * @view: the group, looked into for @domain
 * @instance: as for iommu_emt_join_group()
 * @fresh: nothing is left to try if this domain is refused, so say what the driver says
 *
 * Return: as iommu_emt_join_group(), or if @fresh as iommu_emt_attach_fresh().
 */
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
		emt_unknown_count(view->instance, facts.driver, outcome.raw);
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
	/* The core calls a group of several devices -EINVAL, which would read as incompatible. */
	ret = view.nr_devices == 1 ? attach_view(domain, &view, NULL, false) : -EINVAL;
	iommu_group_put(group);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_emt_attach_device);
