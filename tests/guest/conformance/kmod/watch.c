// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watch attaches and lend the driver other answers; see conform.h.
 *
 * Each function is caught by a kprobe at its first instruction.  Where an answer is lent, the probe sends the caller
 * into a stub that returns it and the function never runs, so nothing is left to undo.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/ptrace.h>
#include <linux/stringify.h>

#include <compat/iommu.h>
#include <compat/kprobes.h>
#include <iommu_emt/iommu_emt.h>

#include "conform.h"

static struct iommu_domain *target;
static unsigned int offers, driver_attaches, target_attaches, failed, asked;
module_param(offers, uint, 0444);
module_param(driver_attaches, uint, 0444);
module_param(target_attaches, uint, 0444);
module_param(failed, uint, 0444);
module_param(asked, uint, 0444);

static int fail_attach, coherent = -1, device_coherent = -1;
module_param(fail_attach, int, 0644);
module_param(coherent, int, 0644);
module_param(device_coherent, int, 0644);

static bool has_question, kvm_trusts_device;
module_param(has_question, bool, 0444);
module_param(kvm_trusts_device, bool, 0444);

/* --- the target's other table --- */

#ifdef HAVE_DOMAIN_OPS_SPLIT
static struct iommu_domain_ops other_table;
#else
static struct iommu_ops other_table;
#endif
static typeof(((struct iommu_domain *)NULL)->ops) own_table;

static void give_own_ops(void)
{
	if (target && own_table)
		target->ops = own_table;
	own_table = NULL;
}

static int set_other_ops(const char *text, const struct kernel_param *kp)
{
	bool other;
	int ret = kstrtobool(text, &other);

	if (ret)
		return ret;
	if (!target)
		return -ENOENT;
	give_own_ops();
	if (other) {
		own_table = target->ops;
		memcpy(&other_table, own_table, sizeof(other_table));
		target->ops = &other_table;
	}
	return 0;
}

static const struct kernel_param_ops other_ops_param = { .set = set_other_ops };
module_param_cb(other_ops, &other_ops_param, NULL, 0200);

/* --- the target --- */

void watch_target(struct iommu_domain *domain)
{
	give_own_ops();
	target = domain;
	offers = 0;
	driver_attaches = 0;
	target_attaches = 0;
	failed = 0;
	asked = 0;
}

void watch_relent(void)
{
	fail_attach = 0;
}

static int set_watch(const char *text, const struct kernel_param *kp)
{
	watch_target(NULL);
	watch_relent();
	coherent = -1;
	device_coherent = -1;
	return 0;
}

static int get_target(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", !!target);
}

static const struct kernel_param_ops watch_param = { .set = set_watch };
module_param_cb(watch, &watch_param, NULL, 0200);
static const struct kernel_param_ops target_param = { .get = get_target };
module_param_cb(target, &target_param, NULL, 0444);

/* --- probes --- */

#define STUB(question)					\
static long question##_answer;				\
static noinline long question##_stub(void)		\
{							\
	return READ_ONCE(question##_answer);		\
}

STUB(attach)
STUB(coherent)
#ifdef HAVE_CAP_ENFORCE_CACHE_COHERENCY
STUB(device_coherent)
#endif

#define ANSWER(question, regs, value)					\
({									\
	WRITE_ONCE(question##_answer, (value));				\
	instruction_pointer_set((regs), (unsigned long)question##_stub); \
	1;								\
})

/* iommu_attach_group(domain, group) and all that do the same. */
static int enter_attach(struct kprobe *probe, struct pt_regs *regs)
{
	struct iommu_domain *domain = (void *)compat_kernel_argument(regs, 0);

	if (!target) {
		target = domain;
	} else if (domain == target) {
		offers++;
		give_own_ops();
	}
	return 0;
}

/* attach_dev(domain, dev, ...) of the driver. */
static int enter_driver_attach(struct kprobe *probe, struct pt_regs *regs)
{
	driver_attaches++;
	if (!target || (void *)compat_kernel_argument(regs, 0) != target)
		return 0;
	target_attaches++;
	if (!fail_attach)
		return 0;
	failed++;
	return ANSWER(attach, regs, -fail_attach);
}

/* enforce_cache_coherency(domain), or capable(cap) where that is how one asks. */
static int enter_coherent(struct kprobe *probe, struct pt_regs *regs)
{
#ifndef HAVE_ENFORCE_CACHE_COHERENCY
	if (compat_kernel_argument(regs, 0) != IOMMU_CAP_CACHE_COHERENCY)
		return 0;
#endif
	asked++;
	return coherent < 0 ? 0 : ANSWER(coherent, regs, coherent);
}

static int enter_device_coherent(struct kprobe *probe, struct pt_regs *regs)
{
#ifdef HAVE_CAP_ENFORCE_CACHE_COHERENCY
	if (device_coherent >= 0 && compat_kernel_argument(regs, 1) == IOMMU_CAP_ENFORCE_CACHE_COHERENCY)
		return ANSWER(device_coherent, regs, device_coherent);
#endif
	return 0;
}

#define MAX_PROBES	8

static struct kprobe probes[MAX_PROBES];
static unsigned int nr_probes;

static int add_probe(struct kprobe probe)
{
	int ret;

	if (WARN_ON(nr_probes == MAX_PROBES))
		return -ENOSPC;
	probes[nr_probes] = probe;
	ret = register_kprobe(&probes[nr_probes]);
	if (!ret)
		nr_probes++;
	return ret;
}

/* What a backend may attach with.  Not every kernel has all of them, and iommu_emt need not be loaded. */
static int watch_attach_functions(void)
{
	static const char *const names[] = {
		"iommu_attach_group", "iommu_attach_device",
		__stringify(iommu_emt_attach_group), __stringify(iommu_emt_join_group),
		__stringify(iommu_emt_attach_device),
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ret = add_probe((struct kprobe){ .symbol_name = names[i], .pre_handler = enter_attach });
		if (ret && (i == 0 || ret != -ENOENT)) {
			pr_err("%s cannot be watched: %d\n", names[i], ret);
			return ret;
		}
	}
	return 0;
}

/* How the driver is asked for coherent DMA; NULL where it cannot be. */
static void *coherency_question(const struct iommu_domain *domain)
{
#ifdef HAVE_ENFORCE_CACHE_COHERENCY
	return domain->ops->enforce_cache_coherency;
#else
	return domain->ops->capable;
#endif
}

static int watch_driver(struct device *dev, const struct iommu_domain *domain)
{
	void *question = coherency_question(domain);
	int ret;

	ret = add_probe((struct kprobe){ .addr = (void *)domain->ops->attach_dev, .pre_handler = enter_driver_attach });
	if (ret) {
		pr_err("the driver's attach cannot be watched: %d\n", ret);
		return ret;
	}
	/* Without these two the module is of use all the same. */
	has_question = question && !add_probe((struct kprobe){ .addr = question, .pre_handler = enter_coherent });
	if (compat_kvm_trusts_device_coherency() && compat_dev_iommu(dev)->ops->capable)
		kvm_trusts_device = !add_probe((struct kprobe){
			.addr = (void *)compat_dev_iommu(dev)->ops->capable, .pre_handler = enter_device_coherent });
	return 0;
}

int watch_start(struct device *dev, const struct iommu_domain *domain)
{
	int ret = watch_attach_functions();

	if (!ret)
		ret = watch_driver(dev, domain);
	if (ret)
		watch_stop();
	return ret;
}

void watch_stop(void)
{
	while (nr_probes)
		unregister_kprobe(&probes[--nr_probes]);
	give_own_ops();
}
