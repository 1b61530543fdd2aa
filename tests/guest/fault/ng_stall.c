// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_stall: stop an ioctl of a VFIO container between the moment when the core has loaded the
 * container's IOMMU driver and the moment when it uses it. For tests only.
 *
 *	insmod ng_stall.ko		find the place: it is in "at" after the next ioctl
 *	insmod ng_stall.ko at=0x123	stall the first ioctl there until "go" is written
 *
 * "stalled" says that it is there, "lost" that the driver was unregistered, and with that freed,
 * when it went on, "expired" that it did so by itself, before the kernel takes the CPU for dead.
 *
 * No kernel is built alike, so the place is not known before. To find it, each instruction of the
 * function has a kprobe that looks for a register with the address of the core's object. A stalled
 * CPU spins with interrupts off: if the call slept, nobody would have to wait for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/poison.h>
#include <linux/ptrace.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#define FUNCTION	"vfio_fops_unl_ioctl"
#define DRIVER_NAME	"vfio-type1-ng"
#define LONGEST_NS	(10 * NSEC_PER_SEC)

static int at = -1;
module_param(at, int, 0444);
MODULE_PARM_DESC(at, "offset of the instruction");

static bool stalled, go;
module_param(stalled, bool, 0444);
module_param(go, bool, 0644);

static unsigned int lost;
module_param(lost, uint, 0444);

static bool expired;
module_param(expired, bool, 0444);

static struct kprobe *probes;
static unsigned int nr_probes;
static unsigned long start;

/* What the core has for each driver that is registered, which is private to it. */
struct core_driver {
	const void *ops;
	struct list_head next;
};

/* Is this the address of the core's object for the driver, whose operations begin with its name? */
static bool is_driver(unsigned long address)
{
	char text[sizeof(DRIVER_NAME)] = "";
	struct core_driver driver;
	const char *name;

	return address >= PAGE_OFFSET && !(address % sizeof(long)) &&
	       !copy_from_kernel_nofault(&driver, (void *)address, sizeof(driver)) &&
	       (unsigned long)driver.ops >= PAGE_OFFSET &&
	       !copy_from_kernel_nofault(&name, driver.ops, sizeof(name)) &&
	       (unsigned long)name >= PAGE_OFFSET &&
	       !copy_from_kernel_nofault(text, name, sizeof(text)) &&
	       !memcmp(text, DRIVER_NAME, sizeof(text));
}

static unsigned long find_driver(const struct pt_regs *regs)
{
	const unsigned long *reg = (const void *)regs;
	unsigned int i;

	for (i = 0; i < sizeof(*regs) / sizeof(*reg); i++)
		if (is_driver(reg[i]))
			return reg[i];
	return 0;
}

static void stall(unsigned long driver)
{
	u64 end = ktime_get_mono_fast_ns() + LONGEST_NS;
	struct core_driver now;

	WRITE_ONCE(stalled, true);
	while (!READ_ONCE(go) && ktime_get_mono_fast_ns() < end)
		cpu_relax();
	expired = !READ_ONCE(go);
	if (copy_from_kernel_nofault(&now, (void *)driver, sizeof(now)) ||
	    (void *)now.next.next == LIST_POISON1 || !is_driver(driver))
		lost++;
}

static int on_instruction(struct kprobe *p, struct pt_regs *regs)
{
	unsigned long driver = find_driver(regs);

	if (!driver)
		return 0;
	if (at < 0)
		at = (unsigned long)p->addr - start;
	else if (nr_probes == 1 && !READ_ONCE(stalled))
		stall(driver);
	return 0;
}

static int add_probe(unsigned long address)
{
	struct kprobe *p = &probes[nr_probes];
	int ret;

	*p = (struct kprobe){ .addr = (void *)address, .pre_handler = on_instruction };
	ret = register_kprobe(p);
	if (!ret)
		nr_probes++;
	return ret;
}

static void remove_probes(void)
{
	while (nr_probes)
		unregister_kprobe(&probes[--nr_probes]);
	kfree(probes);
}

/* Where the function begins, which a kprobe by name finds out. */
static int find_start(void)
{
	struct kprobe p = { .symbol_name = FUNCTION };
	int ret = register_kprobe(&p);

	if (ret)
		return ret;
	start = (unsigned long)p.addr;
	unregister_kprobe(&p);
	return 0;
}

/* The rest of the function from there, from the symbol's "name+offset/size". */
static unsigned int rest_of_function(void)
{
	char text[KSYM_SYMBOL_LEN];
	unsigned long offset, size;
	const char *plus;

	sprint_symbol(text, start);
	plus = strchr(text, '+');
	return plus && sscanf(plus, "+%lx/%lx", &offset, &size) == 2 ? size - offset : 0;
}

static int __init ng_stall_init(void)
{
	unsigned int offset, bytes;
	int ret = find_start();

	if (ret)
		return ret;
	bytes = rest_of_function();
	probes = kcalloc(bytes + 1, sizeof(*probes), GFP_KERNEL);
	if (!probes)
		return -ENOMEM;
	if (at >= 0) {
		ret = add_probe(start + at);
	} else {
		/* Between two instructions there is no place for one. */
		for (offset = 0; offset < bytes; offset++)
			add_probe(start + offset);
	}
	if (ret)
		remove_probes();
	return ret;
}

static void __exit ng_stall_exit(void)
{
	remove_probes();
}

module_init(ng_stall_init);
module_exit(ng_stall_exit);
MODULE_DESCRIPTION("Stall a call of the VFIO core (test only)");
MODULE_LICENSE("GPL");
