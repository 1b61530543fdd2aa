/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_TRANSLATE_H
#define EMT_TRANSLATE_H

#include <linux/atomic.h>
#include <linux/errno.h>

struct dentry;

/**
 * struct emt_caller - a module for which attach errnos are translated
 * @name: as the kernel spells it, with underscores
 * @calls: number of its calls of the core's attach functions
 * @translated: number of these that returned -EMEDIUMTYPE instead
 */
struct emt_caller {
	const char *name;
	atomic_long_t calls;
	atomic_long_t translated;
};

void emt_translate_start(struct dentry *debugfs_dir);
void emt_translate_stop(void);
struct emt_caller *emt_find_caller(unsigned long address);

#ifdef CONFIG_KRETPROBES
int emt_probes_register(void);
void emt_probes_unregister(void);
unsigned long emt_probes_missed(void);
#else
static inline int emt_probes_register(void)
{
	return -EOPNOTSUPP;
}

static inline void emt_probes_unregister(void)
{
}

static inline unsigned long emt_probes_missed(void)
{
	return 0;
}
#endif

#endif
