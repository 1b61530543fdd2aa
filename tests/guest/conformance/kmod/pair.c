// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach a device to a domain that really does not suit it (pair.h), and see what the attach functions say.
 *
 * With fail_attach=, "plain" is a driver that fails.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <compat/iommu.h>
#include <iommu_emt/iommu_emt.h>

#include "conform.h"
#include "pair.h"

static int raw = PAIR_NOT_MADE, emt = PAIR_NOT_MADE;
module_param(raw, int, 0444);
module_param(emt, int, 0444);

static struct device *dev;

static int try_pair(const char *kind, int (*attach)(struct iommu_domain *, struct iommu_group *))
{
	struct iommu_group *group = iommu_group_get(dev);
	struct pair pair;
	int ret;

	if (!group)
		return PAIR_NOT_MADE;
	ret = pair_make(&pair, dev, kind);
	if (!ret) {
		watch_target(pair.domain);
		ret = attach(pair.domain, group);
		if (ret)
			pair_take_home(dev, group);
		else
			iommu_detach_group(pair.domain, group);
		watch_target(NULL);
		pair_drop(&pair);
	}
	iommu_group_put(group);
	return ret;
}

static int set_pair(const char *kind, const struct kernel_param *kp)
{
	int (*attach)(struct iommu_domain *, struct iommu_group *) = symbol_get(iommu_emt_attach_group);

	raw = try_pair(kind, iommu_attach_group);
	emt = PAIR_NO_FUNCTION;
	if (attach) {
		emt = try_pair(kind, attach);
		symbol_put(iommu_emt_attach_group);
	}
	watch_relent();
	return 0;
}

static const struct kernel_param_ops pair_param = { .set = set_pair };
module_param_cb(pair, &pair_param, NULL, 0200);

void pair_start(struct device *device)
{
	dev = device;
}
