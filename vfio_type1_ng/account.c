// SPDX-License-Identifier: GPL-2.0-only
/* Accounting of locked memory. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <compat/mm.h>

#include "account.h"
#include "alloc.h"
#include "container.h"

/* Longest wait of a task that cannot be killed; interval of overdue retries. */
#define BRIEF_TRIES		20
#define BRIEF_PAUSE_US		500
#define OVERDUE_PAUSE_JIFFIES	msecs_to_jiffies(100)

/* Owners with an overdue change. Each has a reference on the module. */
static LIST_HEAD(overdue_owners);
static DEFINE_SPINLOCK(overdue_lock);
static unsigned int nr_overdue;

static void try_overdue(struct work_struct *work);
static DECLARE_DELAYED_WORK(overdue_work, try_overdue);

/* All pages charged ahead. The lock nests inside mmap locks. */
static LIST_HEAD(charges_ahead);
static DEFINE_SPINLOCK(ahead_lock);

/**
 * ng_owner_get_current() - get the calling task as an owner
 * @ct: container of the mapping; @ct->lock is held
 * Return: an owner with a reference; ERR_PTR() of -ENODEV (no mm), -ENOMEM.
 */
struct ng_owner *ng_owner_get_current(struct ng_container *ct)
{
	struct ng_owner *owner = ct->last_owner;

	lockdep_assert_held(&ct->lock);

	if (!current->mm)
		return ERR_PTR(-ENODEV);

	if (!owner || owner->mm != current->mm || owner->task != current->group_leader) {
		owner = ng_kzalloc(sizeof(*owner));
		if (!owner)
			return ERR_PTR(-ENOMEM);
		kref_init(&owner->ref);
		owner->mm = current->mm;
		mmgrab(owner->mm);
		owner->task = get_task_struct(current->group_leader);
		INIT_LIST_HEAD(&owner->overdue);
		owner->overdue_pages = 0;

		if (ct->last_owner)
			ng_owner_put(ct->last_owner);
		ct->last_owner = owner;
	}
	return ng_owner_get(owner);
}

static void owner_destroy(struct kref *ref)
{
	struct ng_owner *owner = container_of(ref, struct ng_owner, ref);

	mmdrop(owner->mm);
	put_task_struct(owner->task);
	kfree(owner);
}

struct ng_owner *ng_owner_get(struct ng_owner *owner)
{
	kref_get(&owner->ref);
	return owner;
}

void ng_owner_put(struct ng_owner *owner)
{
	kref_put(&owner->ref, owner_destroy);
}

static void change(struct ng_owner *owner, long npages)
{
	__account_locked_vm(owner->mm, abs(npages), npages > 0, owner->task, true);
}

/* May free the owner; the caller has a reference, or its mm. */
static void drop_overdue(struct ng_owner *owner)
{
	lockdep_assert_held(&overdue_lock);
	owner->overdue_pages = 0;
	list_del_init(&owner->overdue);
	nr_overdue--;
	ng_owner_put(owner);
	module_put(THIS_MODULE);
}

/* The mmap lock is held for writing, as for change() and charge_with_help(). */
static void make_overdue(struct mm_struct *mm)
{
	struct ng_owner *owner, *next;

	if (!READ_ONCE(nr_overdue))
		return;
	spin_lock(&overdue_lock);
	list_for_each_entry_safe(owner, next, &overdue_owners, overdue) {
		if (owner->mm == mm) {
			change(owner, owner->overdue_pages);
			drop_overdue(owner);
		}
	}
	spin_unlock(&overdue_lock);
}

static void add_overdue(struct ng_owner *owner, long npages)
{
	spin_lock(&overdue_lock);
	if (list_empty(&owner->overdue)) {
		__module_get(THIS_MODULE);
		ng_owner_get(owner);
		nr_overdue++;
		list_add_tail(&owner->overdue, &overdue_owners);
	}
	owner->overdue_pages += npages;
	spin_unlock(&overdue_lock);
	schedule_delayed_work(&overdue_work, OVERDUE_PAUSE_JIFFIES);
}

static bool try_first_overdue(void)
{
	struct ng_owner *owner;
	bool has_users = false;

	spin_lock(&overdue_lock);
	owner = list_first_entry_or_null(&overdue_owners, struct ng_owner, overdue);
	if (owner) {
		list_move_tail(&owner->overdue, &overdue_owners);
		ng_owner_get(owner);
		has_users = mmget_not_zero(owner->mm);
		if (!has_users)
			drop_overdue(owner);
	}
	spin_unlock(&overdue_lock);
	if (!owner)
		return false;

	if (has_users) {
		if (compat_mmap_trylock_to_account(owner->mm)) {
			make_overdue(owner->mm);
			compat_mmap_unlock_to_account(owner->mm);
		}
		mmput(owner->mm);
	}
	ng_owner_put(owner);
	return true;
}

/* Never wait for a lock here: those of other address spaces may be free. */
static void try_overdue(struct work_struct *work)
{
	unsigned int n = READ_ONCE(nr_overdue);

	while (n-- && try_first_overdue())
		cond_resched();
	if (READ_ONCE(nr_overdue))
		schedule_delayed_work(&overdue_work, OVERDUE_PAUSE_JIFFIES);
}

/* At module exit, with nothing overdue: wait until the worker has finished. */
void __exit ng_account_exit(void)
{
	cancel_delayed_work_sync(&overdue_work);
}

/* Take the mmap lock. Return false if the change has to become overdue. */
static bool lock_for_change(struct ng_owner *owner)
{
	unsigned int tries = BRIEF_TRIES;

	if (compat_mmap_trylock_to_account(owner->mm))
		return true;
	if (!(current->flags & (PF_KTHREAD | PF_EXITING)))
		return !compat_mmap_lock_to_account_killable(owner->mm);

	/* Once a change is overdue, further ones of this owner do not wait. */
	while (tries-- && !READ_ONCE(owner->overdue_pages)) {
		usleep_range(BRIEF_PAUSE_US, 2 * BRIEF_PAUSE_US);
		if (compat_mmap_trylock_to_account(owner->mm))
			return true;
	}
	return false;
}

static void change_for_certain(struct ng_owner *owner, long npages)
{
	/* Without users, the counter is gone with the address space. */
	if (!npages || !mmget_not_zero(owner->mm))
		return;

	if (lock_for_change(owner)) {
		make_overdue(owner->mm);
		change(owner, npages);
		compat_mmap_unlock_to_account(owner->mm);
	} else {
		add_overdue(owner, npages);
	}
	mmput(owner->mm);
}

static unsigned long take_ahead(struct ng_charge_ahead *ahead, unsigned long npages)
{
	lockdep_assert_held(&ahead_lock);
	npages = min(npages, ahead->npages);
	ahead->npages -= npages;
	if (!ahead->npages)
		list_del_init(&ahead->next);
	return npages;
}

static unsigned long take_ahead_of_all(struct mm_struct *mm, unsigned long npages)
{
	struct ng_charge_ahead *ahead, *next;
	unsigned long n = 0;

	spin_lock(&ahead_lock);
	list_for_each_entry_safe(ahead, next, &charges_ahead, next)
		if (ahead->owner->mm == mm && n < npages)
			n += take_ahead(ahead, npages - n);
	spin_unlock(&ahead_lock);
	return n;
}

static void add_ahead(struct ng_charge_ahead *ahead, unsigned long npages)
{
	ahead->shared = true;
	spin_lock(&ahead_lock);
	ahead->npages += npages;
	if (list_empty(&ahead->next))
		list_add_tail(&ahead->next, &charges_ahead);
	spin_unlock(&ahead_lock);
}

static int try_charge(struct ng_owner *owner, unsigned long npages, bool unlimited)
{
	return __account_locked_vm(owner->mm, npages, true, owner->task, unlimited);
}

static int charge_with_help(struct ng_owner *owner, unsigned long npages, bool unlimited)
{
	unsigned long taken;
	int ret = try_charge(owner, npages, unlimited);

	if (!ret)
		return 0;
	taken = take_ahead_of_all(owner->mm, npages);
	if (!taken)
		return ret;
	change(owner, -(long)taken);
	return try_charge(owner, npages, unlimited);
}

static int charge(struct ng_owner *owner, unsigned long npages, struct ng_charge_ahead *ahead,
		  unsigned long most, bool unlimited)
{
	int ret;

	if (!mmget_not_zero(owner->mm))
		return -ESRCH;

	ret = compat_mmap_lock_to_account_killable(owner->mm);
	if (!ret) {
		make_overdue(owner->mm);
		if (most && !try_charge(owner, npages + most, unlimited))
			add_ahead(ahead, most);
		else
			ret = charge_with_help(owner, npages, unlimited);
		compat_mmap_unlock_to_account(owner->mm);
	}
	mmput(owner->mm);

	if (ret == -ENOMEM)
		pr_warn_ratelimited("%s (%d): RLIMIT_MEMLOCK (%lu) exceeded\n", owner->task->comm,
				    task_tgid_nr(owner->task), task_rlimit(owner->task, RLIMIT_MEMLOCK));
	return ret;
}

/**
 * ng_account_charge_ahead() - charge pages, and some that will be pinned soon
 * @ahead: pages charged ahead, used first; may be more afterwards
 * @npages: number of pages
 * @most: how many to charge ahead if @ahead is short and the limit leaves room
 * @unlimited: ignore RLIMIT_MEMLOCK (CAP_IPC_LOCK)
 * Context: takes the owner's mmap lock for writing unless @ahead suffices.
 * Return: 0; -ENOMEM beyond the limit; -EINTR; -ESRCH without an address space.
 */
int ng_account_charge_ahead(struct ng_charge_ahead *ahead, unsigned long npages,
			    unsigned long most, bool unlimited)
{
	unsigned long taken = 0;
	int ret;

	if (ahead->shared) {
		spin_lock(&ahead_lock);
		taken = take_ahead(ahead, npages);
		spin_unlock(&ahead_lock);
	}
	if (taken == npages)
		return 0;
	ret = charge(ahead->owner, npages - taken, ahead, most, unlimited);
	if (ret && taken)
		add_ahead(ahead, taken);
	return ret;
}

void ng_account_end_ahead(struct ng_charge_ahead *ahead)
{
	struct ng_owner *owner = ahead->owner;
	bool has_users, locked = false;
	unsigned long npages;

	if (!ahead->shared)
		return;
	/* Other calls may take the pages while this waits for the lock. */
	has_users = READ_ONCE(ahead->npages) && mmget_not_zero(owner->mm);
	if (has_users)
		locked = lock_for_change(owner);
	spin_lock(&ahead_lock);
	npages = take_ahead(ahead, ULONG_MAX);
	spin_unlock(&ahead_lock);

	if (locked) {
		make_overdue(owner->mm);
		change(owner, -(long)npages);
		compat_mmap_unlock_to_account(owner->mm);
	} else if (has_users && npages) {
		add_overdue(owner, -(long)npages);
	}
	if (has_users)
		mmput(owner->mm);
}

/**
 * ng_account_charge() - charge pages to an owner's locked memory
 * @owner: the owner
 * @npages: number of pages
 * @unlimited: ignore RLIMIT_MEMLOCK (CAP_IPC_LOCK)
 * Context: takes the owner's mmap lock for writing if there are pages.
 * Return: as ng_account_charge_ahead().
 */
int ng_account_charge(struct ng_owner *owner, unsigned long npages, bool unlimited)
{
	return npages ? charge(owner, npages, NULL, 0, unlimited) : 0;
}

/**
 * ng_account_charge_anyway() - charge pages that stay pinned, beyond any limit
 * @owner: the owner
 * @npages: number of pages
 * Context: as ng_account_uncharge().
 */
void ng_account_charge_anyway(struct ng_owner *owner, unsigned long npages)
{
	change_for_certain(owner, npages);
}

/**
 * ng_account_uncharge() - uncharge pages
 * @owner: the owner
 * @npages: number of pages
 * Context: waits for the owner's mmap lock until a fatal signal, or 20 ms in a
 * task that cannot be killed. If it is not free then, the change is overdue.
 */
void ng_account_uncharge(struct ng_owner *owner, unsigned long npages)
{
	change_for_certain(owner, -(long)npages);
}
