// SPDX-License-Identifier: GPL-2.0-only
/*
 * translate=module[,module]: the attach contract for modules that call
 * iommu_attach_group() and iommu_attach_device() themselves. The caller of each
 * call is looked up in the kernel's symbols, by the name of its module, so
 * modules may be loaded and unloaded at any time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "translate.h"

#define MAX_CALLERS	8

static char *translate[MAX_CALLERS];
static unsigned int nr_named;
module_param_array(translate, charp, &nr_named, 0444);
MODULE_PARM_DESC(translate, "modules whose calls of iommu_attach_group() and iommu_attach_device() return -EMEDIUMTYPE for an incompatible domain (default: none)");

/* Empty if a name or the kernel is unsuitable. */
static struct emt_caller callers[MAX_CALLERS];
static unsigned int nr_callers;

/* Preemption must be off, so that the module stays. NULL if not named. */
struct emt_caller *emt_find_caller(unsigned long address)
{
	char text[KSYM_SYMBOL_LEN];
	char *module, *end;
	unsigned int i;

	/* "function+0x1/0x2 [module]"; no brackets for the kernel itself */
	sprint_symbol(text, address);
	module = strrchr(text, '[');
	end = module ? strchr(module, ']') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	for (i = 0; i < nr_callers; i++)
		if (!strcmp(module + 1, callers[i].name))
			return &callers[i];
	return NULL;
}

/* Without CONFIG_KALLSYMS not even this module has a name. */
static bool symbols_name_modules(void)
{
	char text[KSYM_SYMBOL_LEN];

	sprint_symbol(text, (unsigned long)emt_find_caller);
	return strstr(text, "[" KBUILD_MODNAME "]");
}

/* Built-in code is in /sys/module only if it has parameters or a version. */
static bool is_built_in(const char *name)
{
	struct kobject *kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, name);
	bool built_in = kobj && !container_of(kobj, struct module_kobject, kobj)->mod;

	kobject_put(kobj);
	return built_in;
}

static bool is_module_name(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isalnum(*c) && *c != '_')
			return false;
	return c != name && c - name < MODULE_NAME_LEN;
}

static bool is_named_before(unsigned int i)
{
	unsigned int other;

	for (other = 0; other < i; other++)
		if (!strcmp(translate[other], translate[i]))
			return true;
	return false;
}

static const char *why_refused(unsigned int i)
{
	const char *name = translate[i];

	if (!is_module_name(name))
		return "that is not the name of a module; give names as lsmod shows them, with commas between them";
	if (is_named_before(i))
		return "it is named twice";
	if (!strcmp(name, "iommufd"))
		return "iommufd depends on the kernel's own -EINVAL and would refuse devices that it serves now; leave it out";
	if (!strcmp(name, KBUILD_MODNAME) || !strcmp(name, "vfio_type1_ng"))
		return "its calls need no translation; leave it out";
	if (is_built_in(name))
		return "it is built into the kernel, and only calls from modules can be translated; leave it out";
	return NULL;
}

static bool take_names(void)
{
	const char *why;
	unsigned int i;

	for (i = 0; i < nr_named; i++) {
		/* modprobe accepts both. */
		strreplace(translate[i], '-', '_');
		why = why_refused(i);
		if (why) {
			pr_err("translate: %s is refused: %s. Until that is mended and this module loaded again, nothing is translated.\n",
			       *translate[i] ? translate[i] : "an empty name", why);
			return false;
		}
		callers[i].name = translate[i];
	}
	return true;
}

static int translate_show(struct seq_file *file, void *unused)
{
	unsigned int i;

	for (i = 0; i < nr_callers; i++)
		seq_printf(file, "%s: calls %ld, translated %ld\n", callers[i].name,
			   atomic_long_read(&callers[i].calls), atomic_long_read(&callers[i].translated));
	seq_printf(file, "missed: %lu\n", emt_probes_missed());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(translate);

/* @debugfs_dir must go before emt_translate_stop(). Errors are only logged. */
void emt_translate_start(struct dentry *debugfs_dir)
{
	int ret;

	/* "translate=" is a list of one empty name. */
	if (!nr_named || (nr_named == 1 && !*translate[0]))
		return;

	if (!take_names())
		return;
	if (!symbols_name_modules()) {
		pr_err("translate: this kernel has no symbol names (CONFIG_KALLSYMS) to tell callers apart by, so nothing is translated. Leave the parameter out.\n");
		return;
	}
	nr_callers = nr_named;
	ret = emt_probes_register();
	if (ret) {
		nr_callers = 0;
		pr_err("translate: this kernel's attach functions cannot be probed (%d), so nothing is translated. It needs CONFIG_KRETPROBES; or leave the parameter out.\n",
		       ret);
		return;
	}
	debugfs_create_file("translate", 0400, debugfs_dir, NULL, &translate_fops);
}

void emt_translate_stop(void)
{
	if (nr_callers)
		emt_probes_unregister();
}
