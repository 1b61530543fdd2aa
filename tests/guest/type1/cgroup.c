// SPDX-License-Identifier: GPL-2.0-only
/* A memory cgroup; see cgroup.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/file.h"
#include "cgroup.h"
#include "test.h"

#define CGROUPS	"/tmp/cgroup"

void cgroup_make(void)
{
	if (mkdir(CGROUPS, 0700) && errno != EEXIST)
		test_skip("no place for cgroups");
	if (access(CGROUPS "/cgroup.procs", F_OK) && mount("none", CGROUPS, "cgroup2", 0, NULL))
		test_skip("no cgroups");
	if (file_write(CGROUPS "/cgroup.subtree_control", "+memory"))
		test_skip("no memory cgroups");
	if (mkdir(CGROUP, 0700) && errno != EEXIST)
		test_skip("no memory cgroup can be made");
}

void cgroup_remove(void)
{
	rmdir(CGROUP);
}

/* Open since before memory is short: an open file is charged, too. */
static int limit_fd = -1;

static void set_limit(const char *text)
{
	EQ(pwrite(limit_fd, text, strlen(text), 0), (long long)strlen(text));
}

void cgroup_enter(void)
{
	char pid[16];

	limit_fd = OK(open(CGROUP "/memory.max", O_WRONLY | O_CLOEXEC));
	snprintf(pid, sizeof(pid), "%d", getpid());
	OK(file_write(CGROUP "/cgroup.procs", pid));
}

long long cgroup_used(void)
{
	return OK(file_read_number(CGROUP "/memory.current"));
}

void cgroup_leave(size_t bytes)
{
	char limit[24];

	snprintf(limit, sizeof(limit), "%lld", cgroup_used() + (long long)bytes);
	set_limit(limit);
}

void cgroup_unlimit(void)
{
	set_limit("max");
}
