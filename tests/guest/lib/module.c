// SPDX-License-Identifier: GPL-2.0-only
/* Kernel modules as a test sees them: loaded, used, their parameters. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "module.h"

bool module_loaded(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

int module_use_count(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	return file_read_number(path);
}

int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

int module_load_file(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

int module_modprobe(const char *name)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		execl("/sbin/modprobe", "modprobe", name, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static void param_path(char *path, size_t size, const char *module, const char *param)
{
	snprintf(path, size, "/sys/module/%s/parameters/%s", module, param);
}

int module_param_get(const char *module, const char *param, char *buf, size_t size)
{
	char path[160];

	param_path(path, sizeof(path), module, param);
	return file_read(path, buf, size);
}

int module_param_set(const char *module, const char *param, const char *value)
{
	char path[160];

	param_path(path, sizeof(path), module, param);
	return file_write(path, value);
}

int module_param_mode(const char *module, const char *param)
{
	struct stat st;
	char path[160];

	param_path(path, sizeof(path), module, param);
	return stat(path, &st) ? -errno : (int)(st.st_mode & 0777);
}
