// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's edu device: a DMA engine that copies between IOVAs and 4 KiB of its own memory. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "pci.h"
#include "vfio.h"

#define EDU_DMA_SOURCE		0x80
#define EDU_DMA_TARGET		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_DMA_START		0x01
#define EDU_DMA_TO_MEMORY	0x02
#define EDU_OWN_MEMORY		0x40000

#define POLL_US			2000
#define POLL_TRIES		5000

int edu_open(struct edu *edu, int group, const char *bdf)
{
	struct vfio_region_info bar;
	void *va;
	int ret;

	edu->fd = group_get_device(group, bdf);
	if (edu->fd < 0)
		return edu->fd;
	ret = pci_enable_dma(edu->fd);
	if (!ret)
		ret = pci_region(edu->fd, VFIO_PCI_BAR0_REGION_INDEX, &bar);
	if (ret)
		goto close_fd;
	va = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, edu->fd, bar.offset);
	if (va == MAP_FAILED) {
		ret = -errno;
		goto close_fd;
	}
	edu->bar = va;
	edu->bar_bytes = bar.size;
	edu->bar_offset = bar.offset;
	return 0;

close_fd:
	close(edu->fd);
	return ret;
}

int edu_switch_registers(struct edu *edu, bool on)
{
	return pci_command_change(edu->fd, PCI_COMMAND_MEMORY, on ? PCI_COMMAND_MEMORY : 0);
}

void edu_close(struct edu *edu)
{
	munmap((void *)edu->bar, edu->bar_bytes);
	close(edu->fd);
}

static volatile uint64_t *reg(struct edu *edu, unsigned int offset)
{
	return (volatile uint64_t *)(edu->bar + offset);
}

static int transfer(struct edu *edu, uint64_t source, uint64_t target, size_t bytes, uint64_t command)
{
	int tries;

	*reg(edu, EDU_DMA_SOURCE) = source;
	*reg(edu, EDU_DMA_TARGET) = target;
	*reg(edu, EDU_DMA_COUNT) = bytes;
	*reg(edu, EDU_DMA_COMMAND) = command | EDU_DMA_START;
	for (tries = 0; tries < POLL_TRIES; tries++) {
		if (!(*reg(edu, EDU_DMA_COMMAND) & EDU_DMA_START))
			return 0;
		usleep(POLL_US);
	}
	return -ETIMEDOUT;
}

static bool in_reach(uint64_t iova, size_t bytes)
{
	return bytes <= EDU_MAX_BYTES && iova <= EDU_IOVA_LIMIT - bytes;
}

int edu_read_memory(struct edu *edu, uint64_t iova, size_t bytes)
{
	if (!in_reach(iova, bytes))
		return -ERANGE;
	return transfer(edu, iova, EDU_OWN_MEMORY, bytes, 0);
}

int edu_write_memory(struct edu *edu, uint64_t iova, size_t bytes)
{
	if (!in_reach(iova, bytes))
		return -ERANGE;
	return transfer(edu, EDU_OWN_MEMORY, iova, bytes, EDU_DMA_TO_MEMORY);
}
