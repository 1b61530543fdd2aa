// SPDX-License-Identifier: GPL-2.0-only
/* Locked-memory accounting; see account.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "account.h"
#include "container.h"

/**
 * ng_owner_get_current() - the calling task as an owner
 * @ct: container of the mapping; @ct->lock is held
 *
 * Return: the owner with a reference, or an ERR_PTR(): -ENODEV for a kernel thread, -ENOMEM.
 */
struct ng_owner *ng_owner_get_current(struct ng_container *ct)
{
	struct ng_owner *owner = ct->last_owner;

	lockdep_assert_held(&ct->lock);

	if (!current->mm)
		return ERR_PTR(-ENODEV);

	if (!owner || owner->mm != current->mm || owner->task != current->group_leader) {
		owner = kmalloc(sizeof(*owner), GFP_KERNEL_ACCOUNT);
		if (!owner)
			return ERR_PTR(-ENOMEM);
		kref_init(&owner->ref);
		owner->mm = current->mm;
		mmgrab(owner->mm);
		owner->task = get_task_struct(current->group_leader);

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

/**
 * ng_account_charge_ahead() - charge pages to an owner's locked memory, and some that will be pinned soon
 * @owner: who pays
 * @npages: how many pages
 * @ahead: how many more; set to 0 if the limit leaves no room for them
 * @unlimited: charge them even beyond RLIMIT_MEMLOCK (CAP_IPC_LOCK)
 *
 * Context: takes the owner's mmap lock for writing.
 * Return: 0, -ENOMEM beyond the limit, -EINTR on a fatal signal, -ESRCH if the address space is gone; then nothing is charged.
 */
int ng_account_charge_ahead(struct ng_owner *owner, unsigned long npages, unsigned long *ahead, bool unlimited)
{
	int ret;

	if (!npages)
		return 0;
	if (!mmget_not_zero(owner->mm))
		return -ESRCH;

	ret = mmap_write_lock_killable(owner->mm);
	if (!ret) {
		ret = __account_locked_vm(owner->mm, npages + *ahead, true, owner->task, unlimited);
		if (ret && *ahead) {
			*ahead = 0;
			ret = __account_locked_vm(owner->mm, npages, true, owner->task, unlimited);
		}
		mmap_write_unlock(owner->mm);
	}
	mmput(owner->mm);

	if (ret == -ENOMEM)
		pr_warn_ratelimited("%s (%d): RLIMIT_MEMLOCK (%lu) exceeded\n", owner->task->comm,
				    task_tgid_nr(owner->task), task_rlimit(owner->task, RLIMIT_MEMLOCK));
	return ret;
}

/* As ng_account_charge_ahead(), for these pages alone. */
int ng_account_charge(struct ng_owner *owner, unsigned long npages, bool unlimited)
{
	unsigned long ahead = 0;

	return ng_account_charge_ahead(owner, npages, &ahead, unlimited);
}

/**
 * ng_account_uncharge() - give charged pages back
 * @owner: who paid
 * @npages: how many pages
 *
 * Context: takes the owner's mmap lock for writing.
 */
void ng_account_uncharge(struct ng_owner *owner, unsigned long npages)
{
	/* Without users the counter is gone with the address space. */
	if (!npages || !mmget_not_zero(owner->mm))
		return;

	mmap_write_lock(owner->mm);
	__account_locked_vm(owner->mm, npages, false, owner->task, false);
	mmap_write_unlock(owner->mm);
	mmput(owner->mm);
}
