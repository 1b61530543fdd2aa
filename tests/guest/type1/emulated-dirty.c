// SPDX-License-Identifier: GPL-2.0-only
/* What is dirty when drivers, and not devices behind an IOMMU, write to memory. Bit n is page n of the mapping. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emulated.h"

#define ALL	UINT64_C(0xffff)

static void track(struct container *ct)
{
	OK(dirty_tracking(ct->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
}

static uint64_t report(struct container *ct)
{
	uint64_t word = 0;

	OK(dirty_get(ct->fd, IOVA, BYTES, (struct dirty_bitmap){ PAGE, sizeof(word), &word }));
	return word;
}

TEST(dirty_is_what_a_driver_pins)
{
	struct emulated emulated;
	struct container ct;

	emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 2, DMA_RW)), 2);
	track(&ct);
	EQ(report(&ct), 0x3);
	EQ(OK(emulated_pin(emulated.fd, IOVA + 4 * PAGE, 1, DMA_RW)), 1);
	/* As long as it is pinned, it may be written to. */
	EQ(report(&ct), 0x13);
	EQ(report(&ct), 0x13);
	OK(emulated_unpin(emulated.fd, IOVA, 1));
	EQ(report(&ct), 0x13);
	EQ(report(&ct), 0x12);
	/* Pinned and unpinned in between. */
	EQ(OK(emulated_pin(emulated.fd, IOVA + 8 * PAGE, 3, DMA_RW)), 3);
	OK(emulated_unpin(emulated.fd, IOVA + 8 * PAGE, 3));
	EQ(report(&ct), 0x712);
	EQ(report(&ct), 0x12);
	container_close(&ct);
}

TEST(dirty_is_what_a_driver_wrote_before_it_failed)
{
	uint8_t buf[2 * PAGE];
	struct emulated emulated;
	struct container ct;
	uint8_t *area;

	area = emulated_make_mapped(&ct, &emulated);
	track(&ct);
	memset(buf, 7, sizeof(buf));
	munmap(area + 6 * PAGE, PAGE);
	FAILS(EFAULT, emulated_write(emulated.fd, IOVA + 5 * PAGE, buf, sizeof(buf)));
	EQ(area[5 * PAGE], 7);
	/* The page that could not be written may be reported too. */
	EQ(report(&ct) & 0x20, DIFF(PARTIAL_WRITE_IS_DIRTY) ? 0x20 : 0);
	container_close(&ct);
}

TEST(dirty_is_nothing_of_a_pin_over_the_limit)
{
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(2);
	OK(dma_map(ct.fd, memory_small_pages(BYTES), IOVA, BYTES, DMA_RW));
	track(&ct);
	FAILS(ENOMEM, emulated_pin(emulated.fd, IOVA, 3, DMA_RW));
	EQ(report(&ct), DIFF(FAILED_PIN_IS_NOT_DIRTY) ? 0x3 : 0);
	EQ(OK(emulated_pin(emulated.fd, IOVA + PAGE, 2, DMA_RW)), 2);
	EQ(report(&ct), 0x6);
	container_close(&ct);
}

TEST(dirty_is_what_a_driver_writes)
{
	uint8_t buf[3 * PAGE];
	struct emulated emulated;
	struct container ct;

	memset(buf, 0, sizeof(buf));
	emulated_make_mapped(&ct, &emulated);
	track(&ct);
	EQ(report(&ct), 0);
	OK(emulated_write(emulated.fd, IOVA + 5 * PAGE + 7, buf, 1));
	OK(emulated_write(emulated.fd, IOVA + PAGE - 1, buf, PAGE + 2));
	OK(emulated_read(emulated.fd, IOVA + 10 * PAGE, buf, sizeof(buf)));
	OK(emulated_rw_from_kthread(emulated.fd, IOVA + 15 * PAGE, buf, PAGE, true));
	EQ(report(&ct), 0x8027);
	EQ(report(&ct), 0);
	FAILS(EINVAL, emulated_write(emulated.fd, IOVA + BYTES - PAGE, buf, sizeof(buf)));
	EQ(report(&ct), 0x8000);
	container_close(&ct);
}

TEST(dirty_pages_are_reported_when_unmapping_takes_them_from_a_driver)
{
	struct emulated emulated;
	struct container ct;
	uint64_t word = 0;

	emulated_make_mapped(&ct, &emulated);
	track(&ct);
	EQ(OK(emulated_pin(emulated.fd, IOVA + 3 * PAGE, 2, DMA_RW)), 2);
	FAILS(EINVAL, dma_unmap_dirty(ct.fd, IOVA, BYTES, (struct dirty_bitmap){ 2 * PAGE, sizeof(word), &word }));
	EQ(emulated_times_told(&emulated), 0);
	EQ(OK(dma_unmap_dirty(ct.fd, IOVA, BYTES, (struct dirty_bitmap){ PAGE, sizeof(word), &word })), BYTES);
	EQ(word, 0x18);
	EQ(emulated_held(&emulated), 0);
	container_close(&ct);
}

TEST(dirty_is_everything_while_a_device_writes_unseen)
{
	struct emulated emulated;
	struct container ct;
	uint8_t *area;

	NEED_DEVICES(1);
	area = emulated_make_mapped(&ct, &emulated);
	track(&ct);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 1, DMA_RW)), 1);
	EQ(report(&ct), 0x1);
	container_add(&ct, 0);
	EQ(report(&ct), ALL);
	EQ(report(&ct), ALL);
	/* What it may have written to must not be lost. */
	container_remove(&ct, 0);
	EQ(report(&ct), ALL);
	EQ(report(&ct), 0x1);
	/* Stopped and started: nothing but what is pinned. */
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	OK(emulated_write(emulated.fd, IOVA + 9 * PAGE, area, 1));
	track(&ct);
	EQ(report(&ct), 0x1);
	container_close(&ct);
}

/* Of a report on two mappings, the part on the second cannot be written. */
TEST(dirt_is_not_forgotten_because_a_report_failed)
{
	const uint64_t apart = PAGE * 8 * PAGE;		/* a page of bitmap */
	uint8_t *words = memory_small_pages(PAGE * 2), *area;
	const struct dirty_bitmap bitmap = { PAGE, PAGE * 2, words };
	struct emulated emulated;
	struct container ct;
	uint8_t byte = 1;
	int i;

	area = emulated_make_mapped(&ct, &emulated);
	OK(dma_map(ct.fd, area, IOVA + apart, BYTES, DMA_RW));
	track(&ct);
	OK(emulated_write(emulated.fd, IOVA + PAGE, &byte, 1));
	OK(emulated_write(emulated.fd, IOVA + apart + 2 * PAGE, &byte, 1));
	for (i = 0; i < 3; i++) {
		mprotect(words + PAGE, PAGE, PROT_NONE);
		FAILS(EFAULT, dirty_get(ct.fd, IOVA, apart + BYTES, bitmap));
		mprotect(words + PAGE, PAGE, PROT_READ | PROT_WRITE);
	}
	memset(words, 0, 2 * PAGE);
	OK(dirty_get(ct.fd, IOVA, apart + BYTES, bitmap));
	EQ(words[0], DIFF(DIRTY_FAULT_FORGETS_NOTHING) ? 0x2 : 0);
	EQ(words[PAGE], 0x4);
	memset(words, 0, 2 * PAGE);
	OK(dirty_get(ct.fd, IOVA, apart + BYTES, bitmap));
	EQ(words[0] | words[PAGE], 0);
	container_close(&ct);
}

/* --- how much can be tracked --- */

/* The kernel's bitmap functions, and the largest bitmap a user can ask for, count up to here. */
#define TOO_MANY	(UINT64_C(1) << 31)

TEST(dirty_tracking_of_too_large_a_mapping_does_not_start)
{
	uint8_t *area;
	struct emulated emulated;
	struct container ct;

	area = emulated_make_mapped(&ct, &emulated);
	OK(dma_map(ct.fd, area, UINT64_C(1) << 44, TOO_MANY * PAGE, DMA_RW));
	FAILS(EINVAL, dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	/* It did not start for the other one either. */
	FAILS(EINVAL, dirty_get(ct.fd, IOVA, BYTES, (struct dirty_bitmap){ PAGE, 8, area }));
	EQ(OK(dma_unmap(ct.fd, UINT64_C(1) << 44, TOO_MANY * PAGE)), TOO_MANY * PAGE);
	track(&ct);
	EQ(report(&ct), 0);
	container_close(&ct);
}

TEST(mapping_too_large_to_track_is_refused_while_tracking)
{
	uint8_t *area, byte = 1;
	struct emulated emulated;
	struct container ct;

	area = emulated_make_mapped(&ct, &emulated);
	track(&ct);
	FAILS(EINVAL, dma_map(ct.fd, area, UINT64_C(1) << 44, TOO_MANY * PAGE, DMA_RW));
	EQ(container_mappings(&ct), 1);
	/* Its place is free again. */
	OK(dma_map(ct.fd, area, UINT64_C(1) << 44, BYTES, DMA_RW));
	OK(emulated_write(emulated.fd, (UINT64_C(1) << 44) + PAGE, &byte, 1));
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	OK(dma_map(ct.fd, area, UINT64_C(1) << 45, TOO_MANY * PAGE, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, UINT64_C(1) << 45, TOO_MANY * PAGE)), TOO_MANY * PAGE);
	container_close(&ct);
}

static void *unmap_with_report(void *arg)
{
	const struct container *ct = arg;
	uint64_t word = 0;

	FAILS(EBUSY, dma_unmap_dirty(ct->fd, IOVA, BYTES,
				     (struct dirty_bitmap){ PAGE, sizeof(word), &word }));
	return NULL;
}

/* The unmap that is to report goes first, whether it succeeds or not. */
TEST(dirty_tracking_stops_after_an_unmap_that_reports,
     .not_on_stock = "stock crashes the kernel when a driver does not let go at once")
{
	struct emulated emulated;
	struct container ct;
	pthread_t thread;
	uint64_t word;

	emulated_make_mapped(&ct, &emulated);
	track(&ct);
	OK(emulated_behave(emulated.fd, NG_EMULATED_DEAF));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 2, DMA_RW)), 2);
	OK(-pthread_create(&thread, NULL, unmap_with_report, &ct));
	while (!emulated_times_told(&emulated))
		usleep(1000);
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	pthread_join(thread, NULL);
	FAILS(EINVAL, dirty_get(ct.fd, IOVA, BYTES,
				(struct dirty_bitmap){ PAGE, sizeof(word), &word }));
	EQ(container_mappings(&ct), 1);
	container_close(&ct);
}
