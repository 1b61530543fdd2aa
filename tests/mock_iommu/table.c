// SPDX-License-Identifier: GPL-2.0-only
/* Page tables: an xarray from the IOVA's page number to the page frame, with the protection in its lowest bits. */
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "mock_iommu.h"

#define MOCK_PROT_BITS	3
#define MOCK_PROT	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

static void *entry_of(phys_addr_t phys, int prot)
{
	return xa_mk_value(((unsigned long)PHYS_PFN(phys) << MOCK_PROT_BITS) | (prot & MOCK_PROT));
}

static phys_addr_t entry_phys(void *entry)
{
	return PFN_PHYS(xa_to_value(entry) >> MOCK_PROT_BITS);
}

static int entry_prot(void *entry)
{
	return xa_to_value(entry) & MOCK_PROT;
}

/**
 * mock_table_map() - map a range
 * @table: the page table
 * @iova: first address, of a page
 * @phys: where it goes
 * @bytes: whole pages
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @gfp: for the table's own memory
 *
 * Return: 0, -EEXIST if a part is mapped, or -ENOMEM, and then nothing new is mapped.
 */
int mock_table_map(struct xarray *table, u64 iova, phys_addr_t phys, size_t bytes, int prot, gfp_t gfp)
{
	size_t done;
	int ret;

	for (done = 0; done < bytes; done += PAGE_SIZE) {
		ret = xa_insert(table, (iova + done) >> PAGE_SHIFT, entry_of(phys + done, prot), gfp);
		if (ret) {
			mock_table_unmap(table, iova, done);
			return ret == -EBUSY ? -EEXIST : ret;
		}
	}
	return 0;
}

/* Unmaps pages from the first on, until one is not mapped.  Returns how many bytes. */
size_t mock_table_unmap(struct xarray *table, u64 iova, size_t bytes)
{
	size_t done;

	for (done = 0; done < bytes; done += PAGE_SIZE)
		if (!xa_erase(table, (iova + done) >> PAGE_SHIFT))
			break;
	return done;
}

/* Looks an address up; @phys is that of its byte. */
bool mock_table_find(struct xarray *table, u64 iova, phys_addr_t *phys, int *prot)
{
	void *entry = xa_load(table, iova >> PAGE_SHIFT);

	if (!entry)
		return false;
	*phys = entry_phys(entry) | offset_in_page(iova);
	*prot = entry_prot(entry);
	return true;
}

static void show_run(struct seq_file *seq, unsigned long first, unsigned long npages, void *entry)
{
	const int prot = entry_prot(entry);

	seq_printf(seq, "\t0x%llx-0x%llx -> 0x%llx %s%s%s\n", (u64)first << PAGE_SHIFT,
		   ((u64)(first + npages) << PAGE_SHIFT) - 1, (u64)entry_phys(entry),
		   prot & IOMMU_READ ? "r" : "", prot & IOMMU_WRITE ? "w" : "", prot & IOMMU_CACHE ? "c" : "");
}

/* Shows what is mapped, a line a run that is contiguous on both sides. */
void mock_table_show(struct seq_file *seq, struct xarray *table)
{
	unsigned long index, first = 0, npages = 0;
	void *entry, *start = NULL;

	xa_for_each(table, index, entry) {
		if (start && index == first + npages &&
		    entry == entry_of(entry_phys(start) + PFN_PHYS(npages), entry_prot(start))) {
			npages++;
			continue;
		}
		if (start)
			show_run(seq, first, npages, start);
		start = entry;
		first = index;
		npages = 1;
	}
	if (start)
		show_run(seq, first, npages, start);
}
