// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's virtio-rng device, driven as the virtio specification has it: one queue with room for one request. */
#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"
#include "rng.h"
#include "vfio.h"

#define STATUS_FOUND	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define FEATURES	(UINT64_C(1) << VIRTIO_F_VERSION_1 | UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM)

#define POLL_US		2000
#define POLL_TRIES	5000

/* The parts of the queue; the specification aligns them to 16, 2 and 4 bytes. */
struct ring {
	struct vring_desc desc;
	struct {
		uint16_t flags, idx, ring[1];
	} avail;
	struct {
		uint16_t flags, idx;
		struct vring_used_elem ring[1];
	} used __attribute__((aligned(4)));
};

/* Registers and configuration are little-endian, whatever the machine. */
static int peek(const struct rng *rng, uint64_t at, void *value, size_t bytes)
{
	return pread(rng->fd, value, bytes, at) == (ssize_t)bytes ? 0 : -EIO;
}

static int poke(const struct rng *rng, uint64_t at, uint32_t value, size_t bytes)
{
	const uint32_t little = htole32(value);

	return pwrite(rng->fd, &little, bytes, at) == (ssize_t)bytes ? 0 : -EIO;
}

/* Registers: REGISTER(rng, queue_size) is where one is, SET() writes it. */
#define REGISTER(rng, name)	((rng)->common + offsetof(struct virtio_pci_common_cfg, name))
#define SET(rng, name, value)	poke(rng, REGISTER(rng, name), value, sizeof(((struct virtio_pci_common_cfg *)0)->name))
#define SET_64(rng, name, value) \
	(SET(rng, name##_lo, (uint32_t)(value)) ?: SET(rng, name##_hi, (uint32_t)((uint64_t)(value) >> 32)))

/* Where in the file a structure is that a capability tells of. */
static int locate(const struct rng *rng, const struct virtio_pci_cap *cap, uint64_t *at)
{
	struct vfio_region_info bar;
	int ret = pci_region(rng->fd, VFIO_PCI_BAR0_REGION_INDEX + cap->bar, &bar);

	if (!ret)
		*at = bar.offset + le32toh(cap->offset);
	return ret;
}

/* Finds the registers, and the place to notify the one queue, whose offset there is 0. */
static int find_structures(struct rng *rng)
{
	struct vfio_region_info config;
	struct virtio_pci_cap cap;
	uint8_t at = 0;
	int ret;

	ret = pci_region(rng->fd, VFIO_PCI_CONFIG_REGION_INDEX, &config);
	if (!ret)
		ret = peek(rng, config.offset + PCI_CAPABILITY_LIST, &at, sizeof(at));
	for (; !ret && at; at = cap.cap_next) {
		ret = peek(rng, config.offset + at, &cap, sizeof(cap));
		if (ret || cap.cap_vndr != PCI_CAP_ID_VNDR)
			continue;
		if (cap.cfg_type == VIRTIO_PCI_CAP_COMMON_CFG)
			ret = locate(rng, &cap, &rng->common);
		else if (cap.cfg_type == VIRTIO_PCI_CAP_NOTIFY_CFG)
			ret = locate(rng, &cap, &rng->notify);
	}
	if (!ret && (!rng->common || !rng->notify))
		ret = -ENODEV;
	return ret;
}

static int negotiate(struct rng *rng)
{
	unsigned int half;
	uint8_t status;
	int ret;

	ret = SET(rng, device_status, 0) ?: SET(rng, device_status, STATUS_FOUND);
	for (half = 0; half < 2 && !ret; half++)
		ret = SET(rng, guest_feature_select, half) ?: SET(rng, guest_feature, (uint32_t)(FEATURES >> 32 * half));
	if (!ret)
		ret = SET(rng, device_status, STATUS_FOUND | VIRTIO_CONFIG_S_FEATURES_OK);
	if (!ret)
		ret = peek(rng, REGISTER(rng, device_status), &status, sizeof(status));
	if (!ret && !(status & VIRTIO_CONFIG_S_FEATURES_OK))
		ret = -EPROTO;
	return ret;
}

static int start_queue(struct rng *rng, uint64_t iova)
{
	return SET(rng, queue_select, 0) ?:
	       SET(rng, queue_size, 1) ?:
	       SET_64(rng, queue_desc, iova + offsetof(struct ring, desc)) ?:
	       SET_64(rng, queue_avail, iova + offsetof(struct ring, avail)) ?:
	       SET_64(rng, queue_used, iova + offsetof(struct ring, used)) ?:
	       SET(rng, queue_enable, 1) ?:
	       SET(rng, device_status, STATUS_FOUND | VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

int rng_open(struct rng *rng, int group, const char *bdf)
{
	int ret;

	*rng = (struct rng){ .fd = group_get_device(group, bdf) };
	if (rng->fd < 0)
		return rng->fd;
	ret = pci_enable_dma(rng->fd) ?: find_structures(rng);
	if (ret)
		close(rng->fd);
	return ret;
}

int rng_start(struct rng *rng, void *ring, uint64_t ring_iova)
{
	rng->ring = ring;
	memset(ring, 0, sizeof(struct ring));
	return negotiate(rng) ?: start_queue(rng, ring_iova);
}

void rng_close(struct rng *rng)
{
	close(rng->fd);
}

int rng_write_memory(struct rng *rng, uint64_t iova, size_t bytes)
{
	volatile struct ring *ring = rng->ring;
	uint16_t next = le16toh(ring->avail.idx) + 1;
	int ret, tries;

	ring->desc = (struct vring_desc){ htole64(iova), htole32(bytes), htole16(VRING_DESC_F_WRITE), 0 };
	__sync_synchronize();
	ring->avail.idx = htole16(next);
	__sync_synchronize();
	ret = poke(rng, rng->notify, 0, sizeof(uint16_t));
	for (tries = 0; !ret && ring->used.idx != htole16(next); tries++) {
		if (tries == POLL_TRIES)
			ret = -ETIMEDOUT;
		usleep(POLL_US);
	}
	return ret;
}
