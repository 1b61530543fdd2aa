/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of attempts to put groups into containers, for debugfs and the trace. */
#ifndef NG_ATTACH_STATS_H
#define NG_ATTACH_STATS_H

#include <linux/types.h>

struct ng_container;
struct ng_domain;

/* So many different errnos are told apart. */
#define NG_ATTACH_ERRNOS	8

/**
 * struct ng_attach_stats - counts since a container was opened
 * @joined: groups that joined a domain that existed
 * @created: groups that a domain was made for
 * @failures: attempts that failed, by errno; @err is 0 in those not used
 * @other_failures: attempts that failed with any further errno
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
