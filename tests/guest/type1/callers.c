// SPDX-License-Identifier: GPL-2.0-only
/* Who calls: a 32-bit program on a 64-bit kernel, and a program that fails over and over and must not flood the log. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/kmsg.h"
#include "test.h"

#define PAGES	16
#define BYTES	(PAGE * PAGES)

/* --- 32-bit callers --- */

#ifdef __x86_64__

#define NR_GETPID_32	20
#define NR_IOCTL_32	54

/* A system call as a 32-bit program makes it: the kernel takes its numbers, its width of arguments, its ioctl entry. */
static long syscall_32(long number, uint32_t a, uint32_t b, uint32_t c)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret) : "a" (number), "b" ((long)a), "c" ((long)b), "d" ((long)c)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int32_t)ret;
}

static void try_getpid(void *arg)
{
	(void)arg;
	signal(SIGSEGV, SIG_DFL);
	_exit(syscall_32(NR_GETPID_32, 0, 0, 0) == getpid() ? 0 : 1);
}

static void need_32_bit_calls(void)
{
	int status = -1;

	/* Without this file there are none, and trying would be logged as a fault. */
	if (!access("/proc/sys/abi/vsyscall32", F_OK))
		waitpid(process_start(try_getpid, NULL), &status, 0);
	if (status)
		test_skip("this kernel takes no 32-bit system calls");
}

static int ioctl_32(int fd, uint32_t cmd, void *arg)
{
	TRUE((uintptr_t)arg <= UINT32_MAX);
	return syscall_32(NR_IOCTL_32, fd, cmd, (uintptr_t)arg);
}

TEST(callers_of_32_bits_have_the_same_interface)
{
	struct vfio_iommu_type1_dma_unmap *unmap;
	struct vfio_iommu_type1_dma_map *map;
	struct vfio_iommu_type1_info *info;
	struct type1_info expected;
	struct container ct;
	struct edu edu;
	uint8_t *low;

	need_32_bit_calls();
	low = mmap(NULL, BYTES + 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	TRUE(low != MAP_FAILED);
	info = (void *)(low + BYTES);
	map = (void *)(low + BYTES + PAGE);
	unmap = (void *)(low + BYTES + 2 * PAGE);

	container_make(&ct, 0, 1, TYPE1V2);
	EQ(syscall_32(NR_IOCTL_32, ct.fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);

	OK(type1_get_info(ct.fd, &expected));
	info->argsz = PAGE;
	OK(ioctl_32(ct.fd, VFIO_IOMMU_GET_INFO, info));
	EQ(info->iova_pgsizes, expected.pgsizes);
	EQ(info->cap_offset, expected.cap_offset);
	EQ(info->flags, expected.flags);

	*map = (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(*map), .flags = DMA_RW, .vaddr = (uintptr_t)low, .iova = IOVA, .size = BYTES,
	};
	OK(ioctl_32(ct.fd, VFIO_IOMMU_MAP_DMA, map));
	EQ(locked_pages(), PAGES);
	FAILS(EEXIST, ioctl_32(ct.fd, VFIO_IOMMU_MAP_DMA, map));
	container_edu(&ct, 0, &edu);
	memory_fill(low, 512, 6);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + PAGE, 512));
	TRUE(memory_holds(low + PAGE, 512, 6));
	edu_close(&edu);

	/* Addresses have 64 bits all the same. */
	map->iova = UINT64_C(1) << 34;
	OK(ioctl_32(ct.fd, VFIO_IOMMU_MAP_DMA, map));
	map->size = -(uint64_t)PAGE;
	FAILS(DIFF(ADDRESS_WRAP), ioctl_32(ct.fd, VFIO_IOMMU_MAP_DMA, map));

	*unmap = (struct vfio_iommu_type1_dma_unmap){
		.argsz = sizeof(*unmap), .iova = UINT64_C(1) << 34, .size = BYTES,
	};
	OK(ioctl_32(ct.fd, VFIO_IOMMU_UNMAP_DMA, unmap));
	EQ(unmap->size, BYTES);
	unmap->iova = IOVA;
	OK(ioctl_32(ct.fd, VFIO_IOMMU_UNMAP_DMA, unmap));
	EQ(unmap->size, BYTES);
	EQ(locked_pages(), 0);
	FAILS(EFAULT, syscall_32(NR_IOCTL_32, ct.fd, VFIO_IOMMU_MAP_DMA, 0));
	FAILS(ENOTTY, syscall_32(NR_IOCTL_32, ct.fd, _IO(';', 250), 0));
	container_close(&ct);
}

#endif

/* --- messages --- */

TEST(messages_about_the_limit_do_not_flood_the_log, .not_on_stock = "stock logs every failure")
{
	static const char *const words[] = { "RLIMIT_MEMLOCK", NULL };
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;
	char line[256];
	int i, reader, n = 0;

	container_make(&ct, 0, 1, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(2);
	reader = OK(kmsg_open());
	for (i = 0; i < 200; i++)
		FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	while (kmsg_find(reader, words, line, sizeof(line)))
		n++;
	/* Ten in five seconds; it does not take more than a few of those. */
	TRUE(n <= 100);
	container_close(&ct);
}
