// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vfio_type1_ng/containers: a line for each container that this module serves.
 *
 * Waits while a group is being attached or detached, like every call on that container.
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "container.h"
#include "debugfs.h"
#include "domain.h"

static struct dentry *ng_debugfs_dir;

static void show_container(struct seq_file *m, struct ng_container *ct)
{
	unsigned int nr_domains = 0, nr_groups = 0;
	struct ng_domain *domain;

	if (ng_container_enter(ct))
		return;
	list_for_each_entry(domain, &ct->domains, next) {
		nr_domains++;
		nr_groups += domain->nr_groups;
	}
	seq_printf(m, "%lu\t%s\t%d\t", ct->handle, ct->v2 ? "type1v2" : "type1", ct->opener_pid);
	seq_escape(m, ct->opener_comm, "\t\n\\");
	seq_printf(m, "\t%u\t%u\t%lu\t%u\n", nr_domains, nr_groups, READ_ONCE(ct->nr_mappings),
		   READ_ONCE(ct->entries_left));
	ng_container_leave(ct);
}

static int containers_show(struct seq_file *m, void *unused)
{
	unsigned long handle = 0;
	struct ng_container *ct;

	seq_puts(m, "container\ttype\tpid\tcomm\tdomains\tgroups\tmappings\tentries_left\n");
	while ((ct = ng_container_get_next(&handle))) {
		show_container(m, ct);
		ng_container_put(ct);
		handle++;
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(containers);

void ng_debugfs_init(void)
{
	ng_debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("containers", 0400, ng_debugfs_dir, NULL, &containers_fops);
}

void ng_debugfs_exit(void)
{
	debugfs_remove_recursive(ng_debugfs_dir);
}
