// SPDX-License-Identifier: GPL-2.0-only
/* A script as somebody would write it in C, with the names of <linux/vfio.h>. */
#include <inttypes.h>
#include <linux/vfio.h>

#include "layout.h"
#include "script.h"

static void print_address(FILE *out, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < FUZZ_NR_AREAS; i++) {
		const struct fuzz_area_place *area = &fuzz_areas[i];

		if (address - area->base > area->bytes)
			continue;
		fputs(area->name, out);
		if (address != area->base)
			fprintf(out, " + %#" PRIx64, address - area->base);
		return;
	}
	fprintf(out, "%#" PRIx64, address);
}

static void print_bitmap(FILE *out, const struct fuzz_op *op)
{
	fprintf(out, ", .bitmap = { .pgsize = %#" PRIx64 ", .size = %#" PRIx64 ", .data = ", op->pgsize, op->bitmap_bytes);
	print_address(out, op->data);
	fprintf(out, " } /* filled with %#x */", op->fill);
}

static void print_range(FILE *out, const struct fuzz_op *op)
{
	fprintf(out, ", .iova = %#" PRIx64 ", .size = %#" PRIx64, op->iova, op->size);
}

/* The start of an ioctl with a structure: what the structure has in common with others. */
static void print_ioctl(FILE *out, const char *name, const struct fuzz_op *op)
{
	fprintf(out, "ioctl(ct, %s, &(struct){ .argsz = %u, .flags = %#x", name, op->argsz, op->flags);
}

static void end_ioctl(FILE *out, const struct fuzz_op *op)
{
	fputs(" });", out);
	if (op->cut == FUZZ_CUT_ALL)
		fputs(" /* the structure is not in memory */", out);
	else if (op->cut)
		fprintf(out, " /* only the first %u bytes of the structure are in memory */", op->cut);
}

static const char *device_name(const struct fuzz_op *op)
{
	static const char *const names[FUZZ_DEVICES] = { "edu0", "edu1", "edu2", "emulated" };

	return names[op->device];
}

static void print_access(FILE *out, const struct fuzz_op *op)
{
	static const char *const names[FUZZ_KINDS] = {
		[FUZZ_PIN] = "vfio_pin_pages", [FUZZ_UNPIN] = "vfio_unpin_pages", [FUZZ_READ] = "vfio_dma_read",
		[FUZZ_WRITE] = "vfio_dma_write", [FUZZ_TOUCH] = "write_to_pinned_page",
	};

	fprintf(out, "%s(emulated, .iova = %#" PRIx64 ", %s = %" PRIu64, names[op->kind], op->iova,
		op->kind == FUZZ_PIN || op->kind == FUZZ_UNPIN ? ".npages" : ".bytes", op->size);
	if (op->kind == FUZZ_PIN)
		fprintf(out, ", .prot = %u", op->flags);
	if (op->kind == FUZZ_WRITE || op->kind == FUZZ_TOUCH)
		fprintf(out, ", .value = %#x", op->fill);
	fputs(");", out);
}

static void print_memory(FILE *out, const struct fuzz_op *op)
{
	static const char *const protections[] = {
		"PROT_NONE", "PROT_READ", "PROT_WRITE", "PROT_READ | PROT_WRITE",
		"PROT_EXEC", "PROT_READ | PROT_EXEC", "PROT_WRITE | PROT_EXEC",
		"PROT_READ | PROT_WRITE | PROT_EXEC",
	};

	fputs(op->kind == FUZZ_STORE ? "memset(" : "mprotect(", out);
	print_address(out, op->vaddr);
	if (op->kind == FUZZ_STORE)
		fprintf(out, ", %#x, %" PRIu64 ");", op->fill, op->size);
	else
		fprintf(out, ", %#" PRIx64 ", %s);", op->size, protections[op->flags & 7]);
}

static void print_container_ioctl(FILE *out, const struct fuzz_op *op)
{
	switch (op->kind) {
	case FUZZ_INFO:
		print_ioctl(out, "VFIO_IOMMU_GET_INFO", op);
		break;
	case FUZZ_MAP:
		print_ioctl(out, "VFIO_IOMMU_MAP_DMA", op);
		print_range(out, op);
		fputs(", .vaddr = ", out);
		print_address(out, op->vaddr);
		break;
	case FUZZ_UNMAP:
		print_ioctl(out, "VFIO_IOMMU_UNMAP_DMA", op);
		print_range(out, op);
		if (op->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
			print_bitmap(out, op);
		break;
	case FUZZ_DIRTY:
		print_ioctl(out, "VFIO_IOMMU_DIRTY_PAGES", op);
		if (op->flags & VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP) {
			print_range(out, op);
			print_bitmap(out, op);
		}
		break;
	}
	end_ioctl(out, op);
}

void fuzz_print_op(FILE *out, const struct fuzz_op *op)
{
	if (op->beside)
		fputs("/* beside it: */ ", out);
	if (op->actor && op->kind != FUZZ_FORK && op->kind != FUZZ_EXEC && op->kind != FUZZ_EXIT)
		fprintf(out, "in(child%u) ", op->actor);
	switch (op->kind) {
	case FUZZ_ATTACH:
		fprintf(out, "ioctl(%s.group, VFIO_GROUP_SET_CONTAINER, &ct);", device_name(op));
		break;
	case FUZZ_DETACH:
		fprintf(out, "ioctl(%s.group, VFIO_GROUP_UNSET_CONTAINER);", device_name(op));
		break;
	case FUZZ_SET_IOMMU:
		fprintf(out, "ioctl(ct, VFIO_SET_IOMMU, %u);", op->type);
		break;
	case FUZZ_CHECK:
		fprintf(out, "ioctl(ct, VFIO_CHECK_EXTENSION, %u);", op->type);
		break;
	case FUZZ_UNKNOWN:
		fprintf(out, "ioctl(ct, _IO(VFIO_TYPE, VFIO_BASE + %u), &zeroes);", op->type);
		break;
	case FUZZ_PIN:
	case FUZZ_UNPIN:
	case FUZZ_READ:
	case FUZZ_WRITE:
	case FUZZ_TOUCH:
		print_access(out, op);
		break;
	case FUZZ_DMA:
		fprintf(out, "dma(%s, .from = %#" PRIx64 ", .to = %#" PRIx64 ", .bytes = %" PRIu64 ");", device_name(op), op->iova,
			op->target, op->size);
		break;
	case FUZZ_STORE:
	case FUZZ_PROTECT:
		print_memory(out, op);
		break;
	case FUZZ_LIMIT:
		fprintf(out, "setrlimit(RLIMIT_MEMLOCK, %" PRIu64 " * PAGE_SIZE);", op->size);
		break;
	case FUZZ_FORK:
		fprintf(out, "child%u = fork();", op->actor);
		break;
	case FUZZ_EXEC:
		fprintf(out, "in(child%u) execve(...);", op->actor);
		break;
	case FUZZ_EXIT:
		fprintf(out, "in(child%u) exit(0);", op->actor);
		break;
	case FUZZ_END:
		fputs("close(everything);", out);
		break;
	default:
		print_container_ioctl(out, op);
	}
}

void fuzz_print_setup(FILE *out, const struct fuzz_script *script)
{
	const struct fuzz_setup *setup = &script->setup;

	fprintf(out, "/* dma_entry_limit=%u disable_hugepages=%c, %s CAP_IPC_LOCK */\n", setup->entry_limit,
		setup->small_pages ? 'Y' : 'N', setup->limited ? "without" : "with");
	fprintf(out, "setrlimit(RLIMIT_MEMLOCK, %u * PAGE_SIZE);\n", setup->limit_pages);
	fputs("ct = open(\"/dev/vfio/vfio\", O_RDWR);\n", out);
}
