// SPDX-License-Identifier: GPL-2.0-only
/* What drivers of devices without an IOMMU may pin: memory of odd kinds, at odd addresses, beyond the limit; and being told. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/kmsg.h"
#include "emulated.h"

/* What has no struct page cannot be given to a driver that wants those; on old kernels they want frame numbers. */
TEST(pin_of_another_devices_registers)
{
	struct container ct, other;
	struct emulated emulated;
	struct edu target;

	NEED_DEVICES(1);
	container_make(&other, 0, 1, TYPE1V2);
	container_edu(&other, 0, &target);
	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, (void *)target.bar, IOVA, BYTES, DMA_RW));
	if (!headers_have("VFIO_PIN_PAGES_IOVA")) {
		EQ(OK(emulated_pin(emulated.fd, IOVA + PAGE, 2, DMA_RW)), 2);
		OK(emulated_unpin(emulated.fd, IOVA + PAGE, 2));
	} else {
		FAILS(EINVAL, emulated_pin(emulated.fd, IOVA + PAGE, 2, DMA_RW));
		EQ(emulated_held(&emulated), 0);
	}
	EQ(locked_pages(), 0);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	container_close(&ct);
	edu_close(&target);
	container_close(&other);
}

/* The zero page belongs to nobody and is charged to nobody; on new kernels a page of one's own takes its place. */
TEST(pin_of_memory_nobody_wrote_to)
{
	uint8_t *area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), byte = 1;
	struct emulated emulated;
	struct container ct;
	int i;

	madvise(area, BYTES, MADV_NOHUGEPAGE);
	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_READ));
	for (i = 0; i < 50; i++) {
		EQ(OK(emulated_pin(emulated.fd, IOVA, 2, DMA_READ)), 2);
		EQ(locked_pages(), env.facts & FACT_PINS_OWN_PAGES ? 2 : 0);
		OK(emulated_page_read(emulated.fd, IOVA + 17, &byte, 1));
		EQ(byte, 0);
		OK(emulated_unpin(emulated.fd, IOVA, 2));
		EQ(locked_pages(), 0);
	}
	container_close(&ct);
}

TEST(pin_of_an_address_within_a_page_pins_the_page)
{
	uint8_t *area, copy[64];
	struct emulated emulated;
	struct container ct;

	area = emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA + 3 * PAGE + 100, 1, DMA_RW)), 1);
	EQ(locked_pages(), 1);
	memory_fill(area + 3 * PAGE, sizeof(copy), 5);
	OK(emulated_page_read(emulated.fd, IOVA + 3 * PAGE, copy, sizeof(copy)));
	TRUE(memory_holds(copy, sizeof(copy), 5));
	OK(emulated_unpin(emulated.fd, IOVA + 3 * PAGE + 100, 1));
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* Ours limits the rate of its messages to ten in five seconds, which the tests before may have used up. */
TEST(pins_over_the_limit_are_logged_with_the_name_of_the_task)
{
	static const char *const words[] = { "RLIMIT_MEMLOCK", NULL };
	struct emulated emulated;
	unsigned int seconds = 0;
	struct container ct;
	char line[256], limit[32];
	int reader;

	emulated_make(&ct, &emulated, TYPE1V2);
	drop_ipc_lock();
	limit_locked_pages(2);
	OK(dma_map(ct.fd, memory_small_pages(BYTES), IOVA, BYTES, DMA_RW));
	reader = OK(kmsg_open());
	do {
		TRUE(seconds < 10);
		seconds += sleep(1) == 0;
		FAILS(ENOMEM, emulated_pin(emulated.fd, IOVA, 3, DMA_RW));
	} while (!kmsg_find(reader, words, line, sizeof(line)));
	TRUE(strstr(line, "type1-test"));
	snprintf(limit, sizeof(limit), "(%zu)", 2 * PAGE);
	TRUE(strstr(line, limit));
	container_close(&ct);
}

/* Of the events that a driver may ask for, there is one; before 6.0 it asks by number. */
TEST(drivers_can_be_told_of_unmapping_and_of_nothing_else)
{
	struct emulated emulated;
	struct container ct;
	unsigned int bit;

	emulated_make(&ct, &emulated, TYPE1V2);
	if (emulated_listen(emulated.fd, 1) == -ENOTTY)
		test_skip("this kernel's drivers cannot choose what they are told");
	OK(emulated_listen(emulated.fd, 1));
	for (bit = 1; bit < 8; bit++) {
		FAILS(EINVAL, emulated_listen(emulated.fd, 1UL << bit));
		FAILS(EINVAL, emulated_listen(emulated.fd, 1UL << bit | 1));
	}
	container_close(&ct);
}

static int64_t unpinned(const struct emulated *emulated, uint64_t iova, int npages)
{
	struct ng_emulated_told told;

	OK(emulated_unpin(emulated->fd, iova, npages));
	OK(emulated_told(emulated->fd, &told));
	return told.unpinned;
}

/* Before 6.0: how many were mapped, up to the first that was not, whether they were pinned or not. */
TEST(unpinning_says_how_many_pages_were_mapped)
{
	struct emulated emulated;
	struct container ct;

	emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA + BYTES - 2 * PAGE, 2, DMA_RW)), 2);
	if (unpinned(&emulated, IOVA, 1) == -ENODATA)
		test_skip("this kernel does not say");
	EQ(unpinned(&emulated, IOVA + BYTES - 3 * PAGE, 5), 3);
	EQ(locked_pages(), 0);
	EQ(unpinned(&emulated, IOVA, 4), 4);
	EQ(unpinned(&emulated, IOVA + BYTES, 1), -EINVAL);
	container_close(&ct);
}

/* --- what a driver does wrong is said, once, and what it does right is not --- */

#define STOCK_WARNS "stock warns with a call trace, or says nothing"

static bool is_logged(int reader, const char *words)
{
	const char *const list[] = { words, NULL };
	char line[256];

	return kmsg_find(reader, list, line, sizeof(line));
}

TEST(unpin_of_what_cannot_be_pinned_is_logged, .not_on_stock = STOCK_WARNS)
{
	int reader = OK(kmsg_open());
	struct emulated emulated;
	struct container ct;

	emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 4, DMA_RW)), 4);
	OK(emulated_unpin(emulated.fd, IOVA, 4));
	OK(emulated_unpin(emulated.fd, IOVA, 4));
	TRUE(!is_logged(reader, "device driver"));

	OK(emulated_unpin(emulated.fd, IOVA + BYTES - 3 * PAGE, 5));
	TRUE(is_logged(reader, "only 3 are mapped"));
	/* Where it names a first address and a number, they may wrap around. */
	if (headers_have("VFIO_PIN_PAGES_IOVA")) {
		OK(emulated_unpin(emulated.fd, -(uint64_t)PAGE, 2));
		TRUE(is_logged(reader, "cannot be pinned (errno 75)"));
	}
	emulated_remove(&emulated);
	container_close(&ct);

	emulated_make(&ct, &emulated, TYPE1);
	OK(emulated_unpin(emulated.fd, IOVA, 1));
	TRUE(is_logged(reader, "cannot be pinned (errno 13)"));
	container_close(&ct);
}

TEST(driver_that_listens_after_its_device_is_closed_is_logged, .not_on_stock = STOCK_WARNS)
{
	int reader = OK(kmsg_open());
	struct emulated emulated;
	struct container ct;

	emulated_make_mapped(&ct, &emulated);
	if (emulated_listen(emulated.fd, 1) == -ENOTTY)
		test_skip("the kernel sees to it that drivers stop");
	emulated_remove(&emulated);
	container_close(&ct);
	TRUE(!is_logged(reader, "device driver"));

	emulated_make_mapped(&ct, &emulated);
	OK(emulated_behave(emulated.fd, NG_EMULATED_LISTENS));
	emulated_remove(&emulated);
	TRUE(is_logged(reader, "still listens"));
	container_close(&ct);
}
