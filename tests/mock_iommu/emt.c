// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking iommu_emt as a module would: attach a group to a domain of a given kind, and see what it says.
 *
 *	DEVICE WORD...
 *
 * The domain is allocated for DEVICE.  Words say what iommu_emt may see of it before the call:
 *
 * used			its aperture is in force, as drivers have it from the first attach on
 * dirty		it tracks dirty pages
 * foreign		another driver made it
 * same, other		it serves groups that have the IOMMU of DEVICE, or another: iommu_emt_join_group() is asked
 *
 * and what is asked besides:
 *
 * fresh		nothing is left to try: iommu_emt_attach_fresh() is asked
 * raw			iommu_attach_group() is asked, without iommu_emt; after a refusal it is asked again, for the group to
 *			be detached and go home
 * beside=N		while that call is under way, another one attaches the group of device N
 *
 * The groups must not be owned by anyone.  The file shows what was returned, how often the driver
 * was asked to attach a device, what the call beside returned; and how many devices of the group a
 * raw call that was refused has left on the domain, and how many nowhere.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include <compat/iommu.h>
#include <iommu_emt/iommu_emt.h>

#include "compat/ops.h"
#include "emt.h"
#include "mock_iommu.h"

/* What iommu_emt is asked for. */
struct attempt {
	struct mock_device *device;
	struct iommu_domain *domain;
	struct iommu_group *group;
	const struct iommu_device *instance;	/* of the groups it serves, or NULL */
	bool fresh;
	bool raw;
	struct mock_device *beside;		/* attached at the same time, or NULL */
};

static int returned, beside_returned;
static long asked;
static unsigned int left, nowhere;

static int call_attach(struct iommu_domain *domain, struct iommu_group *group)
{
	typeof(&iommu_emt_attach_group) attach = symbol_get(iommu_emt_attach_group);
	int ret;

	if (!attach)
		return -ENOENT;
	ret = attach(domain, group);
	symbol_put(iommu_emt_attach_group);
	return ret;
}

static int call_fresh(struct iommu_domain *domain, struct iommu_group *group)
{
	typeof(&iommu_emt_attach_fresh) attach = symbol_get(iommu_emt_attach_fresh);
	int ret;

	if (!attach)
		return -ENOENT;
	ret = attach(domain, group);
	symbol_put(iommu_emt_attach_fresh);
	return ret;
}

static int call_join(const struct attempt *attempt)
{
	typeof(&iommu_emt_join_group) join = symbol_get(iommu_emt_join_group);
	int ret;

	if (!join)
		return -ENOENT;
	ret = join(attempt->domain, attempt->group, attempt->instance);
	symbol_put(iommu_emt_join_group);
	return ret;
}

/* Where does the core leave the devices of a group that was refused? */
static void look_after_refusal(const struct attempt *attempt)
{
	unsigned int i;

	mutex_lock(&mock_lock);
	for (i = 0; i < mock_nr_devices; i++) {
		const struct mock_device *device = &mock_devices[i];

		if (device->group != attempt->device->group)
			continue;
		left += device->place == MOCK_TRANSLATED && &device->domain->domain == attempt->domain;
		nowhere += device->place == MOCK_NOWHERE;
	}
	mutex_unlock(&mock_lock);
}

static int call_raw(const struct attempt *attempt)
{
	int ret = iommu_attach_group(attempt->domain, attempt->group);

	if (!ret)
		return 0;
	look_after_refusal(attempt);
	if (!iommu_attach_group(attempt->domain, attempt->group))
		iommu_detach_group(attempt->domain, attempt->group);
	return ret;
}

static int call_one(const struct attempt *attempt)
{
	if (attempt->raw)
		return call_raw(attempt);
	if (attempt->fresh)
		return call_fresh(attempt->domain, attempt->group);
	return attempt->instance ? call_join(attempt) : call_attach(attempt->domain, attempt->group);
}

/* Comes when the call beside it has reached the driver, which takes mock_policy.attach_ms. */
static int call_beside(void *data)
{
	const struct attempt *attempt = data;
	struct iommu_group *group = iommu_group_get(attempt->beside->dev);
	int ret;

	msleep(mock_policy.attach_ms / 2);
	ret = call_attach(attempt->domain, group);
	if (!ret)
		iommu_detach_group(attempt->domain, group);
	iommu_group_put(group);
	return ret;
}

static int call_both(struct attempt *attempt)
{
	struct task_struct *thread = kthread_create(call_beside, attempt, "mock_emt");
	int ret;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	/* It may be gone before it is asked what it returned. */
	get_task_struct(thread);
	wake_up_process(thread);
	ret = call_one(attempt);
	beside_returned = kthread_stop(thread);
	put_task_struct(thread);
	return ret;
}

static void call(struct attempt *attempt)
{
	const long before = mock_attempts();

	beside_returned = 0;
	left = 0;
	nowhere = 0;
	returned = attempt->beside ? call_both(attempt) : call_one(attempt);
	asked = mock_attempts() - before;
	if (!returned)
		iommu_detach_group(attempt->domain, attempt->group);
}

static int set_beside(struct attempt *attempt, const char *number)
{
	unsigned int id;
	int ret = kstrtouint(number, 0, &id);

	if (ret)
		return ret;
	if (id >= mock_nr_devices)
		return -ENODEV;
	attempt->beside = &mock_devices[id];
	return 0;
}

static int set_word(struct attempt *attempt, const char *word)
{
	unsigned int next = (attempt->device->instance->id + 1) % mock_nr_instances;

	if (!strcmp(word, "used")) {
		attempt->domain->geometry.force_aperture = true;
		return 0;
	}
	if (!strcmp(word, "dirty")) {
		mock_ops_track_dirty(attempt->domain);
		return 0;
	}
	if (!strcmp(word, "foreign")) {
		mock_ops_disguise(attempt->domain, true);
		return 0;
	}
	if (!strcmp(word, "fresh")) {
		attempt->fresh = true;
		return 0;
	}
	if (!strcmp(word, "raw")) {
		attempt->raw = true;
		return 0;
	}
	if (str_has_prefix(word, "beside="))
		return set_beside(attempt, word + strlen("beside="));
	if (!strcmp(word, "same"))
		attempt->instance = &attempt->device->instance->iommu;
	else if (!strcmp(word, "other"))
		attempt->instance = &mock_instances[next].iommu;
	else
		return -EINVAL;
	return 0;
}

static int ask(struct mock_device *device, char *words)
{
	struct attempt attempt = { .device = device };
	char *word;
	int ret = 0;

	attempt.group = iommu_group_get(device->dev);
	if (!attempt.group)
		return -ENODEV;
	attempt.domain = compat_paging_domain_alloc(device->dev);
	if (IS_ERR(attempt.domain)) {
		ret = PTR_ERR(attempt.domain);
		goto put;
	}
	attempt.domain->geometry.force_aperture = false;
	while (!ret && (word = strsep(&words, " ")))
		ret = *word ? set_word(&attempt, word) : 0;
	if (!ret)
		call(&attempt);
	mock_ops_disguise(attempt.domain, false);
	/* A leak is what the contract demands. */
	if (ret || returned != -ENOTRECOVERABLE)
		iommu_domain_free(attempt.domain);
put:
	iommu_group_put(attempt.group);
	return ret;
}

/* Asks once, as the line says.  Returns 0 if iommu_emt was asked, or a negative errno. */
int mock_emt_ask(char *line)
{
	char *number = strsep(&line, " ");
	unsigned int id;
	int ret;

	ret = kstrtouint(number, 0, &id);
	if (ret)
		return ret;
	return id < mock_nr_devices ? ask(&mock_devices[id], line) : -ENODEV;
}

void mock_emt_show(struct seq_file *seq)
{
	seq_printf(seq, "returned %d\nasked %ld\nbeside %d\nleft %u\nnowhere %u\n", returned, asked, beside_returned, left,
		   nowhere);
}
