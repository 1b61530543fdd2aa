// SPDX-License-Identifier: GPL-2.0-only
/* Tables in debugfs; see vfio_type1_ng(4). Locks are dropped now and then. */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include <compat/iommu.h>

#include "container.h"
#include "debugfs.h"
#include "domain.h"
#include "group.h"
#include "mapping.h"

#define MAPPINGS_AT_ONCE	64

static struct dentry *ng_debugfs_dir;

/* @show returns false if the container could not be entered again. */
static void for_each_container(struct seq_file *m, bool (*show)(struct seq_file *m, struct ng_container *ct))
{
	unsigned long handle = 0;
	struct ng_container *ct;

	while ((ct = ng_container_get_next(&handle))) {
		if (!ng_container_enter(ct) && show(m, ct))
			ng_container_leave(ct);
		ng_container_put(ct);
		handle++;
	}
}

static bool count_some_pages(struct ng_container *ct, u64 *from, unsigned long *npages)
{
	struct ng_range range = { .first = *from, .last = U64_MAX };
	unsigned int n = MAPPINGS_AT_ONCE;
	struct ng_mapping *mapping;
	bool more;

	mutex_lock(&ct->lock);
	for (mapping = ng_mapping_first(ct, range); mapping && n; mapping = ng_mapping_next(mapping, range), n--) {
		*npages += READ_ONCE(mapping->charged_pages);
		*from = mapping->range.last + 1;
	}
	more = mapping;
	mutex_unlock(&ct->lock);
	return more;
}

/* A waiting attach blocks new readers of the topology. */
static bool let_others_in(struct ng_container *ct)
{
	ng_container_leave(ct);
	cond_resched();
	return !ng_container_enter(ct);
}

static bool count_pages(struct ng_container *ct, unsigned long *npages)
{
	u64 from = 0;

	while (count_some_pages(ct, &from, npages))
		if (!let_others_in(ct))
			return false;
	return true;
}

static unsigned int count_domains(const struct ng_container *ct)
{
	const struct ng_domain *domain;
	unsigned int n = 0;

	list_for_each_entry(domain, &ct->domains, next)
		n++;
	return n;
}

static unsigned int count_groups(struct ng_container *ct)
{
	const struct ng_group *group;
	unsigned int bucket, n = 0;

	hash_for_each(ct->groups, bucket, group, next)
		n++;
	return n;
}

static bool show_container(struct seq_file *m, struct ng_container *ct)
{
	unsigned long locked_pages = 0;

	if (!count_pages(ct, &locked_pages))
		return false;
	seq_printf(m, "%lu\t%s\t%d\t", ct->handle, ct->v2 ? "type1v2" : "type1", ct->opener_pid);
	seq_escape(m, ct->opener_comm, "\t\n\\");
	seq_printf(m, "\t%u\t%u\t%lu\t%u\t%u\t%lu\t%lu\t%lu\t%lu\n", count_domains(ct), count_groups(ct),
		   READ_ONCE(ct->nr_mappings), READ_ONCE(ct->entries_left), ct->nr_emulated, locked_pages,
		   READ_ONCE(ct->nr_external), ct->attach_stats.joined, ct->attach_stats.created);
	return true;
}

static int containers_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "container\ttype\tpid\tcomm\tdomains\tgroups\tmappings\tentries_left\t"
		    "emulated_groups\tlocked_pages\tdriver_pinned_pages\tdomains_reused\tdomains_made\n");
	for_each_container(m, show_container);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(containers);

static bool show_domains(struct seq_file *m, struct ng_container *ct)
{
	const struct ng_domain *domain;

	list_for_each_entry(domain, &ct->domains, next)
		seq_printf(m, "%lu\t%s\t%u\t%s\t%#lx\n", ct->handle, compat_iommu_name(domain->instance), domain->nr_groups,
			   domain->coherent ? "enforced" : "no", (unsigned long)domain->iommu->pgsize_bitmap);
	return true;
}

static int domains_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "container\tiommu\tgroups\tcoherency\tpage_sizes\n");
	for_each_container(m, show_domains);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

static void show_failures_of(struct seq_file *m, const char *whose, const struct ng_attach_stats *stats)
{
	unsigned int i;

	for (i = 0; i < NG_ATTACH_ERRNOS && stats->failures[i].err; i++)
		seq_printf(m, "%s\t%d\t%lu\n", whose, stats->failures[i].err, stats->failures[i].times);
	if (stats->other_failures)
		seq_printf(m, "%s\tother\t%lu\n", whose, stats->other_failures);
}

static bool show_failures(struct seq_file *m, struct ng_container *ct)
{
	char number[24];

	snprintf(number, sizeof(number), "%lu", ct->handle);
	show_failures_of(m, number, &ct->attach_stats);
	return true;
}

static int failures_show(struct seq_file *m, void *unused)
{
	struct ng_attach_stats all = ng_attach_all_failures();

	seq_puts(m, "container\terrno\ttimes\n");
	for_each_container(m, show_failures);
	show_failures_of(m, "all", &all);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(failures);

void ng_debugfs_init(void)
{
	ng_debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("containers", 0400, ng_debugfs_dir, NULL, &containers_fops);
	debugfs_create_file("domains", 0400, ng_debugfs_dir, NULL, &domains_fops);
	debugfs_create_file("failures", 0400, ng_debugfs_dir, NULL, &failures_fops);
}

void ng_debugfs_exit(void)
{
	debugfs_remove_recursive(ng_debugfs_dir);
}
