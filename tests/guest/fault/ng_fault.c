// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_fault: make chosen calls of kernel functions fail. For tests only.
 *
 *	insmod ng_fault.ko func=iommu_attach_group nth=2 count=1 err=-12
 *
 * lets the first call of iommu_attach_group() through and makes the second
 * return -ENOMEM without running. Up to four functions at once: give lists.
 * "err" is what the caller gets as the return value: -errno, which is at the
 * same time ERR_PTR(-errno), or 0, which is NULL.
 *
 * With unplug=0000:00:05.0 that PCI device goes before such a call returns, as
 * if it was pulled out at that moment.
 *
 * A kprobe at the first instruction sends the caller into a stub that returns.
 * The real function never runs, so nothing is left to undo; a kretprobe would
 * let it run first. No kernel option beyond KPROBES is needed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/ptrace.h>

#define NG_FAULT_MAX	4

static char *func[NG_FAULT_MAX];
static unsigned int nr_funcs;
module_param_array(func, charp, &nr_funcs, 0444);
MODULE_PARM_DESC(func, "functions that fail");

static unsigned int nth[NG_FAULT_MAX] = { 1, 1, 1, 1 };
module_param_array(nth, uint, NULL, 0444);
MODULE_PARM_DESC(nth, "first call that fails, counted from 1");

static unsigned int count[NG_FAULT_MAX] = { 1, 1, 1, 1 };
module_param_array(count, uint, NULL, 0444);
MODULE_PARM_DESC(count, "how many calls fail");

static int err[NG_FAULT_MAX];
module_param_array(err, int, NULL, 0444);
MODULE_PARM_DESC(err, "what a failing call returns");

static unsigned int hits[NG_FAULT_MAX];
module_param_array(hits, uint, NULL, 0444);
MODULE_PARM_DESC(hits, "calls made to fail so far");

static char *unplug;
module_param(unplug, charp, 0444);
MODULE_PARM_DESC(unplug, "PCI device that goes while a call fails");

static atomic_t calls[NG_FAULT_MAX];

static void ng_fault_unplug(void)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;

	if (!unplug || sscanf(unplug, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (pdev)
		pci_stop_and_remove_bus_device_locked(pdev);
	pci_dev_put(pdev);
}

/* The caller returns through one of these, so it sees err[] whatever the type it expects. */
#define NG_FAULT_STUB(n)				\
static noinline long ng_fault_stub_##n(void)		\
{							\
	ng_fault_unplug();				\
	return READ_ONCE(err[n]);			\
}

NG_FAULT_STUB(0)
NG_FAULT_STUB(1)
NG_FAULT_STUB(2)
NG_FAULT_STUB(3)

static long (*const stubs[NG_FAULT_MAX])(void) = {
	ng_fault_stub_0, ng_fault_stub_1, ng_fault_stub_2, ng_fault_stub_3,
};

static int ng_fault_enter(struct kprobe *p, struct pt_regs *regs);

static struct kprobe probes[NG_FAULT_MAX] = {
	[0 ... NG_FAULT_MAX - 1] = { .pre_handler = ng_fault_enter },
};

static int ng_fault_enter(struct kprobe *p, struct pt_regs *regs)
{
	unsigned int i = p - probes;
	unsigned int call = atomic_inc_return(&calls[i]);

	if (call < nth[i] || call - nth[i] >= count[i])
		return 0;

	WRITE_ONCE(hits[i], hits[i] + 1);
	instruction_pointer_set(regs, (unsigned long)stubs[i]);
	return 1;
}

static void ng_fault_remove(unsigned int n)
{
	while (n--)
		unregister_kprobe(&probes[n]);
}

static int __init ng_fault_init(void)
{
	unsigned int i;
	int ret;

	if (!nr_funcs) {
		pr_err("no function given\n");
		return -EINVAL;
	}
	for (i = 0; i < nr_funcs; i++) {
		probes[i].symbol_name = func[i];
		ret = register_kprobe(&probes[i]);
		if (ret) {
			pr_err("%s cannot be probed: %d\n", func[i], ret);
			ng_fault_remove(i);
			return ret;
		}
	}
	return 0;
}

static void __exit ng_fault_exit(void)
{
	ng_fault_remove(nr_funcs);
}

module_init(ng_fault_init);
module_exit(ng_fault_exit);
MODULE_DESCRIPTION("Make chosen kernel calls fail (test only)");
MODULE_LICENSE("GPL");
