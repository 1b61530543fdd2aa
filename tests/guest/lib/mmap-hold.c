// SPDX-License-Identifier: GPL-2.0-only
/* Hold another process's mmap lock, with fault/ng_mmap_hold.ko. */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "mmap-hold.h"
#include "module.h"

int mmap_hold(pid_t pid)
{
	char path[256], params[32];
	struct utsname uts;

	if (uname(&uts))
		return -errno;
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/test/ng_mmap_hold.ko", uts.release);
	snprintf(params, sizeof(params), "pid=%d", (int)pid);
	return module_load_file(path, params);
}

void mmap_let_go(void)
{
	if (module_loaded("ng_mmap_hold"))
		module_unload("ng_mmap_hold");
}
