/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns pinned memory, and charging it to the owner's locked memory (RLIMIT_MEMLOCK, mm->locked_vm).
 *
 * The owner is the address space of the task that asked for the mapping, not whoever it belongs to later: after exec
 * or exit the charge dies with the old address space, while pages and mapping stay.
 *
 * The counter is guarded by the owner's mmap lock, which another process can hold for as long as
 * it likes: a fault in memory that a FUSE server does not deliver does.  So a task that cannot be
 * killed does not wait for it, and one that is killed stops waiting.  A change that must not get
 * lost is overdue then.  It is made before the next change to the same counter, and tried again and
 * again until then, so the counter is exact whenever something is decided by it.
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
 * @ref: one for each mapping, one for the container's cache, and one while a change is overdue
 * @mm: the address space; held by mmgrab(), so it may have no users left
 * @task: thread group leader, whose limit counts
 * @overdue: place among those of whom a change is overdue
 * @overdue_pages: how many pages are still to be charged, or if negative, given back
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
 * @next: place among those of everybody
 * @owner: who paid; set by who makes it
 * @npages: how many
 * @shared: others may know of it; only for who made it
 *
 * Whoever else needs them to stay within the limit takes them away: of one address space, no call
 * fails for what another one may not need in the end.
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
