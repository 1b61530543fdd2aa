// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_defect: do one thing wrong on request, to prove that a debug kernel reports it. For tests only.
 *
 *	insmod ng_defect.ko what=leak
 *
 * Each defect is harmless to what runs besides: it reads, or it breaks a rule and nothing else.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#define OBJECT_BYTES	200
#define LEAKED_OBJECTS	8

static char *what = "";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "lock-order, sleep, shift, refcount, use-after-free, out-of-bounds or leak");

static unsigned int sink;

static noinline void lock_order(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(other);

	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);

	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
}

static noinline void sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static noinline void shift(void)
{
	unsigned int bits = 40;

	OPTIMIZER_HIDE_VAR(bits);
	sink = 1 << bits;
}

static noinline void refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static noinline void use_after_free(void)
{
	u8 *object = kzalloc(OBJECT_BYTES, GFP_KERNEL);

	kfree(object);
	OPTIMIZER_HIDE_VAR(object);
	if (object)
		sink = READ_ONCE(object[OBJECT_BYTES / 2]);
}

static noinline void out_of_bounds(void)
{
	u8 *object = kzalloc(OBJECT_BYTES, GFP_KERNEL);
	unsigned int at = OBJECT_BYTES;

	OPTIMIZER_HIDE_VAR(at);
	if (object)
		sink = READ_ONCE(object[at]);
	kfree(object);
}

/* Several: a stale copy of a pointer somewhere on a stack hides one. */
static noinline void leak(void)
{
	unsigned int i;

	for (i = 0; i < LEAKED_OBJECTS; i++) {
		u8 *object = kzalloc(OBJECT_BYTES, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(object);
	}
}

static const struct {
	const char *name;
	void (*commit)(void);
} defects[] = {
	{ "lock-order", lock_order },
	{ "sleep", sleep },
	{ "shift", shift },
	{ "refcount", refcount },
	{ "use-after-free", use_after_free },
	{ "out-of-bounds", out_of_bounds },
	{ "leak", leak },
};

static int __init ng_defect_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		if (strcmp(what, defects[i].name))
			continue;
		defects[i].commit();
		return 0;
	}
	pr_err("there is no defect called \"%s\"\n", what);
	return -EINVAL;
}

static void __exit ng_defect_exit(void)
{
}

module_init(ng_defect_init);
module_exit(ng_defect_exit);
MODULE_DESCRIPTION("Do something wrong (test only)");
MODULE_LICENSE("GPL");
