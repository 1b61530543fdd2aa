// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is a file, as a virtual machine's may be: on a file system that is full, and on one
 * that writes back to a disk.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "disk.h"
#include "test.h"

#define DIRECTORY	"/tmp/type1-test.mount"
#define BLOCK_DEVICE	"/dev/ram0"

/* A shared mapping of a new file of this size below DIRECTORY. */
uint8_t *map_file(size_t bytes)
{
	int fd = open(DIRECTORY "/memory", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint8_t *area;

	TRUE(fd >= 0);
	OK(ftruncate(fd, bytes) ? -errno : 0);
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	TRUE(area != MAP_FAILED);
	close(fd);
	return area;
}

/* A test that failed may have left its own. */
static void mount_at_directory(const char *source, const char *type, const char *options)
{
	umount2(DIRECTORY, MNT_DETACH);
	mkdir(DIRECTORY, 0700);
	OK(mount(source, DIRECTORY, type, 0, options) ? -errno : 0);
}

static long long free_blocks(void)
{
	struct statfs fs;

	OK(statfs(DIRECTORY, &fs) ? -errno : 0);
	return fs.f_bfree;
}

TEST(map_of_a_file_that_its_file_system_has_no_room_for_is_efault)
{
	const uint32_t flags[] = { DMA_RW, DMA_READ, DMA_WRITE };
	struct container ct;
	long long room;
	uint8_t *area;
	int i;

	mount_at_directory("tmpfs", "tmpfs", "size=1M");
	room = free_blocks();
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 3; i++) {
		area = map_file(MIB(2));
		FAILS(EFAULT, dma_map(ct.fd, area, IOVA, MIB(2), flags[i]));
		EQ(container_mappings(&ct), 0);
		EQ(locked_pages(), 0);
		/* What there is room for can be mapped, and nothing keeps it afterwards. */
		OK(dma_map(ct.fd, area, IOVA, KIB(512), flags[i]));
		EQ(locked_pages(), KIB(512) / PAGE);
		EQ(OK(dma_unmap(ct.fd, IOVA, KIB(512))), KIB(512));
		EQ(locked_pages(), 0);
		munmap(area, MIB(2));
		OK(unlink(DIRECTORY "/memory") ? -errno : 0);
		EQ(free_blocks(), room);
	}
	container_close(&ct);
	OK(umount(DIRECTORY) ? -errno : 0);
}

TEST(map_beyond_the_end_of_a_file_is_efault)
{
	struct container ct;
	uint8_t *area;

	mount_at_directory("tmpfs", "tmpfs", "size=1M");
	area = map_file(PAGE * 8);
	OK(truncate(DIRECTORY "/memory", PAGE * 5) ? -errno : 0);
	container_make(&ct, 0, 1, TYPE1V2);
	FAILS(EFAULT, dma_map(ct.fd, area, IOVA, PAGE * 8, DMA_RW));
	FAILS(EFAULT, dma_map(ct.fd, area, IOVA, PAGE * 6, DMA_READ));
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 5, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 5)), PAGE * 5);
	container_close(&ct);
	munmap(area, PAGE * 8);
	OK(umount(DIRECTORY) ? -errno : 0);
}

/* --- a file system on a disk: FAT, because an empty one is written in a few lines --- */

#define SECTOR		512
#define FAT_SECTORS	12
#define ROOT_ENTRIES	512
#define DISK_SECTORS	8192

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value;
	at[1] = value >> 8;
}

static void format(int disk)
{
	static uint8_t image[SECTOR * (1 + FAT_SECTORS + ROOT_ENTRIES * 32 / SECTOR)];

	memset(image, 0, sizeof(image));
	image[0] = 0xeb;			/* a jump, as in any boot sector */
	image[2] = 0x90;
	put16(image + 11, SECTOR);
	image[13] = 4;				/* sectors a cluster */
	put16(image + 14, 1);			/* sectors before the table */
	image[16] = 1;				/* tables */
	put16(image + 17, ROOT_ENTRIES);
	put16(image + 19, DISK_SECTORS);
	image[21] = 0xf8;			/* a fixed disk */
	put16(image + 22, FAT_SECTORS);
	put16(image + 510, 0xaa55);
	memcpy(image + SECTOR, "\xf8\xff\xff", 3);
	EQ(pwrite(disk, image, sizeof(image), 0), sizeof(image));
	OK(fsync(disk) ? -errno : 0);
}

void mount_disk(void)
{
	int disk;

	if (module_modprobe("brd") || module_modprobe("nls_cp437") || module_modprobe("msdos"))
		test_skip("this kernel has no RAM disk, or no FAT");
	disk = open(BLOCK_DEVICE, O_RDWR | O_CLOEXEC);
	TRUE(disk >= 0);
	format(disk);
	close(disk);
	mount_at_directory(BLOCK_DEVICE, "msdos", "codepage=437");
}

void umount_disk(void)
{
	OK(umount(DIRECTORY) ? -errno : 0);
}

/*
 * Such a file may be read by devices, and on new kernels, since Linux 6.5, not be written: writing
 * back to the disk and a device that writes at any time do not go together. Which it is, the stock
 * module says, and ours no other. A private mapping of it is memory as any other.
 */
TEST(map_of_a_file_on_a_disk)
{
	const size_t bytes = PAGE * 16;
	uint8_t *area, *private;
	struct container ct;
	struct edu edu;
	int fd, refusal;

	mount_disk();
	area = map_file(bytes);
	memory_fill(area, bytes, 6);
	container_make(&ct, 0, 1, TYPE1V2);
	refusal = -dma_map(ct.fd, area, IOVA + MIB(1), bytes, DMA_RW);
	TRUE(refusal == 0 || refusal == EFAULT);
	test_same_on_both("file_on_disk", "%d", refusal);
	FAILS(refusal, dma_map(ct.fd, area, IOVA + MIB(2), bytes, DMA_WRITE));
	EQ(container_mappings(&ct), refusal ? 0 : 2);
	EQ(locked_pages(), refusal ? 0 : 2 * bytes / PAGE);
	OK(dma_map(ct.fd, area, IOVA, bytes, DMA_READ));

	fd = open(DIRECTORY "/memory", O_RDWR | O_CLOEXEC);
	TRUE(fd >= 0);
	private = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	TRUE(private != MAP_FAILED);
	OK(dma_map(ct.fd, private, IOVA + MIB(3), bytes, DMA_RW));

	container_edu(&ct, 0, &edu);
	OK(edu_read_memory(&edu, IOVA, 2048));
	memset(private, 0, 2048);
	OK(edu_write_memory(&edu, IOVA + MIB(3), 2048));
	TRUE(memory_holds(private, 2048, 6));
	edu_close(&edu);
	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(4))), (refusal ? 2 : 4) * bytes);
	EQ(locked_pages(), 0);
	container_close(&ct);
	munmap(private, bytes);
	munmap(area, bytes);
	umount_disk();
}

/* --- memory that a device DAX file offers: persistent memory, or what is behind CXL --- */

#define DEVICE_DAX	"/dev/dax0.0"

static long long pinned_since(const struct pin_counts *then)
{
	struct pin_counts now;

	pin_counts_read(&now);
	return now.acquired - then->acquired - (now.released - then->released);
}

/* Its struct pages are reserved ones, which stock never unpins. */
TEST(map_of_device_dax_memory_is_let_go, .pins_differ = true)
{
	const long long stay = DIFF(DEVICE_DAX_IS_LET_GO) ? 0 : MIB(2) / PAGE;
	int fd = open(DEVICE_DAX, O_RDWR | O_CLOEXEC);
	struct pin_counts before;
	struct container ct;
	struct edu edu;
	uint8_t *area;

	if (fd < 0)
		test_skip("the guest has no device DAX memory");
	area = mmap(NULL, MIB(2), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	TRUE(area != MAP_FAILED);
	container_make(&ct, 0, 1, TYPE1V2);
	pin_counts_read(&before);
	OK(dma_map(ct.fd, area, IOVA, MIB(2), DMA_RW));
	EQ(locked_pages(), 0);
	EQ(pinned_since(&before), MIB(2) / PAGE);

	container_edu(&ct, 0, &edu);
	memory_fill(area, 1024, 11);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + MIB(1), 1024));
	TRUE(memory_holds(area + MIB(1), 1024, 11));
	edu_close(&edu);

	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(2))), MIB(2));
	EQ(pinned_since(&before), stay);
	container_close(&ct);
	munmap(area, MIB(2));
	close(fd);
	EQ(pinned_since(&before), stay);
}
