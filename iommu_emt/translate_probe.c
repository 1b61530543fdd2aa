// SPDX-License-Identifier: GPL-2.0-only
/*
 * Return probes on the core's attach functions, for translate.c. They must not
 * sleep, so the contract is weaker than that of the exported functions:
 *
 * - A group cannot be looked into: see emt_collect_facts_of_domain().
 * - Refusals by the core, and those known in advance, look like the driver's.
 *   Where -EINVAL may be one of them, it counts as incompatible.
 * - Errnos without a rule are traced but not counted, which takes a mutex.
 * - A group that an old core left half attached is not restored.
 * - Attaches to one domain are not serialized. Evidence that it was unused
 *   counts only if it still holds after the call; a driver that fails after it
 *   has set the aperture counts as incompatible.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/kernel.h>

#include <compat/iommu.h>
#include <compat/kprobes.h>

#include "facts.h"
#include "identify.h"
#include "known_drivers.h"
#include "trace.h"
#include "translate.h"

/* Most of them wait for a group's mutex. Further calls count as missed. */
#define MAX_CALLS_UNDER_WAY	64

/*
 * @untouched: no driver was called, so keep the errno. @einval_is_soft: -EINVAL
 * may have a cause that the rules of the driver do not cover.
 */
struct attach_call {
	const struct iommu_domain *domain;
	struct emt_facts facts;
	int group_id;
	bool untouched;
	bool einval_is_soft;
};

static bool is_known_to_be_soft(const struct emt_facts *facts)
{
	const struct emt_rule *rule = emt_predict(facts);

	return rule && rule->verdict == EMT_INCOMPATIBLE;
}

static int enter_attach_group(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct iommu_domain *domain = (void *)compat_kernel_argument(regs, 0);
	struct iommu_group *group = (void *)compat_kernel_argument(regs, 1);
	struct attach_call *call = (void *)ri->data;

	*call = (struct attach_call){ .domain = domain, .group_id = iommu_group_id(group) };
	emt_collect_facts_of_domain(domain, emt_driver_of_domain(domain), &call->facts);
	/* With several drivers, the group may be behind another's IOMMU. */
	call->einval_is_soft = !emt_one_driver_known() || is_known_to_be_soft(&call->facts);
	return 0;
}

static int enter_attach_device(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct iommu_domain *domain = (void *)compat_kernel_argument(regs, 0);
	struct device *dev = (void *)compat_kernel_argument(regs, 1);
	struct attach_call *call = (void *)ri->data;
	struct iommu_domain *current_domain;
	struct iommu_group *group = iommu_group_get(dev);

	*call = (struct attach_call){
		.domain = domain,
		.group_id = group ? iommu_group_id(group) : -1,
	};
	if (!group || !compat_dev_iommu(dev)) {
		call->untouched = true;
	} else {
		current_domain = iommu_get_domain_for_dev(dev);
		call->untouched = current_domain == domain || compat_domain_is_taken(current_domain);
		emt_collect_facts(domain, dev, &call->facts);
		call->einval_is_soft = is_known_to_be_soft(&call->facts);
	}
	/* Never the last reference, whose release would sleep. */
	iommu_group_put(group);
	return 0;
}

static enum emt_verdict judge(struct attach_call *call, int raw)
{
	if (raw >= 0 || call->untouched)
		return EMT_HARD;
	emt_update_use(call->domain, &call->facts);
	if (raw == -EINVAL && call->einval_is_soft)
		return EMT_INCOMPATIBLE;
	return emt_judge(&call->facts, raw);
}

static int leave_attach(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct emt_caller *caller = emt_find_caller(compat_kretprobe_caller(ri, regs));
	struct attach_call *call = (void *)ri->data;
	int raw = regs_return_value(regs);
	enum emt_verdict verdict;
	int final;

	if (!caller)
		return 0;
	verdict = judge(call, raw);
	final = emt_final_errno(verdict, raw);
	if (final != raw) {
		regs_set_return_value(regs, final);
		atomic_long_inc(&caller->translated);
	}
	atomic_long_inc(&caller->calls);
	trace_iommu_emt_attach(call->group_id, emt_drivers[call->facts.driver].name, raw, emt_verdict_name(verdict, raw),
			       final);
	return 0;
}

static struct kretprobe group_probe = {
	.kp.symbol_name = "iommu_attach_group",
	.entry_handler = enter_attach_group,
	.handler = leave_attach,
	.data_size = sizeof(struct attach_call),
	.maxactive = MAX_CALLS_UNDER_WAY,
};

static struct kretprobe device_probe = {
	.kp.symbol_name = "iommu_attach_device",
	.entry_handler = enter_attach_device,
	.handler = leave_attach,
	.data_size = sizeof(struct attach_call),
	.maxactive = MAX_CALLS_UNDER_WAY,
};

static struct kretprobe *probes[] = { &group_probe, &device_probe };

int emt_probes_register(void)
{
	int ret;

	emt_known_drivers_start();
	ret = register_kretprobes(probes, ARRAY_SIZE(probes));
	if (ret)
		emt_known_drivers_stop();
	return ret;
}

/* Waits for running handlers. Pending attaches return the core's errno. */
void emt_probes_unregister(void)
{
	unregister_kretprobes(probes, ARRAY_SIZE(probes));
	emt_known_drivers_stop();
}

unsigned long emt_probes_missed(void)
{
	unsigned long missed = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		missed += probes[i]->nmissed + probes[i]->kp.nmissed;
	return missed;
}
