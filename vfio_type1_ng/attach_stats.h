/* SPDX-License-Identifier: GPL-2.0-only */
/* Results of attaching groups, for debugfs and the trace events. */
#ifndef NG_ATTACH_STATS_H
#define NG_ATTACH_STATS_H

#include <linux/types.h>

struct ng_container;
struct ng_domain;

#define NG_ATTACH_ERRNOS	8

/**
 * struct ng_attach_stats - counts since a container was opened
 * @joined: groups that joined an existing domain
 * @created: groups that a domain was created for
 * @failures: failed attempts by errno; @err is 0 in unused entries
 * @other_failures: failed attempts with further errnos
 */
struct ng_attach_stats {
	unsigned long joined;
	unsigned long created;
	struct {
		int err;
		unsigned long times;
	} failures[NG_ATTACH_ERRNOS];
	unsigned long other_failures;
};

void ng_attach_count(struct ng_container *ct, int id, const struct ng_domain *domain, int ret);
struct ng_attach_stats ng_attach_all_failures(void);

#endif
