// SPDX-License-Identifier: GPL-2.0-only
/* Operations of a script, done. What they return is what the kernel says, or -ESRCH, -EBADF where there is nobody to do them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/vfio.h"
#include "rules.h"
#include "side.h"

/* No range of a good mapping is longer. */
#define MOST_TO_TOUCH	(64 * FUZZ_PAGE)

/* --- arguments --- */

/* Which of several calls made at once this thread makes. */
static __thread unsigned int place_of_thread;

/* Puts an argument where the operation wants it, among canaries. */
static void *place(const struct fuzz_op *op, const void *arg, size_t bytes)
{
	uint8_t *end = (uint8_t *)FUZZ_AT(ARG) + FUZZ_PAGE - place_of_thread * FUZZ_ARG_BYTES;
	uint8_t *window = end - FUZZ_ARG_BYTES;

	memset(window, FUZZ_CANARY, FUZZ_ARG_BYTES);
	if (op->cut == FUZZ_CUT_ALL)
		return (void *)FUZZ_AT(HOLE);
	if (op->cut && op->cut < bytes)
		return memcpy(end - op->cut, arg, op->cut);
	return memcpy(window + FUZZ_ARG_OFFSET, arg, bytes);
}

static struct vfio_bitmap bitmap_of(const struct fuzz_op *op)
{
	memset((void *)FUZZ_AT(BITMAP), op->fill, FUZZ_PAGE);
	return (struct vfio_bitmap){ .pgsize = op->pgsize, .size = op->bitmap_bytes, .data = (void *)op->data };
}

static long container_ioctl(const struct fuzz_op *op, unsigned long cmd, const void *arg, size_t bytes)
{
	return raw_ioctl(FUZZ_FD_CONTAINER, cmd, place(op, arg, bytes));
}

static long get_info(const struct fuzz_op *op)
{
	const struct vfio_iommu_type1_info info = { .argsz = op->argsz };

	return container_ioctl(op, VFIO_IOMMU_GET_INFO, &info, 16);
}

/*
 * A call that fails may have made the kernel allocate memory for the user's addresses; how much is nobody's business, but it
 * shows later, since memory that was never written to is not charged where pins take the zero page. So let all of it be there.
 */
static void write_to_untouched(uint64_t vaddr, uint64_t size)
{
	int zero;

	if (size > MOST_TO_TOUCH || !fuzz_may_be_untouched(vaddr, size))
		return;
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	/* The kernel writes, because some pages may not be there or not be writable. */
	for (; size >= FUZZ_PAGE; vaddr += FUZZ_PAGE, size -= FUZZ_PAGE)
		if (read(zero, (void *)vaddr, 1) < 0)
			continue;
	close(zero);
}

static long map(const struct fuzz_side *side, const struct fuzz_op *op)
{
	const struct vfio_iommu_type1_dma_map map = {
		.argsz = op->argsz, .flags = op->flags, .vaddr = op->vaddr, .iova = op->iova, .size = op->size,
	};

	long ret = container_ioctl(op, VFIO_IOMMU_MAP_DMA, &map, sizeof(map));

	if (ret && op->flags & VFIO_DMA_MAP_FLAG_WRITE && !(side->shared->facts & FACT_PINS_OWN_PAGES))
		write_to_untouched(op->vaddr, op->size);
	return ret;
}

static long unmap(const struct fuzz_op *op)
{
	const bool report = op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	const struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		.unmap = { .argsz = op->argsz, .flags = op->flags, .iova = op->iova, .size = op->size },
		.bitmap = report ? bitmap_of(op) : (struct vfio_bitmap){},
	};

	return container_ioctl(op, VFIO_IOMMU_UNMAP_DMA, &arg, report ? sizeof(arg) : sizeof(arg.unmap));
}

static long dirty(const struct fuzz_op *op)
{
	const struct {
		struct vfio_iommu_type1_dirty_bitmap header;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} arg = {
		.header = { .argsz = op->argsz, .flags = op->flags },
		.get = { .iova = op->iova, .size = op->size, .bitmap = bitmap_of(op) },
	};

	return container_ioctl(op, VFIO_IOMMU_DIRTY_PAGES, &arg, sizeof(arg));
}

static long unknown(const struct fuzz_op *op)
{
	static const uint8_t zeroes[64];

	return container_ioctl(op, _IO(VFIO_TYPE, VFIO_BASE + op->type), zeroes, sizeof(zeroes));
}

/* --- processes and their memory --- */

static uint64_t digest_area(uint64_t digest, enum fuzz_area area)
{
	const uint64_t *word = (const uint64_t *)fuzz_areas[area].base;
	uint64_t i, words = fuzz_areas[area].bytes / sizeof(*word), even = digest, odd = ~digest;

	for (i = 0; i < words; i += 2) {
		even = (even ^ word[i]) * UINT64_C(0x100000001b3);
		odd = (odd ^ word[i + 1]) * UINT64_C(0x100000001b3);
	}
	return even ^ odd << 1;
}

static uint64_t digest_memory(bool all)
{
	uint64_t digest = digest_area(UINT64_C(0xcbf29ce484222325), FUZZ_SMALL);

	digest = digest_area(digest, FUZZ_SHARED);
	if (!all)
		return digest;
	mprotect((void *)FUZZ_AT(WRONLY), fuzz_areas[FUZZ_WRONLY].bytes, PROT_READ);
	mprotect((void *)FUZZ_AT(VARIED), fuzz_areas[FUZZ_VARIED].bytes, PROT_READ);
	digest = digest_area(digest_area(digest, FUZZ_RDONLY), FUZZ_FRESH);
	return digest_area(digest_area(digest, FUZZ_WRONLY), FUZZ_VARIED);
}

/* An address that the process cannot write to is not written to. */
static long store(const struct fuzz_op *op)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(zero, (void *)op->vaddr, op->size);

	n = n < 0 ? -errno : n;
	close(zero);
	if (n == (ssize_t)op->size)
		memset((void *)op->vaddr, op->fill, op->size);
	return n;
}

static long protect(const struct fuzz_op *op)
{
	return mprotect((void *)op->vaddr, op->size, op->flags) ? -errno : 0;
}

static long limit(rlim_t bytes)
{
	const struct rlimit limit = { bytes, bytes };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

static void end(struct fuzz_side *side)
{
	unsigned int i;

	/*
	 * A driver may hold pages that were the zero page when they were mapped. With a limit, stock then fails to charge them as
	 * the last IOMMU leaves (PINS_ARE_CHARGED_BEYOND_THE_LIMIT), and the kernel warns of its count.
	 */
	if (side->shared->outcome == FUZZ_PARTED)
		limit(RLIM_INFINITY);
	fuzz_actors_end(side);
	for (i = 0; i < FUZZ_DEVICES; i++)
		fuzz_detach(side, i);
	close(FUZZ_FD_CONTAINER);
}

/* --- all of it --- */

static long do_op(struct fuzz_side *side, const struct fuzz_op *op)
{
	switch (op->kind) {
	case FUZZ_ATTACH:
		return fuzz_attach(side, op->device);
	case FUZZ_DETACH:
		return fuzz_detach(side, op->device);
	case FUZZ_SET_IOMMU:
		return fuzz_set_iommu(side, op);
	case FUZZ_CHECK:
		return fuzz_check_extension(side, op);
	case FUZZ_INFO:
		return get_info(op);
	case FUZZ_MAP:
		return map(side, op);
	case FUZZ_UNMAP:
		return unmap(op);
	case FUZZ_DIRTY:
		return dirty(op);
	case FUZZ_UNKNOWN:
		return unknown(op);
	case FUZZ_PIN:
	case FUZZ_UNPIN:
	case FUZZ_READ:
	case FUZZ_WRITE:
	case FUZZ_TOUCH:
		return fuzz_access_pages(side, op);
	case FUZZ_DMA:
		return fuzz_dma(side, op);
	case FUZZ_STORE:
		return store(op);
	case FUZZ_PROTECT:
		return protect(op);
	case FUZZ_LIMIT:
		return limit(op->size * FUZZ_PAGE);
	case FUZZ_FORK:
		return fuzz_fork(side, op->actor);
	case FUZZ_EXEC:
		fuzz_exec(side);
		return 0;
	case FUZZ_EXIT:
		_exit(0);
	case FUZZ_END:
		end(side);
		return 0;
	}
	return -ENOSYS;
}

/* VmLck of this process, in pages. */
static int64_t locked(void)
{
	static pid_t opened_by;
	static int fd;
	char text[2048], *line;
	ssize_t n;

	if (opened_by != getpid()) {
		fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
		opened_by = getpid();
	}
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -1;
	text[n] = '\0';
	line = strstr(text, "VmLck:");
	return line ? strtoll(line + 6, NULL, 10) * 1024 / (int64_t)FUZZ_PAGE : -1;
}

void fuzz_execute(struct fuzz_side *side, unsigned int index)
{
	const struct fuzz_op *op = &side->shared->script.op[index];

	side->pages->meta.locked = -1;
	side->pages->meta.digest = 0;
	if (op->actor != side->actor && op->kind != FUZZ_FORK) {
		fuzz_hand_on(side, op->actor, index);
		return;
	}
	side->pages->meta.ret = do_op(side, op);
	if (op->look)
		side->pages->meta.locked = locked();
	if (op->kind == FUZZ_DMA || op->kind == FUZZ_END)
		side->pages->meta.digest = digest_memory(op->kind == FUZZ_END);
}

/* --- several at once --- */

struct call {
	struct fuzz_side *side;
	unsigned int index;
	unsigned int place;
	pthread_barrier_t *start;
	long ret;
};

static void *make_call(void *arg)
{
	struct call *call = arg;

	place_of_thread = call->place;
	pthread_barrier_wait(call->start);
	call->ret = do_op(call->side, &call->side->shared->script.op[call->index]);
	return NULL;
}

void fuzz_execute_at_once(struct fuzz_side *side, unsigned int first, unsigned int nr, long *rets)
{
	struct call calls[FUZZ_MOST_AT_ONCE];
	pthread_t threads[FUZZ_MOST_AT_ONCE];
	pthread_barrier_t start;
	unsigned int i;

	pthread_barrier_init(&start, NULL, nr);
	for (i = 0; i < nr; i++) {
		calls[i] = (struct call){
			.side = side, .index = first + i, .place = i, .start = &start,
		};
		if (pthread_create(&threads[i], NULL, make_call, &calls[i]))
			fuzz_broken(side->shared, "no thread can be started");
	}
	for (i = 0; i < nr; i++) {
		pthread_join(threads[i], NULL);
		rets[i] = calls[i].ret;
	}
	pthread_barrier_destroy(&start);
	side->pages->meta.digest = 0;
	side->pages->meta.locked = side->shared->script.op[first + nr - 1].look ? locked() : -1;
}
