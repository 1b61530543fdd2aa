// SPDX-License-Identifier: GPL-2.0-only
/* Errnos without a rule: logged once each and counted in debugfs. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/utsname.h>
#include <linux/xarray.h>

#include <compat/iommu.h>

#include "identify.h"
#include "unknown.h"

/* Value entries: how often each occurred. */
static DEFINE_XARRAY(unknown_counts);
static DEFINE_MUTEX(unknown_lock);

#define INDEX(driver, errno)	((unsigned long)(driver) * (MAX_ERRNO + 1) + (errno))
#define DRIVER_AT(index)	((enum emt_driver)((index) / (MAX_ERRNO + 1)))
#define ERRNO_AT(index)		((int)((index) % (MAX_ERRNO + 1)))

/* Returns true the first time. */
static bool count(unsigned long index)
{
	unsigned long before;
	void *entry;

	mutex_lock(&unknown_lock);
	entry = xa_load(&unknown_counts, index);
	before = entry ? xa_to_value(entry) : 0;
	/* Without memory it stays uncounted and is logged again. */
	if (before < LONG_MAX)
		xa_store(&unknown_counts, index, xa_mk_value(before + 1), GFP_KERNEL);
	mutex_unlock(&unknown_lock);
	return !before;
}

struct refusal {
	enum emt_driver driver;
	int error;
};

/* The group's mutex is held, so that the IOMMU stays. */
static int report(struct device *dev, void *data)
{
	const struct iommu_device *iommu = compat_dev_iommu(dev);
	const struct refusal *refusal = data;
	struct emt_names names;

	if (!iommu)
		return 0;
	names = emt_names_of(iommu);
	pr_info("the driver of IOMMU %s (%s, known here as %s) refused a domain with error %d, for which there is no rule. If there is another domain to try, it is tried. Please report this line with the kernel's release, %s, to the authors of this module.\n",
		names.class_device, names.parent_driver ?: "no parent driver",
		emt_drivers[refusal->driver].name, -refusal->error, utsname()->release);
	return 1;
}

/* Process context; takes the group's mutex. @error is negative. */
void emt_unknown_count(struct iommu_group *group, enum emt_driver driver, int error)
{
	struct refusal refusal = { .driver = driver, .error = error };

	if (IS_ERR_VALUE((long)error) && count(INDEX(driver, -error)))
		iommu_group_for_each_dev(group, &refusal, report);
}

static int unknown_show(struct seq_file *m, void *unused)
{
	unsigned long index;
	void *entry;

	seq_puts(m, "driver\terrno\tcount\n");
	xa_for_each(&unknown_counts, index, entry)
		seq_printf(m, "%s\t%d\t%lu\n", emt_drivers[DRIVER_AT(index)].name, ERRNO_AT(index), xa_to_value(entry));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(unknown);

void emt_unknown_init(struct dentry *dir)
{
	debugfs_create_file("unknown", 0400, dir, NULL, &unknown_fops);
}

void emt_unknown_exit(void)
{
	xa_destroy(&unknown_counts);
}
