/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A module that calls iommu_attach_group() and iommu_attach_device() itself and shows what they return.  For tests only;
 * ng_named and ng_unnamed are this, and differ in nothing but their name.
 *
 * device=BDF		the device to attach, given at load time
 * attach_group=KIND	attach its group to a domain of this kind, see conformance/kmod/pair.h
 * attach_device=KIND	attach the device
 * result		what that returned; the device is back where it was
 * hold=MS		hold the group's mutex for so long, or until a signal, so that attaches wait inside the core
 * crowd=N		attach the group to one plain domain from N threads at once
 * crowd_soft		how many of them got -EMEDIUMTYPE
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../conformance/kmod/pair.h"

static char *device;
module_param(device, charp, 0444);
static int result;
module_param(result, int, 0444);
static int crowd_soft;
module_param(crowd_soft, int, 0444);

static struct pci_dev *pdev;
static struct iommu_group *group;

/* No tail calls below: they would hide the caller. */
static noinline int call_attach_group(struct iommu_domain *domain)
{
	int ret = iommu_attach_group(domain, group);

	barrier();
	return ret;
}

static noinline int call_attach_device(struct iommu_domain *domain)
{
	int ret = iommu_attach_device(domain, &pdev->dev);

	barrier();
	return ret;
}

static int try_attach(const char *kind, int (*attach)(struct iommu_domain *domain))
{
	struct pair pair;

	result = pair_make(&pair, &pdev->dev, kind);
	if (result)
		return 0;
	result = attach(pair.domain);
	if (result)
		pair_take_home(&pdev->dev, group);
	else
		iommu_detach_group(pair.domain, group);
	pair_drop(&pair);
	return 0;
}

static int set_attach_group(const char *kind, const struct kernel_param *kp)
{
	return try_attach(kind, call_attach_group);
}

static int set_attach_device(const char *kind, const struct kernel_param *kp)
{
	return try_attach(kind, call_attach_device);
}

static int sleep_under_mutex(struct device *dev, void *ms)
{
	msleep_interruptible(*(unsigned int *)ms);
	return 1;
}

static int set_hold(const char *text, const struct kernel_param *kp)
{
	unsigned int ms;
	int ret = kstrtouint(text, 0, &ms);

	if (!ret)
		iommu_group_for_each_dev(group, &ms, sleep_under_mutex);
	return ret;
}

#define MAX_CROWD	128

/**
 * struct crowd - threads that attach at the same time
 * @domain: to which
 * @running: those that are not done
 * @all_done: when @running is 0
 * @threads: each returns what its attach did
 * @nr: how many
 */
struct crowd {
	struct iommu_domain *domain;
	atomic_t running;
	struct completion all_done;
	struct task_struct *threads[MAX_CROWD];
	unsigned int nr;
};

static void leave_crowd(struct crowd *crowd)
{
	if (atomic_dec_and_test(&crowd->running))
		complete(&crowd->all_done);
}

static int crowd_thread(void *data)
{
	struct crowd *crowd = data;
	int ret = call_attach_group(crowd->domain);

	if (!ret)
		iommu_detach_group(crowd->domain, group);
	leave_crowd(crowd);
	return ret;
}

/* Returns how many threads got -EMEDIUMTYPE. */
static int run_crowd(struct crowd *crowd, unsigned int nr)
{
	struct task_struct *thread;
	int soft = 0;

	/* One for us, so that nobody is the last before all have started. */
	atomic_set(&crowd->running, 1);
	init_completion(&crowd->all_done);
	while (crowd->nr < nr) {
		thread = kthread_create(crowd_thread, crowd, "ng_crowd");
		if (IS_ERR(thread))
			break;
		get_task_struct(thread);
		crowd->threads[crowd->nr++] = thread;
		atomic_inc(&crowd->running);
		wake_up_process(thread);
	}
	leave_crowd(crowd);
	wait_for_completion(&crowd->all_done);
	while (crowd->nr) {
		thread = crowd->threads[--crowd->nr];
		soft += kthread_stop(thread) == -EMEDIUMTYPE;
		put_task_struct(thread);
	}
	return soft;
}

static int set_crowd(const char *text, const struct kernel_param *kp)
{
	struct crowd *crowd;
	struct pair pair;
	unsigned int nr;
	int ret = kstrtouint(text, 0, &nr);

	if (ret || nr > MAX_CROWD)
		return ret ?: -EINVAL;
	crowd = kzalloc(sizeof(*crowd), GFP_KERNEL);
	if (!crowd)
		return -ENOMEM;
	if (pair_make(&pair, &pdev->dev, "plain")) {
		kfree(crowd);
		return -ENODEV;
	}
	crowd->domain = pair.domain;
	crowd_soft = run_crowd(crowd, nr);
	pair_take_home(&pdev->dev, group);
	pair_drop(&pair);
	kfree(crowd);
	return 0;
}

static const struct kernel_param_ops attach_group_param = { .set = set_attach_group };
module_param_cb(attach_group, &attach_group_param, NULL, 0200);
static const struct kernel_param_ops attach_device_param = { .set = set_attach_device };
module_param_cb(attach_device, &attach_device_param, NULL, 0200);
static const struct kernel_param_ops hold_param = { .set = set_hold };
module_param_cb(hold, &hold_param, NULL, 0200);
static const struct kernel_param_ops crowd_param = { .set = set_crowd };
module_param_cb(crowd, &crowd_param, NULL, 0200);

static int __init caller_init(void)
{
	unsigned int domain, bus, slot, function;

	if (!device || sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	group = iommu_group_get(&pdev->dev);
	if (!group) {
		pci_dev_put(pdev);
		return -ENODEV;
	}
	return 0;
}

static void __exit caller_exit(void)
{
	iommu_group_put(group);
	pci_dev_put(pdev);
}

module_init(caller_init);
module_exit(caller_exit);
MODULE_DESCRIPTION("Calls the attach functions of the IOMMU core (test only)");
MODULE_LICENSE("GPL");
