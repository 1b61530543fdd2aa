// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_pick: decide which of two loaded type1 backends serves the next container. For tests only.
 *
 *	echo 1 >/sys/module/ng_pick/parameters/serve	the stock module
 *	echo 2 >/sys/module/ng_pick/parameters/serve	vfio_type1_ng
 *	echo 0 >/sys/module/ng_pick/parameters/serve	as if this module were not there
 *
 * The core asks each backend whether it knows the type that user space wants, the one loaded last first. The backend that is not
 * to serve is made to answer no to that, and to nothing else: containers that it serves already do not notice.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/ptrace.h>
#include <linux/vfio.h>

#include <compat/kprobes.h>

static int serve;
module_param(serve, int, 0644);
MODULE_PARM_DESC(serve, "the only backend that serves new containers: 1 stock, 2 ours, 0 either");

static noinline long answer_no(void)
{
	return 0;
}

static int asked(struct kprobe *p, struct pt_regs *regs);

/* In the order of "serve". */
static struct kprobe backends[] = {
	{ .symbol_name = "vfio_iommu_type1:vfio_iommu_type1_ioctl", .pre_handler = asked },
	{ .symbol_name = "vfio_type1_ng:ng_ioctl", .pre_handler = asked },
};

static int asked(struct kprobe *p, struct pt_regs *regs)
{
	int picked = READ_ONCE(serve);

	/* Without a container, the core is looking for a backend. */
	if (!picked || picked == p - backends + 1 || compat_kernel_argument(regs, 0) ||
	    (unsigned int)compat_kernel_argument(regs, 1) != VFIO_CHECK_EXTENSION)
		return 0;
	instruction_pointer_set(regs, (unsigned long)answer_no);
	return 1;
}

static int __init ng_pick_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		ret = register_kprobe(&backends[i]);
		if (ret) {
			pr_err("%s cannot be probed: %d; both backends have to be loaded before\n", backends[i].symbol_name, ret);
			while (i--)
				unregister_kprobe(&backends[i]);
			return ret;
		}
	}
	return 0;
}

static void __exit ng_pick_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(backends); i++)
		unregister_kprobe(&backends[i]);
}

module_init(ng_pick_init);
module_exit(ng_pick_exit);
MODULE_DESCRIPTION("Pick the VFIO type1 backend of new containers (test only)");
MODULE_LICENSE("GPL");
