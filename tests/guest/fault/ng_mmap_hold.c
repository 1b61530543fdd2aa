// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_mmap_hold: hold a process's mmap lock for reading, from load to unload. For tests only.
 *
 *	insmod ng_mmap_hold.ko pid=123
 *
 * As a thread of that process does whose fault waits for a FUSE server.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

static int pid;
module_param(pid, int, 0444);
MODULE_PARM_DESC(pid, "whose lock");

static DECLARE_COMPLETION(held);
static struct task_struct *holder;
static struct mm_struct *mm;

static int hold(void *unused)
{
	mmap_read_lock(mm);
	complete(&held);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	mmap_read_unlock(mm);
	return 0;
}

static struct mm_struct *find_mm(void)
{
	struct pid *number = find_get_pid(pid);
	struct task_struct *task = get_pid_task(number, PIDTYPE_PID);
	struct mm_struct *found = task ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	put_pid(number);
	return found;
}

static int __init ng_mmap_hold_init(void)
{
	mm = find_mm();
	if (!mm)
		return -ESRCH;
	holder = kthread_run(hold, NULL, "ng_mmap_hold");
	if (IS_ERR(holder)) {
		mmput(mm);
		return PTR_ERR(holder);
	}
	wait_for_completion(&held);
	return 0;
}

static void __exit ng_mmap_hold_exit(void)
{
	kthread_stop(holder);
	mmput(mm);
}

module_init(ng_mmap_hold_init);
module_exit(ng_mmap_hold_exit);
MODULE_DESCRIPTION("Hold a process's mmap lock (test only)");
MODULE_LICENSE("GPL");
