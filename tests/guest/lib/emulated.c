// SPDX-License-Identifier: GPL-2.0-only
/* The devices of emulated/ from user space. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "emulated.h"
#include "vfio.h"

int emulated_group(unsigned int n)
{
	static const char *const buses[] = { "platform", "mdev" };
	char path[PATH_MAX], link[PATH_MAX];
	unsigned int i;
	ssize_t len;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/bus/%s/devices/ng_emulated.%u/iommu_group", buses[i], n);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		return atoi(strrchr(link, '/') + 1);
	}
	return -ENOENT;
}

int emulated_open(int group, unsigned int n)
{
	char name[32];

	snprintf(name, sizeof(name), "ng_emulated.%u", n);
	return group_get_device(group, name);
}

static int pages(int fd, unsigned long cmd, uint64_t iova, int npages, uint32_t prot)
{
	struct ng_emulated_pages request = { .iova = iova, .npages = npages, .prot = prot };

	return raw_ioctl(fd, cmd, &request);
}

int emulated_pin(int fd, uint64_t iova, int npages, uint32_t prot)
{
	return pages(fd, NG_EMULATED_PIN, iova, npages, prot);
}

int emulated_unpin(int fd, uint64_t iova, int npages)
{
	return pages(fd, NG_EMULATED_UNPIN, iova, npages, 0);
}

static int rw(int fd, unsigned long cmd, struct ng_emulated_rw request, const void *buf)
{
	request.buffer = (uintptr_t)buf;
	return raw_ioctl(fd, cmd, &request);
}

int emulated_read(int fd, uint64_t iova, void *buf, size_t bytes)
{
	return rw(fd, NG_EMULATED_RW, (struct ng_emulated_rw){ .iova = iova, .bytes = bytes }, buf);
}

int emulated_write(int fd, uint64_t iova, const void *buf, size_t bytes)
{
	return rw(fd, NG_EMULATED_RW, (struct ng_emulated_rw){ .iova = iova, .bytes = bytes, .write = 1 }, buf);
}

int emulated_rw_from_kthread(int fd, uint64_t iova, void *buf, size_t bytes, bool write)
{
	return rw(fd, NG_EMULATED_RW,
		  (struct ng_emulated_rw){ .iova = iova, .bytes = bytes, .write = write, .from_kthread = 1 }, buf);
}

int emulated_page_read(int fd, uint64_t iova, void *buf, size_t bytes)
{
	return rw(fd, NG_EMULATED_TOUCH, (struct ng_emulated_rw){ .iova = iova, .bytes = bytes }, buf);
}

int emulated_page_write(int fd, uint64_t iova, const void *buf, size_t bytes)
{
	return rw(fd, NG_EMULATED_TOUCH, (struct ng_emulated_rw){ .iova = iova, .bytes = bytes, .write = 1 }, buf);
}

int emulated_behave(int fd, enum ng_emulated_manners manners)
{
	int ret = ioctl(fd, NG_EMULATED_BEHAVE, manners);

	return ret < 0 ? -errno : ret;
}

int emulated_mend(int fd)
{
	int ret = ioctl(fd, NG_EMULATED_MEND, 0);

	return ret < 0 ? -errno : ret;
}

int emulated_listen(int fd, unsigned long events)
{
	int ret = ioctl(fd, NG_EMULATED_LISTEN, events);

	return ret < 0 ? -errno : ret;
}

int emulated_told(int fd, struct ng_emulated_told *told)
{
	return raw_ioctl(fd, NG_EMULATED_TOLD, told);
}
