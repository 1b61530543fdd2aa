// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small memory cgroups, in which processes are killed for want of memory; they have to go when
 * their processes have gone.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/file.h"
#include "soak.h"

#define CGROUPS	"/tmp/cgroup"

/* Programs under names by which the kernel log tells whose end was expected. */
static void name_programs(void)
{
	unlink("/tmp/soak-tight");
	unlink("/tmp/soak-actor");
	if (symlink("/bin/type1-soak", "/tmp/soak-tight") ||
	    symlink("/bin/type1-soak", "/tmp/soak-actor"))
		perror("soak: symlink");
}

/*
 * The first cgroup makes the kernel patch its code, which crashes some under TCG while another CPU
 * is busy. So let it be now.
 */
static void make_first(void)
{
	mkdir(CGROUPS "/first", 0700);
	rmdir(CGROUPS "/first");
}

bool soak_tight_prepare(void)
{
	name_programs();
	if (mkdir(CGROUPS, 0700) && errno != EEXIST)
		return false;
	if (access(CGROUPS "/cgroup.procs", F_OK) && mount("none", CGROUPS, "cgroup2", 0, NULL))
		return false;
	if (file_write(CGROUPS "/cgroup.subtree_control", "+memory"))
		return false;
	make_first();
	return true;
}

void soak_tight_enter(uint32_t number, uint64_t bytes)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), CGROUPS "/%u", number);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), CGROUPS "/%u/memory.max", number);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	file_write(path, text);
	snprintf(path, sizeof(path), CGROUPS "/%u/cgroup.procs", number);
	snprintf(text, sizeof(text), "%d", getpid());
	file_write(path, text);
}

/* How many processes were killed in those that go now, or -1 if one stays. */
int soak_tight_remove(void)
{
	struct dirent *entry;
	int killed = 0;
	char path[320];
	DIR *dir;

	dir = opendir(CGROUPS);
	if (!dir)
		return 0;
	while (killed >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), CGROUPS "/%s/memory.events", entry->d_name);
		killed += file_read_key(path, "oom_kill");
		snprintf(path, sizeof(path), CGROUPS "/%s", entry->d_name);
		if (rmdir(path))
			killed = -1;
	}
	closedir(dir);
	return killed;
}

/* Removed ones that something still holds. */
long long soak_tight_held(void)
{
	long long held = file_read_key(CGROUPS "/cgroup.stat", "nr_dying_descendants");

	return held < 0 ? 0 : held;
}
