// SPDX-License-Identifier: GPL-2.0-only
/* Real DMA: a device reads and writes what is mapped, and nothing else. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#define CHUNK	EDU_MAX_BYTES

TEST(dma_goes_both_ways)
{
	uint8_t *area = memory_small_pages(PAGE * 2);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 2, DMA_RW));
	container_edu(&ct, 0, &edu);
	memory_fill(area, CHUNK, 1);
	OK(edu_read_memory(&edu, IOVA, CHUNK));
	OK(edu_write_memory(&edu, IOVA + PAGE, CHUNK));
	TRUE(memory_holds(area + PAGE, CHUNK, 1));
	TRUE(memory_holds(area, CHUNK, 1));
	edu_close(&edu);
	container_close(&ct);
}

TEST(dma_crosses_pages_in_the_order_of_iovas)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	struct edu edu;

	/* Pages in reverse, so that an IOVA's neighbour is not the memory's. */
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area + PAGE, IOVA, PAGE, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA + PAGE, PAGE, DMA_RW));
	OK(dma_map(ct.fd, area + PAGE * 2, IOVA + PAGE * 2, PAGE, DMA_RW));
	container_edu(&ct, 0, &edu);
	memory_fill(area + PAGE * 2, CHUNK, 8);
	OK(edu_read_memory(&edu, IOVA + PAGE * 2, CHUNK));
	memset(area, 0, PAGE * 2);
	OK(edu_write_memory(&edu, IOVA + PAGE - CHUNK / 2, CHUNK));
	TRUE(!memcmp(area + PAGE * 2 - CHUNK / 2, area + PAGE * 2, CHUNK / 2));
	TRUE(!memcmp(area, area + PAGE * 2 + CHUNK / 2, CHUNK / 2));
	edu_close(&edu);
	container_close(&ct);
}

TEST(dma_write_no_longer_lands_after_unmap)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	container_edu(&ct, 0, &edu);
	memory_fill(area, CHUNK, 2);
	OK(edu_read_memory(&edu, IOVA, CHUNK));
	OK(edu_write_memory(&edu, IOVA + CHUNK, CHUNK));
	TRUE(memory_holds(area + CHUNK, CHUNK, 2));
	OK(dma_unmap(ct.fd, IOVA, PAGE));
	memset(area, 0x33, PAGE);
	OK(edu_write_memory(&edu, IOVA + CHUNK, CHUNK));
	EQ(area[CHUNK], 0x33);
	EQ(area[PAGE - 1], 0x33);
	edu_close(&edu);
	container_close(&ct);
}

TEST(dma_read_no_longer_sees_memory_after_unmap)
{
	uint8_t *secret = memory_small_pages(PAGE), *open = memory_small_pages(PAGE);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, secret, IOVA, PAGE, DMA_RW));
	OK(dma_map(ct.fd, open, IOVA + PAGE, PAGE, DMA_RW));
	container_edu(&ct, 0, &edu);
	memory_fill(secret, CHUNK, 3);
	OK(edu_read_memory(&edu, IOVA, CHUNK));
	OK(dma_unmap(ct.fd, IOVA, PAGE));
	memory_fill(secret, CHUNK, 4);
	OK(edu_read_memory(&edu, IOVA, CHUNK));
	OK(edu_write_memory(&edu, IOVA + PAGE, CHUNK));
	TRUE(!memory_holds(open, CHUNK, 4));
	edu_close(&edu);
	container_close(&ct);
}

/* The IOTLB does not remember where an IOVA led before. */
TEST(dma_follows_a_remap)
{
	uint8_t *area = memory_small_pages(PAGE * 5);
	struct container ct;
	struct edu edu;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area + PAGE * 4, IOVA + PAGE, PAGE, DMA_READ));
	container_edu(&ct, 0, &edu);
	memory_fill(area + PAGE * 4, 512, 6);
	OK(edu_read_memory(&edu, IOVA + PAGE, 512));
	for (i = 0; i < 4; i++) {
		memset(area, 0, PAGE * 4);
		OK(dma_map(ct.fd, area + i * PAGE, IOVA, PAGE, DMA_RW));
		OK(edu_write_memory(&edu, IOVA, 512));
		TRUE(memory_holds(area + i * PAGE, 512, 6));
		if (i)
			EQ(area[(i - 1) * PAGE], 0);
		OK(dma_unmap(ct.fd, IOVA, PAGE));
	}
	edu_close(&edu);
	container_close(&ct);
}

TEST(dma_cannot_write_a_read_only_mapping)
{
	uint8_t *area = memory_small_pages(PAGE * 2);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_READ));
	OK(dma_map(ct.fd, area + PAGE, IOVA + PAGE, PAGE, DMA_RW));
	container_edu(&ct, 0, &edu);
	memory_fill(area, CHUNK, 5);
	memset(area + CHUNK, 0x44, CHUNK);
	OK(edu_read_memory(&edu, IOVA, CHUNK));
	OK(edu_write_memory(&edu, IOVA + CHUNK, CHUNK));
	EQ(area[CHUNK], 0x44);
	OK(edu_write_memory(&edu, IOVA + PAGE, CHUNK));
	TRUE(memory_holds(area + PAGE, CHUNK, 5));
	edu_close(&edu);
	container_close(&ct);
}

TEST(dma_to_a_huge_page_at_every_corner)
{
	uint8_t *area = memory_huge_pages(MIB(4));
	static const size_t at[] = { 0, MIB(1), MIB(2) - CHUNK, MIB(2), MIB(3) + 512, MIB(4) - CHUNK };
	struct container ct;
	struct edu edu;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, MIB(64), MIB(4), DMA_RW));
	container_edu(&ct, 0, &edu);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		memory_fill(area + at[i], CHUNK, i);
		OK(edu_read_memory(&edu, MIB(64) + at[i], CHUNK));
		memset(area + at[i], 0, CHUNK);
		OK(edu_write_memory(&edu, MIB(64) + at[i], CHUNK));
		TRUE(memory_holds(area + at[i], CHUNK, i));
	}
	edu_close(&edu);
	container_close(&ct);
}

TEST(dma_to_shared_memory_is_seen_by_its_other_mapping)
{
	int fd = memfd_create("dma", MFD_CLOEXEC);
	uint8_t *one, *two;
	struct container ct;
	struct edu edu;

	OK(ftruncate(fd, PAGE * 2));
	one = mmap(NULL, PAGE * 2, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	two = mmap(NULL, PAGE * 2, PROT_READ, MAP_SHARED, fd, 0);
	memory_fill(one, 1024, 12);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, one, IOVA, PAGE * 2, DMA_RW));
	container_edu(&ct, 0, &edu);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	TRUE(memory_holds(two + PAGE, 1024, 12));
	edu_close(&edu);
	container_close(&ct);
}

/* A page written by the device stays written when the pages go back. */
TEST(dma_data_survive_the_unmap)
{
	uint8_t *area = memory_memfd(PAGE * 2);
	struct container ct;
	struct edu edu;

	memory_fill(area, 1024, 13);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 2, DMA_RW));
	container_edu(&ct, 0, &edu);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	OK(dma_unmap(ct.fd, IOVA, PAGE * 2));
	TRUE(memory_holds(area + PAGE, 1024, 13));
	edu_close(&edu);
	container_close(&ct);
}

TEST(dma_works_in_two_domains_of_one_container)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	struct edu edu;
	int i;

	container_two_domains(&ct, 0, 1);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	for (i = 0; i < 2; i++) {
		container_edu(&ct, i, &edu);
		memory_fill(area, 1024, 30 + i);
		OK(edu_read_memory(&edu, IOVA, 1024));
		OK(edu_write_memory(&edu, IOVA + PAGE * 3, 1024));
		TRUE(memory_holds(area + PAGE * 3, 1024, 30 + i));
		edu_close(&edu);
	}
	OK(dma_unmap(ct.fd, IOVA, PAGE * 4));
	for (i = 0; i < 2; i++) {
		container_edu(&ct, i, &edu);
		memset(area, 0x55, PAGE);
		OK(edu_write_memory(&edu, IOVA, 1024));
		EQ(area[0], 0x55);
		EQ(area[1023], 0x55);
		edu_close(&edu);
	}
	container_close(&ct);
}

/* Peer to peer: one device writes to a register of the other and it takes effect. */
TEST(dma_to_another_devices_bar_reaches_the_device)
{
	const unsigned int inverter = 0x04;	/* register that returns the complement */
	uint32_t *area = memory_small_pages(PAGE);
	struct container ct;
	struct edu source, target;

	container_make(&ct, 0, 2, TYPE1V2);
	container_edu(&ct, 0, &source);
	container_edu(&ct, 1, &target);
	area[0] = 0x12345678;
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	OK(dma_map(ct.fd, (void *)target.bar, IOVA + PAGE, PAGE, DMA_RW));
	OK(edu_read_memory(&source, IOVA, 4));
	OK(edu_write_memory(&source, IOVA + PAGE + inverter, 4));
	EQ(*(volatile uint32_t *)(target.bar + inverter), ~UINT32_C(0x12345678));
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 2)), PAGE * 2);
	edu_close(&source);
	edu_close(&target);
	container_close(&ct);
}
