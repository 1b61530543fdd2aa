// SPDX-License-Identifier: GPL-2.0-only
/* A side's devices: their groups in the container and out of it, and what the devices themselves do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../lib/edu.h"
#include "../lib/emulated.h"
#include "../lib/module.h"
#include "../lib/vfio.h"
#include "side.h"

static struct edu edus[FUZZ_EDUS];
static bool edu_is_open[FUZZ_EDUS];

static int keep_at(int fd, int number)
{
	if (fd < 0)
		return fd;
	dup3(fd, number, 0);
	close(fd);
	return number;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

long fuzz_attach(struct fuzz_side *side, unsigned int device)
{
	int fd = FUZZ_FD_GROUP + device, ret;

	if (!is_open(fd)) {
		ret = keep_at(group_open(side->group_number[device]), fd);
		if (ret < 0)
			fuzz_broken(side->shared, "%s: group %d cannot be opened: %s", fuzz_modules[side->which],
				    side->group_number[device], strerror(-ret));
	}
	ret = group_set_container(fd, FUZZ_FD_CONTAINER);
	if (ret && !(group_status(fd) & VFIO_GROUP_FLAGS_CONTAINER_SET))
		close(fd);
	return ret;
}

/* Every file of a device keeps its group in the container. */
static void close_device(struct fuzz_side *side, unsigned int device)
{
	if (device != FUZZ_EMULATED) {
		if (edu_is_open[device])
			edu_close(&edus[device]);
		edu_is_open[device] = false;
		return;
	}
	if (!is_open(FUZZ_FD_DEVICE + device))
		return;
	close(FUZZ_FD_DEVICE + device);
	fuzz_actors_close_device(side);
}

long fuzz_detach(struct fuzz_side *side, unsigned int device)
{
	int fd = FUZZ_FD_GROUP + device, ret;

	if (!is_open(fd))
		return -EBADF;
	close_device(side, device);
	ret = group_unset_container(fd);
	close(fd);
	return ret;
}

/* Which backend answers is not left to the order in which they were loaded, nor to the other side. */
static void pick_backend(const struct fuzz_side *side)
{
	if (module_param_set("ng_pick", "serve", side->which == FUZZ_STOCK ? "1" : "2"))
		fuzz_broken(side->shared, "ng_pick cannot be told which backend is to serve");
}

/* Before the container has a backend, the core asks all. */
long fuzz_check_extension(const struct fuzz_side *side, const struct fuzz_op *op)
{
	pick_backend(side);
	return container_check_extension(FUZZ_FD_CONTAINER, op->type);
}

/* Whether it was the right one is looked at afterwards. */
long fuzz_set_iommu(struct fuzz_side *side, const struct fuzz_op *op)
{
	const char *module = fuzz_modules[side->which];
	int before, ret;

	pick_backend(side);
	before = module_use_count(module);
	ret = container_set_iommu(FUZZ_FD_CONTAINER, op->type);
	if (module_use_count(module) != before + !ret)
		fuzz_broken(side->shared, "SET_IOMMU returned %d, and another backend than %s serves the container", ret, module);
	return ret;
}

void fuzz_leave_devices(void)
{
	unsigned int i;

	for (i = 0; i < FUZZ_EDUS; i++) {
		if (edu_is_open[i])
			edu_close(&edus[i]);
		edu_is_open[i] = false;
	}
	for (i = 0; i < FUZZ_DEVICES; i++)
		close(FUZZ_FD_GROUP + i);
}

static int emulated_file(struct fuzz_side *side)
{
	int fd = FUZZ_FD_DEVICE + FUZZ_EMULATED, ret;

	if (is_open(fd) || side->actor || !is_open(FUZZ_FD_GROUP + FUZZ_EMULATED))
		return fd;
	ret = keep_at(emulated_open(FUZZ_FD_GROUP + FUZZ_EMULATED, side->which), fd);
	return ret < 0 ? ret : fd;
}

long fuzz_access_pages(struct fuzz_side *side, const struct fuzz_op *op)
{
	uint8_t *data = (uint8_t *)FUZZ_AT(BITMAP), byte;
	int fd = emulated_file(side);

	memset(data, op->kind == FUZZ_READ ? FUZZ_CANARY : op->fill, FUZZ_PAGE);
	switch (op->kind) {
	case FUZZ_PIN:
		return emulated_pin(fd, op->iova, op->size, op->flags);
	case FUZZ_UNPIN:
		/* What is not pinned no driver may unpin. */
		if (emulated_page_read(fd, op->iova, &byte, 1))
			return -ENOENT;
		return emulated_unpin(fd, op->iova, 1);
	case FUZZ_READ:
		return emulated_read(fd, op->iova, data, op->size);
	case FUZZ_WRITE:
		return emulated_write(fd, op->iova, data, op->size);
	default:
		return emulated_page_write(fd, op->iova, data, op->size);
	}
}

long fuzz_dma(struct fuzz_side *side, const struct fuzz_op *op)
{
	struct edu *edu = &edus[op->device];
	int ret;

	if (!is_open(FUZZ_FD_GROUP + op->device))
		return -EBADF;
	if (!edu_is_open[op->device]) {
		ret = edu_open(edu, FUZZ_FD_GROUP + op->device, side->bdf[op->device]);
		if (ret)
			return ret;
		edu_is_open[op->device] = true;
	}
	ret = edu_read_memory(edu, op->iova, op->size);
	return ret ? ret : edu_write_memory(edu, op->target, op->size);
}
