/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Charging pinned memory to the locked memory (mm->locked_vm) of its owner: the
 * address space that made the mapping, also after exec or exit.
 *
 * The owner's mmap lock guards the counter. Another process can hold that lock
 * without limit, for instance in a fault that its FUSE server does not serve.
 * So a task that cannot be killed waits for it only briefly. A change that must
 * not be lost is then overdue: it is retried, and made before the next one. So
 * the counter is exact whenever a limit is checked.
 */
#ifndef NG_ACCOUNT_H
#define NG_ACCOUNT_H

#include <linux/init.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>

struct mm_struct;
struct ng_container;
struct task_struct;

/**
 * struct ng_owner - an address space that mappings are made from
 * @ref: one per mapping, one for the container's cache, one while overdue
 * @mm: held by mmgrab(), so it may have no users left
 * @task: thread group leader, whose limit counts
 * @overdue: node in the list of owners with an overdue change
 * @overdue_pages: pages still to charge, or if negative, to uncharge
 */
struct ng_owner {
	struct kref ref;
	struct mm_struct *mm;
	struct task_struct *task;
	struct list_head overdue;
	long overdue_pages;
};

/**
 * struct ng_charge_ahead - pages that are charged before they are pinned
 * @next: node in the list of all of them
 * @owner: the charged owner
 * @npages: number of pages; other charges that reach the limit take them first
 * @shared: has been in the list; used only by the call that charges ahead
 */
struct ng_charge_ahead {
	struct list_head next;
	struct ng_owner *owner;
	unsigned long npages;
	bool shared;
};

#define NG_CHARGE_AHEAD_INIT(name, who) { .next = LIST_HEAD_INIT((name).next), .owner = (who) }

struct ng_owner *ng_owner_get_current(struct ng_container *ct);
struct ng_owner *ng_owner_get(struct ng_owner *owner);
void ng_owner_put(struct ng_owner *owner);

int ng_account_charge_ahead(struct ng_charge_ahead *ahead, unsigned long npages,
			    unsigned long most, bool unlimited);
void ng_account_end_ahead(struct ng_charge_ahead *ahead);
int ng_account_charge(struct ng_owner *owner, unsigned long npages, bool unlimited);
void ng_account_charge_anyway(struct ng_owner *owner, unsigned long npages);
void ng_account_uncharge(struct ng_owner *owner, unsigned long npages);

void __exit ng_account_exit(void);

#endif
