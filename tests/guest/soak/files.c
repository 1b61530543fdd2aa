// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an actor does with containers, groups and devices: open, attach, detach, close, in any
 * order.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/emulated.h"
#include "../lib/vfio.h"
#include "soak.h"

int soak_keep_at(int fd, int number)
{
	if (fd < 0)
		return fd;
	dup3(fd, number, 0);
	close(fd);
	return number;
}

bool soak_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* One of the files with these numbers that are open, or -EBADF. */
int soak_some_file(struct soak_actor *me, int first, unsigned int n)
{
	unsigned int i, start = fuzz_below(&me->random, n);

	for (i = 0; i < n; i++)
		if (soak_is_open(first + (start + i) % n))
			return first + (start + i) % n;
	return -EBADF;
}

int soak_free_file(int first, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!soak_is_open(first + i))
			return first + i;
	return -EMFILE;
}

void soak_close_all(struct soak_actor *me)
{
	/* Devices are not first on purpose. */
	(void)me;
	syscall(SYS_close_range, SOAK_FD_CONTAINER, ~0U, 0);
}

/* Files that were handed on and that nobody took. */
void soak_empty_pool(void)
{
	char byte[16];

	while (recv(SOAK_FD_RECEIVE, byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		;
}

/* A device that was plugged in anew may have another group. */
int soak_group_number(struct soak_shared *shared, unsigned int device)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t n;

	if (device >= shared->nr_pci)
		return emulated_group(device - shared->nr_pci);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", shared->bdf[device]);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	return atoi(strrchr(link, '/') + 1);
}

static int device_of(int group)
{
	return group - SOAK_FD_GROUP + SOAK_FD_DEVICE;
}

static long open_device(struct soak_actor *me, int group)
{
	unsigned int device = me->slot->device[group - SOAK_FD_GROUP];
	int fd;

	if (device < me->shared->nr_pci)
		fd = group_get_device(group, me->shared->bdf[device]);
	else
		fd = emulated_open(group, device - me->shared->nr_pci);
	return soak_keep_at(fd, device_of(group));
}

/* Those without an IOMMU are few, and pins need one. */
static unsigned int some_device(struct soak_actor *me)
{
	unsigned int emulated = me->shared->nr_devices - me->shared->nr_pci;

	if (emulated && fuzz_percent(&me->random, 40))
		return me->shared->nr_pci + fuzz_below(&me->random, emulated);
	return fuzz_below(&me->random, me->shared->nr_devices);
}

/* A group has one file, which others may have. */
static int open_some_group(struct soak_actor *me, int file)
{
	unsigned int tries = 4;
	int ret = -EBUSY;

	while (tries-- && ret < 0) {
		unsigned int device = some_device(me);

		ret = soak_group_number(me->shared, device);
		if (ret >= 0)
			ret = soak_keep_at(group_open(ret), file);
		me->slot->device[file - SOAK_FD_GROUP] = device;
	}
	return ret;
}

long soak_attach(struct soak_actor *me)
{
	int container = soak_some_file(me, SOAK_FD_CONTAINER, SOAK_CONTAINERS);
	int file = soak_free_file(SOAK_FD_GROUP, SOAK_GROUPS);
	int ret;

	if (container < 0 || file < 0)
		return -EBADF;
	ret = open_some_group(me, file);
	if (ret < 0)
		return ret;
	ret = group_set_container(file, container);
	if (ret && fuzz_percent(&me->random, 80))
		close(file);
	/* Fails if it has one, which is right. */
	container_set_iommu(container,
			    fuzz_percent(&me->random, 80) ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU);
	if (!ret && fuzz_percent(&me->random, 40))
		open_device(me, file);
	return ret;
}

long soak_open(struct soak_actor *me)
{
	int file = soak_free_file(SOAK_FD_CONTAINER, SOAK_CONTAINERS);
	int ret;

	if (file < 0)
		return soak_attach(me);
	ret = soak_keep_at(container_open(), file);
	return ret < 0 ? ret : soak_attach(me);
}

long soak_close(struct soak_actor *me)
{
	int file = soak_some_file(me, SOAK_FD_CONTAINER, SOAK_CONTAINERS);

	return file < 0 ? file : close(file);
}

long soak_detach(struct soak_actor *me)
{
	int group = soak_some_file(me, SOAK_FD_GROUP, SOAK_GROUPS);
	int ret;

	if (group < 0)
		return group;
	if (fuzz_percent(&me->random, 70))
		close(device_of(group));
	ret = group_unset_container(group);
	if (fuzz_percent(&me->random, 80))
		close(group);
	return ret;
}

/* Without a word; its device may stay open. */
long soak_leave(struct soak_actor *me)
{
	int group = soak_some_file(me, SOAK_FD_GROUP, SOAK_GROUPS);

	return group < 0 ? group : close(group);
}

long soak_device(struct soak_actor *me)
{
	int group = soak_some_file(me, SOAK_FD_GROUP, SOAK_GROUPS);

	return group < 0 ? group : open_device(me, group);
}

long soak_device_close(struct soak_actor *me)
{
	int file = soak_some_file(me, SOAK_FD_DEVICE, SOAK_GROUPS);

	return file < 0 ? file : close(file);
}
