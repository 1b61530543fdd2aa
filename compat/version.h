/* SPDX-License-Identifier: GPL-2.0-only */
/* The newest kernel that is tested; compat/unfit-kernel reads the numbers. */
#ifndef COMPAT_VERSION_H
#define COMPAT_VERSION_H

#include <linux/types.h>
#include <linux/version.h>

#define COMPAT_NEWEST_MAJOR	7
#define COMPAT_NEWEST_MINOR	3

static inline bool compat_kernel_is_untested(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(COMPAT_NEWEST_MAJOR, COMPAT_NEWEST_MINOR + 1, 0);
}

#endif
