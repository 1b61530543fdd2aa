// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_ops: call operations of a type1 backend as no VFIO core from 6.1 on does, and no sane driver. For
 * tests only.
 *
 *	insmod ng_ops.ko ops=0xffffffffc0123456
 *
 * "ops" is the address of the backend's structure of operations, as in /proc/kallsyms. From then on
 * the module remembers the container and the group that the backend attaches; each read of a
 * parameter asks about them, and shows 0 for the domain that the group's devices are in, or -errno:
 *
 * attached	about the group that was attached last
 * no_group	about NULL
 * no_container	about the group, of no container
 *
 * or makes a call for a driver that the container has not:
 *
 * copy		reads 8 bytes at the IOVA that was written to the parameter "iova"; shows 0 or -errno
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <compat/kprobes.h>
#include <compat/vfio.h>

static unsigned long ops;
module_param(ops, ulong, 0444);
static unsigned long iova;
module_param(iova, ulong, 0644);

static const struct vfio_iommu_driver_ops *backend;
static void *container;
static struct iommu_group *group;

static int on_attach(struct kprobe *probe, struct pt_regs *regs)
{
	struct iommu_group *attaching = (void *)compat_kernel_argument(regs, 1);

	if (group)
		iommu_group_put(group);
	container = (void *)compat_kernel_argument(regs, 0);
	group = iommu_group_ref_get(attaching);
	return 0;
}

static struct kprobe attach_probe = { .pre_handler = on_attach };

/* Ends the walk with a reference on the first device: the core does not like to be asked for a domain during one. */
static int first(struct device *dev, void *found)
{
	*(struct device **)found = get_device(dev);
	return 1;
}

static int ask(void *about_container, struct iommu_group *about_group)
{
	struct iommu_domain *domain = backend->group_iommu_domain(about_container, about_group);
	struct device *dev = NULL;
	int ret;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	iommu_group_for_each_dev(about_group, &dev, first);
	ret = dev && iommu_get_domain_for_dev(dev) == domain ? 0 : -EXDEV;
	put_device(dev);
	return ret;
}

static int copy(void)
{
	u64 word;

	return backend->dma_rw(container, iova, &word, sizeof(word), false);
}

enum question { ATTACHED, NO_GROUP, NO_CONTAINER, COPY };

static int get(char *buffer, const struct kernel_param *kp)
{
	enum question question = (unsigned long)kp->arg;

	if (!group)
		return -ENOENT;
	if (question == COPY)
		return sysfs_emit(buffer, "%d\n", copy());
	return sysfs_emit(buffer, "%d\n", ask(question == NO_CONTAINER ? NULL : container,
					      question == NO_GROUP ? NULL : group));
}

static const struct kernel_param_ops question_ops = { .get = get };
module_param_cb(attached, &question_ops, (void *)ATTACHED, 0444);
module_param_cb(no_group, &question_ops, (void *)NO_GROUP, 0444);
module_param_cb(no_container, &question_ops, (void *)NO_CONTAINER, 0444);
module_param_cb(copy, &question_ops, (void *)COPY, 0444);

static int __init ng_ops_init(void)
{
	int ret;

	if (!ops)
		return -EINVAL;
	backend = (void *)ops;
	attach_probe.addr = (void *)backend->attach_group;
	ret = register_kprobe(&attach_probe);
	if (ret)
		pr_err("attach_group() of the operations at 0x%lx cannot be watched: %d\n", ops, ret);
	return ret;
}

static void __exit ng_ops_exit(void)
{
	unregister_kprobe(&attach_probe);
	if (group)
		iommu_group_put(group);
}

module_init(ng_ops_init);
module_exit(ng_ops_exit);
MODULE_DESCRIPTION("Call operations of a type1 backend that no core calls (test only)");
MODULE_LICENSE("GPL");
