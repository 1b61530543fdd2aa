// SPDX-License-Identifier: GPL-2.0-only
/* Lifetime of containers. */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <compat/vfio.h>

#include "account.h"
#include "alloc.h"
#include "container.h"
#include "group.h"
#include "mapping.h"
#include "params.h"

/* Containers by handle, until release(). */
static DEFINE_XARRAY(containers);

/* Wraps only on 32 bit, where publish() skips handles in use. */
static atomic_long_t last_handle = ATOMIC_LONG_INIT(0);

static int publish(struct ng_container *ct)
{
	int ret;

	do {
		ct->handle = atomic_long_inc_return(&last_handle);
		/* To the core, these are no container or an error. */
		if (!ct->handle || IS_ERR_VALUE(ct->handle))
			ret = -EBUSY;
		else
			ret = xa_insert(&containers, ct->handle, ct, GFP_KERNEL);
	} while (ret == -EBUSY);
	return ret;
}

/**
 * ng_container_open() - create a container; the core's open operation
 * @type: VFIO_TYPE1_IOMMU or VFIO_TYPE1v2_IOMMU
 * Return: its handle, or an ERR_PTR().
 */
void *ng_container_open(unsigned long type)
{
	struct ng_container *ct;
	int ret;

	if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU)
		return ERR_PTR(-EINVAL);

	ct = ng_kzalloc(sizeof(*ct));
	if (!ct)
		return ERR_PTR(-ENOMEM);

	kref_init(&ct->ref);
	ct->v2 = type == VFIO_TYPE1v2_IOMMU;
	ct->opener_pid = task_tgid_nr(current);
	get_task_comm(ct->opener_comm, current->group_leader);

	init_rwsem(&ct->topology);
	INIT_LIST_HEAD(&ct->domains);
	hash_init(ct->groups);
	INIT_LIST_HEAD(&ct->reserved);
	ct->pgsizes = PAGE_MASK;

	ng_dirty_init(ct);

	mutex_init(&ct->lock);
	ct->mappings = RB_ROOT;
	ct->external = RB_ROOT;
	ct->entries_left = READ_ONCE(ng_dma_entry_limit);
	INIT_LIST_HEAD(&ct->waiters);
	INIT_LIST_HEAD(&ct->queue);
	compat_unmap_listeners_init(&ct->listeners);

	ret = publish(ct);
	if (ret) {
		kfree(ct);
		return ERR_PTR(ret);
	}
	return (void *)ct->handle;
}

/* Runs after ng_container_release(), which drops the core's reference. */
static void destroy(struct kref *ref)
{
	struct ng_container *ct = container_of(ref, struct ng_container, ref);

	if (ct->last_owner)
		ng_owner_put(ct->last_owner);
	kfree(ct->spare_pages);
	ng_iova_windows_free(&ct->windows);
	ng_iova_windows_free(&ct->next_windows);
	ng_dirty_exit(ct);
	kfree_rcu(ct, rcu);
	module_put(THIS_MODULE);
}

/**
 * ng_container_release() - end a container, after the calls in flight
 * @handle: from ng_container_open()
 */
void ng_container_release(void *handle)
{
	struct ng_container *ct = xa_erase(&containers, (unsigned long)handle);

	if (WARN_ON_ONCE(!ct))
		return;

	/* Calls in flight run module code until destroy(). */
	__module_get(THIS_MODULE);

	down_write(&ct->topology);
	ct->released = true;
	ng_mappings_remove_all(ct);
	ng_groups_detach_all(ct);
	up_write(&ct->topology);

	ng_container_put(ct);
}

struct ng_container *ng_container_get(void *handle)
{
	struct ng_container *ct;

	rcu_read_lock();
	ct = xa_load(&containers, (unsigned long)handle);
	if (ct && !kref_get_unless_zero(&ct->ref))
		ct = NULL;
	rcu_read_unlock();
	return ct;
}

/**
 * ng_container_get_next() - walk over all containers
 * @handle: first handle to consider; set to the one found
 * Return: the container with the next handle, with a reference, or NULL.
 */
struct ng_container *ng_container_get_next(unsigned long *handle)
{
	struct ng_container *ct;

	rcu_read_lock();
	xa_for_each_start(&containers, *handle, ct, *handle)
		if (kref_get_unless_zero(&ct->ref))
			break;
	rcu_read_unlock();
	return ct;
}

void ng_container_put(struct ng_container *ct)
{
	kref_put(&ct->ref, destroy);
}

/**
 * ng_container_enter() - hold a container's topology for reading
 * @ct: the container
 * Return: 0; -EINTR on a fatal signal; -EINVAL after release().
 */
int ng_container_enter(struct ng_container *ct)
{
	int ret = down_read_killable(&ct->topology);

	if (ret)
		return ret;
	if (ct->released) {
		up_read(&ct->topology);
		return -EINVAL;
	}
	return 0;
}

/* As ng_container_enter(), but not killable. Return false if released. */
bool ng_container_enter_to_clean_up(struct ng_container *ct)
{
	down_read(&ct->topology);
	if (ct->released)
		up_read(&ct->topology);
	return !ct->released;
}

void ng_container_leave(struct ng_container *ct)
{
	up_read(&ct->topology);
}

/**
 * ng_container_rest() - drop the container's lock now and then, in a long loop
 * @ct: the container; @ct->lock is held
 * @steps: steps of the loop so far; 0 at first
 * Return: true if the lock was dropped meanwhile: anything may have changed.
 */
bool ng_container_rest(struct ng_container *ct, unsigned int *steps)
{
	lockdep_assert_held(&ct->lock);
	if (++*steps % NG_STEPS_BEFORE_REST)
		return false;
	mutex_unlock(&ct->lock);
	cond_resched();
	mutex_lock(&ct->lock);
	return true;
}
