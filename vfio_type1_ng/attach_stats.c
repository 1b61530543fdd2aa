// SPDX-License-Identifier: GPL-2.0-only
/* Counting attempts to attach groups. */
#include <linux/lockdep.h>
#include <linux/spinlock.h>

#include <compat/iommu.h>

#include "attach_stats.h"
#include "container.h"
#include "domain.h"
#include "trace.h"

/* Since module load; the counts of a container end with it. */
static struct ng_attach_stats all_failures;
static DEFINE_SPINLOCK(all_failures_lock);

static void count_failure(struct ng_attach_stats *stats, int err)
{
	unsigned int i;

	for (i = 0; i < NG_ATTACH_ERRNOS; i++) {
		if (stats->failures[i].err && stats->failures[i].err != err)
			continue;
		stats->failures[i].err = err;
		stats->failures[i].times++;
		return;
	}
	stats->other_failures++;
}

static void count(struct ng_attach_stats *stats, const struct ng_domain *domain, int ret)
{
	if (ret)
		count_failure(stats, ret);
	else if (domain && domain->nr_groups > 1)
		stats->joined++;
	else if (domain)
		stats->created++;
}

static const char *decision(const struct ng_domain *domain, int ret)
{
	if (ret)
		return "failed";
	if (!domain)
		return "emulated";
	return domain->nr_groups > 1 ? "joined" : "new-domain";
}

/**
 * ng_attach_count() - count and trace an attempt to attach a group
 * @ct: the container; its topology is held for writing
 * @id: number of the group
 * @domain: the group's domain; NULL after a failure or for an emulated group
 * @ret: result of the attempt
 */
void ng_attach_count(struct ng_container *ct, int id, const struct ng_domain *domain, int ret)
{
	lockdep_assert_held_write(&ct->topology);

	count(&ct->attach_stats, domain, ret);
	if (ret) {
		spin_lock(&all_failures_lock);
		count_failure(&all_failures, ret);
		spin_unlock(&all_failures_lock);
	}
	trace_vfio_attach_group(ct->handle, id, decision(domain, ret),
				domain ? compat_iommu_name(domain->instance) : "-", ret);
}

struct ng_attach_stats ng_attach_all_failures(void)
{
	struct ng_attach_stats copy;

	spin_lock(&all_failures_lock);
	copy = all_failures;
	spin_unlock(&all_failures_lock);
	return copy;
}
