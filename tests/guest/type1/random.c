// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of every kind in random order, by several threads and another process at once. What each returns depends on the
 * others, so nothing is asked but that the kernel stays well and nothing is left in the end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "emulated.h"

#define THREADS		3
#define SECONDS		4
#define AREA_BYTES	MIB(4)
#define SLOTS		64
#define SLOT_BYTES	(PAGE * 16)

struct chaos {
	struct container *ct;
	struct emulated *emulated;	/* or NULL */
	uint8_t *area;			/* with holes in it, and nothing behind it */
	atomic_bool *stop;
	uint64_t state;
	bool changes_groups;
	long calls;
	pthread_t thread;
};

static uint64_t any(struct chaos *c, uint64_t below)
{
	c->state ^= c->state << 13;
	c->state ^= c->state >> 7;
	c->state ^= c->state << 17;
	return c->state % below;
}

static uint64_t any_iova(struct chaos *c)
{
	return IOVA + any(c, SLOTS) * SLOT_BYTES + (any(c, 4) ? 0 : any(c, 16) * PAGE);
}

static uint64_t any_size(struct chaos *c)
{
	switch (any(c, 8)) {
	case 0:
		return (any(c, 48) + 1) * PAGE;
	case 1:
		return SLOT_BYTES * (any(c, 8) + 1);
	default:
		return SLOT_BYTES;
	}
}

static void report(struct chaos *c, bool unmap)
{
	uint64_t words[SLOTS * 16 * 2 / 64] = {};
	const struct dirty_bitmap bitmap = { PAGE, sizeof(words), any(c, 16) ? words : (void *)(c->area + AREA_BYTES) };
	uint64_t iova = IOVA + any(c, SLOTS) * SLOT_BYTES, bytes = any(c, 2) ? SLOT_BYTES * 3 : SLOT_BYTES * SLOTS;

	if (unmap)
		dma_unmap_dirty(c->ct->fd, iova, bytes, bitmap);
	else
		dirty_get(c->ct->fd, iova, bytes, bitmap);
}

static void update_vaddr(struct chaos *c)
{
	uint64_t iova = any_iova(c);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_VADDR, .iova = iova, .size = SLOT_BYTES,
		.vaddr = (uintptr_t)c->area + any(c, 8) * SLOT_BYTES,
	};

	dma_invalidate_vaddr(c->ct->fd, iova, SLOT_BYTES);
	if (any(c, 4))
		raw_ioctl(c->ct->fd, VFIO_IOMMU_MAP_DMA, &map);
	else
		dma_unmap(c->ct->fd, iova, SLOT_BYTES);
}

/* One by one: unpinning stops at the first page that is not mapped, and the driver would not know. */
static void unpin(struct chaos *c, uint64_t iova, int n)
{
	int i;

	for (i = 0; i < n; i++)
		emulated_unpin(c->emulated->fd, iova + i * PAGE, 1);
}

static void use_emulated(struct chaos *c)
{
	uint8_t buf[PAGE + 100];
	uint64_t iova = any_iova(c);
	int n = any(c, 20) + 1, fd = c->emulated->fd;

	switch (any(c, 6)) {
	case 0:
	case 1:
		if (emulated_pin(fd, iova, n, any(c, 2) ? DMA_READ : DMA_RW) == n && any(c, 2))
			unpin(c, iova, n);
		break;
	case 2:
		unpin(c, iova, n);
		break;
	case 3:
		emulated_read(fd, iova + any(c, PAGE), buf, sizeof(buf));
		break;
	case 4:
		memset(buf, 1, sizeof(buf));
		emulated_write(fd, iova + any(c, PAGE), buf, sizeof(buf));
		break;
	case 5:
		emulated_rw_from_kthread(fd, iova, buf, sizeof(buf), any(c, 2));
		break;
	}
}

static void change_groups(struct chaos *c)
{
	int device = 1 + any(c, 2);

	if (device >= nr_devices)
		return;
	if (c->ct->group[device] < 0)
		container_try_add(c->ct, device);
	else
		container_remove(c->ct, device);
}

static void call(struct chaos *c)
{
	static const uint32_t prots[] = { DMA_READ, DMA_WRITE, DMA_RW, DMA_RW };
	struct type1_info info;
	int fd = c->ct->fd;

	switch (any(c, c->changes_groups ? 22 : 21)) {
	case 0 ... 5:
		dma_map(fd, c->area + any(c, AREA_BYTES / PAGE) * PAGE, any_iova(c), any_size(c), prots[any(c, 4)]);
		break;
	case 6 ... 9:
		dma_unmap(fd, any_iova(c), any_size(c));
		break;
	case 10:
		if (!any(c, 8))
			dma_unmap_all(fd);
		dma_unmap(fd, IOVA + any(c, SLOTS) * SLOT_BYTES, SLOT_BYTES * 8);
		break;
	case 11:
		dirty_tracking(fd, any(c, 3) ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START : VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
		break;
	case 12 ... 13:
		report(c, false);
		break;
	case 14:
		report(c, true);
		break;
	case 15:
		update_vaddr(c);
		break;
	case 16:
		type1_get_info(fd, &info);
		break;
	case 17 ... 20:
		if (c->emulated)
			use_emulated(c);
		break;
	case 21:
		if (!any(c, 4))
			change_groups(c);
		break;
	}
	c->calls++;
}

static void *call_until_stopped(void *arg)
{
	struct chaos *c = arg;

	while (!atomic_load(c->stop))
		call(c);
	return NULL;
}

static void in_another_process(void *arg)
{
	struct chaos *c = arg;

	for (;;)
		call(c);
}

static uint8_t *area_with_holes(void)
{
	uint8_t *area = memory_hole(AREA_BYTES + MIB(4)), *huge = memory_huge_pages(MIB(2));

	/* Small pages, then huge ones, then nothing. */
	TRUE(mmap(area, MIB(2), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	memset(area, 1, MIB(1));
	TRUE(mremap(huge, MIB(2), MIB(2), MREMAP_MAYMOVE | MREMAP_FIXED, area + MIB(2)) != MAP_FAILED);
	munmap(area + MIB(1) + PAGE * 5, PAGE);
	return area;
}

/* @groups: real devices come and go, too. */
static void run(struct container *ct, struct emulated *emulated, bool groups)
{
	uint64_t seed = time(NULL);
	struct chaos c[THREADS + 1];
	atomic_bool stop = false;
	pid_t other;
	long calls = 0;
	int i;

	ktap_diag("seed %llu", (unsigned long long)seed);
	for (i = 0; i <= THREADS; i++)
		c[i] = (struct chaos){
			.ct = ct, .emulated = emulated, .area = area_with_holes(), .stop = &stop,
			.state = seed * 4 + i + 1, .changes_groups = groups && !i,
		};
	other = process_start(in_another_process, &c[THREADS]);
	for (i = 0; i < THREADS; i++)
		OK(-pthread_create(&c[i].thread, NULL, call_until_stopped, &c[i]));
	sleep(SECONDS);
	kill(other, SIGKILL);
	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++) {
		pthread_join(c[i].thread, NULL);
		calls += c[i].calls;
	}
	waitpid(other, NULL, 0);
	ktap_diag("%ld calls", calls);
	TRUE(calls > 100);
}

#define USED_AFTER_FREE "stock uses a container that is gone"

TEST(random_calls_at_once_on_real_devices, .not_on_stock = USED_AFTER_FREE)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	run(&ct, NULL, true);
	container_close(&ct);
	EQ(locked_pages(), 0);
}

static void run_emulated(bool groups)
{
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	run(&ct, &emulated, groups);
	close(emulated.fd);
	container_close(&ct);
	close(emulated.group);
	EQ(locked_pages(), 0);
}

TEST(random_calls_at_once_on_real_and_emulated_devices, .not_on_stock = USED_AFTER_FREE)
{
	run_emulated(true);
}

TEST(random_calls_at_once_without_an_iommu, .not_on_stock = USED_AFTER_FREE)
{
	run_emulated(false);
}
