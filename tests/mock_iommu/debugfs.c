// SPDX-License-Identifier: GPL-2.0-only
/* What tests read and tell: the files of /sys/kernel/debug/mock_iommu, see main.c. */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "emt.h"
#include "mock_iommu.h"

#define MOCK_LINE_SIZE	128

/* Calls @tell with the line that was written, without its newline. */
static ssize_t tell_line(const char __user *ubuf, size_t count, void *data, int (*tell)(void *data, char *line))
{
	char *line;
	int ret;

	if (count >= MOCK_LINE_SIZE)
		return -EINVAL;
	line = memdup_user_nul(ubuf, count);
	if (IS_ERR(line))
		return PTR_ERR(line);
	ret = tell(data, strim(line));
	kfree(line);
	return ret ?: count;
}

static int no_line(void *data, char *line)
{
	return -EINVAL;
}

/* A file that shows text and is told lines. */
struct text_file {
	void (*show)(struct seq_file *seq);
	int (*tell)(void *data, char *line);
};

static int text_show(struct seq_file *seq, void *unused)
{
	const struct text_file *file = seq->private;

	file->show(seq);
	return 0;
}

static int text_open(struct inode *inode, struct file *file)
{
	return single_open(file, text_show, inode->i_private);
}

static ssize_t text_write(struct file *file, const char __user *ubuf, size_t count, loff_t *pos)
{
	const struct text_file *text = file_inode(file)->i_private;

	return tell_line(ubuf, count, NULL, text->tell);
}

static const struct file_operations text_fops = {
	.owner = THIS_MODULE,
	.open = text_open,
	.read = seq_read,
	.write = text_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void show_nothing(struct seq_file *seq)
{
}

static void show_devices(struct seq_file *seq)
{
	unsigned int i;

	mutex_lock(&mock_lock);
	for (i = 0; i < mock_nr_devices; i++) {
		struct mock_device *device = &mock_devices[i];
		struct iommu_group *group = iommu_group_get(device->dev);

		seq_printf(seq, "device %u group %d member %u iommu %u in %s %u\n", device->id,
			   group ? iommu_group_id(group) : -1, device->member, device->instance->id,
			   mock_place_name(device->place), device->domain ? device->domain->id : 0);
		iommu_group_put(group);
	}
	mutex_unlock(&mock_lock);
}

static int tell_answer(void *data, char *line)
{
	if (strcmp(line, "forget"))
		return mock_answer_tell(line);
	mock_answers_forget();
	return 0;
}

static int tell_counters(void *data, char *line)
{
	mock_counters_reset();
	return 0;
}

static int tell_reset(void *data, char *line)
{
	mock_answers_forget();
	mock_policy_reset();
	mock_instances_reset();
	return 0;
}

static int tell_pose(void *data, char *line)
{
	char *prefix = strsep(&line, " ");

	return line ? mock_pose(prefix, line) : -EINVAL;
}

static int tell_emt(void *data, char *line)
{
	return mock_emt_ask(line);
}

static const struct text_file devices_file = { show_devices, no_line };
static const struct text_file domains_file = { mock_domains_show, no_line };
static const struct text_file counters_file = { mock_counters_show, tell_counters };
static const struct text_file answers_file = { mock_answers_show, tell_answer };
static const struct text_file reset_file = { show_nothing, tell_reset };
static const struct text_file pose_file = { show_nothing, tell_pose };
static const struct text_file emt_file = { mock_emt_show, tell_emt };

static void add_text(const char *name, struct dentry *dir, const struct text_file *file)
{
	debugfs_create_file(name, 0600, dir, (void *)file, &text_fops);
}

/* --- reserved regions --- */

static int tell_reserved(void *data, char *line)
{
	static const struct {
		const char *name;
		enum iommu_resv_type type;
	} types[] = {
		{ "direct", IOMMU_RESV_DIRECT }, { "reserved", IOMMU_RESV_RESERVED },
		{ "msi", IOMMU_RESV_MSI }, { "sw_msi", IOMMU_RESV_SW_MSI },
		{ "relaxable", IOMMU_RESV_DIRECT_RELAXABLE },
	};
	struct mock_instance *instance = data;
	struct mock_reserved reserved;
	char type[16];
	unsigned int i;

	if (sscanf(line, "%lli %lli %15s", &reserved.first, &reserved.last, type) != 3)
		return -EINVAL;
	if (reserved.first > reserved.last)
		return -EINVAL;
	if (instance->nr_reserved == MOCK_MAX_RESERVED)
		return -ENOSPC;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(type, types[i].name))
			continue;
		reserved.type = types[i].type;
		instance->reserved[instance->nr_reserved++] = reserved;
		return 0;
	}
	return -EINVAL;
}

static ssize_t reserved_write(struct file *file, const char __user *ubuf, size_t count, loff_t *pos)
{
	return tell_line(ubuf, count, file_inode(file)->i_private, tell_reserved);
}

static const struct file_operations reserved_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = reserved_write,
};

static void add_instance(struct mock_instance *instance, struct dentry *parent)
{
	struct dentry *dir;
	char name[16];

	snprintf(name, sizeof(name), "iommu%u", instance->id);
	dir = debugfs_create_dir(name, parent);
	debugfs_create_bool("coherent", 0600, dir, &instance->coherent);
	debugfs_create_bool("dirty", 0600, dir, &instance->dirty);
	debugfs_create_x64("pgsizes", 0600, dir, &instance->pgsizes);
	debugfs_create_x64("first", 0600, dir, &instance->first);
	debugfs_create_x64("last", 0600, dir, &instance->last);
	debugfs_create_file("reserved", 0200, dir, instance, &reserved_fops);
}

/* --- DMA --- */

static ssize_t dma_read(struct file *file, char __user *ubuf, size_t count, loff_t *pos)
{
	void *buf;
	int ret;

	count = min_t(size_t, count, PAGE_SIZE);
	buf = kzalloc(count, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	ret = mock_dma(file_inode(file)->i_private, *pos, buf, count, false);
	if (!ret && copy_to_user(ubuf, buf, count))
		ret = -EFAULT;
	kfree(buf);
	return ret ?: count;
}

static ssize_t dma_write(struct file *file, const char __user *ubuf, size_t count, loff_t *pos)
{
	void *buf;
	int ret;

	count = min_t(size_t, count, PAGE_SIZE);
	buf = memdup_user(ubuf, count);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = mock_dma(file_inode(file)->i_private, *pos, buf, count, true);
	kfree(buf);
	return ret ?: count;
}

static const struct file_operations dma_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = dma_read,
	.write = dma_write,
	.llseek = default_llseek,
};

static void add_dma(struct mock_device *device, struct dentry *dir)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", device->id);
	debugfs_create_file(name, 0600, dir, device, &dma_fops);
}

void mock_debugfs_add(void)
{
	struct dentry *root = debugfs_create_dir("mock_iommu", NULL);
	struct dentry *dma = debugfs_create_dir("dma", root);
	unsigned int i;

	add_text("devices", root, &devices_file);
	add_text("domains", root, &domains_file);
	add_text("counters", root, &counters_file);
	add_text("answers", root, &answers_file);
	add_text("reset", root, &reset_file);
	add_text("pose", root, &pose_file);
	add_text("emt", root, &emt_file);
	debugfs_create_u32("foreign_errno", 0600, root, &mock_policy.foreign_errno);
	debugfs_create_u32("incoherent_errno", 0600, root, &mock_policy.incoherent_errno);
	debugfs_create_bool("refusal_drops", 0600, root, &mock_policy.refusal_drops);
	debugfs_create_bool("failed_map_stays", 0600, root, &mock_policy.failed_map_stays);
	debugfs_create_u32("attach_ms", 0600, root, &mock_policy.attach_ms);
	for (i = 0; i < mock_nr_instances; i++)
		add_instance(&mock_instances[i], root);
	for (i = 0; i < mock_nr_devices; i++)
		add_dma(&mock_devices[i], dma);
}
