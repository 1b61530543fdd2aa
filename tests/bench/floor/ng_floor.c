// SPDX-License-Identifier: GPL-2.0-only
/*
 * ng_floor: the least that any module can do on this kernel to make memory reachable for a device and to take it
 * away again: pin through the fast path, map each physically contiguous run once, unmap everything once, unpin run
 * by run. No accounting, no locks, no look-up. For the benchmark only.
 *
 *	insmod ng_floor.ko device=0000:00:13.0
 *
 * The device's group must be unused. It is attached for as long as the module is loaded: some drivers know the page
 * sizes of a domain only then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <compat/iommu.h>
#include <compat/mm.h>

#include "ng_floor.h"

#define BATCH	(PAGE_SIZE / sizeof(struct page *))

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "PCI device whose IOMMU is used");

static struct pci_dev *pdev;
static struct iommu_group *group;
static struct iommu_domain *domain;

struct run {
	unsigned long pfn;
	unsigned long npages;
};

/* An open file. Used by one thread at a time. */
struct floor {
	struct page **pages;
	struct run *runs;		/* with room for a run a page */
	unsigned long max_pages;
	unsigned long first_run;	/* runs before it are unmapped */
	unsigned long nr_runs;
};

static unsigned long contiguous(struct page **pages, unsigned long max)
{
	unsigned long n;

	for (n = 1; n < max && pages[n] == pages[0] + n; n++)
		;
	return n;
}

static int map_run(u64 iova, const struct run *run, bool write)
{
	return compat_iommu_map(domain, iova, PFN_PHYS(run->pfn), run->npages << PAGE_SHIFT,
				IOMMU_READ | IOMMU_CACHE | (write ? IOMMU_WRITE : 0),
				GFP_KERNEL_ACCOUNT);
}

static int map(struct floor *floor, const struct ng_floor_request *request)
{
	bool write = request->flags & NG_FLOOR_WRITE;
	unsigned int gup_flags = FOLL_LONGTERM | (write ? FOLL_WRITE : 0);
	unsigned long i, n, npages = request->bytes >> PAGE_SHIFT;
	u64 vaddr = request->vaddr, iova = request->iova;
	struct run run = {};
	int pinned, ret;

	if (floor->first_run == floor->nr_runs)
		floor->first_run = floor->nr_runs = 0;
	if (npages > floor->max_pages - floor->nr_runs)
		return -ENOSPC;

	for (; npages; npages -= pinned) {
		pinned = pin_user_pages_fast(vaddr, min(npages, BATCH), gup_flags, floor->pages);
		if (pinned <= 0)
			return pinned ? pinned : -EFAULT;
		vaddr += (u64)pinned << PAGE_SHIFT;

		for (i = 0; i < pinned; i += n) {
			unsigned long pfn = page_to_pfn(floor->pages[i]);

			n = contiguous(floor->pages + i, pinned - i);
			if (run.npages && run.pfn + run.npages == pfn) {
				run.npages += n;
				continue;
			}
			if (run.npages) {
				ret = map_run(iova, &run, write);
				if (ret)
					return ret;
				iova += (u64)run.npages << PAGE_SHIFT;
				floor->runs[floor->nr_runs++] = run;
			}
			run = (struct run){ .pfn = pfn, .npages = n };
		}
		cond_resched();
	}
	floor->runs[floor->nr_runs++] = run;
	return map_run(iova, &run, write);
}

static int unmap(struct floor *floor, const struct ng_floor_request *request)
{
	bool write = request->flags & NG_FLOOR_WRITE;
	u64 bytes;

	if (iommu_unmap(domain, request->iova, request->bytes) != request->bytes)
		return -EIO;
	for (bytes = 0; bytes < request->bytes && floor->first_run < floor->nr_runs; floor->first_run++) {
		const struct run *run = &floor->runs[floor->first_run];

		compat_unpin_frames(run->pfn, run->npages, write);
		bytes += (u64)run->npages << PAGE_SHIFT;
	}
	return 0;
}

static int reserve(struct floor *floor, u64 bytes)
{
	if (floor->runs)
		return -EBUSY;
	/* Zeroed, and so touched: no fault is measured later. */
	floor->runs = kvcalloc(bytes >> PAGE_SHIFT, sizeof(*floor->runs), GFP_KERNEL);
	floor->pages = kmalloc_array(BATCH, sizeof(*floor->pages), GFP_KERNEL);
	if (!floor->runs || !floor->pages)
		return -ENOMEM;
	floor->max_pages = bytes >> PAGE_SHIFT;
	return 0;
}

static long ng_floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct floor *floor = file->private_data;
	struct ng_floor_request request;
	u64 bytes;
	int ret;

	if (cmd == NG_FLOOR_RESERVE)
		return copy_from_user(&bytes, (void __user *)arg, sizeof(bytes)) ? -EFAULT : reserve(floor, bytes);

	if (copy_from_user(&request, (void __user *)arg, sizeof(request)))
		return -EFAULT;
	if (!request.bytes || !PAGE_ALIGNED(request.vaddr | request.bytes | request.iova))
		return -EINVAL;
	switch (cmd) {
	case NG_FLOOR_MAP:
		ret = map(floor, &request);
		break;
	case NG_FLOOR_UNMAP:
		ret = unmap(floor, &request);
		break;
	default:
		return -ENOTTY;
	}
	if (ret)
		pr_err("failed with %d; what was pinned stays pinned\n", ret);
	return ret;
}

static int ng_floor_open(struct inode *inode, struct file *file)
{
	struct floor *floor = kzalloc(sizeof(*floor), GFP_KERNEL);

	file->private_data = floor;
	return floor ? 0 : -ENOMEM;
}

static int ng_floor_release(struct inode *inode, struct file *file)
{
	struct floor *floor = file->private_data;

	kvfree(floor->runs);
	kfree(floor->pages);
	kfree(floor);
	return 0;
}

static const struct file_operations ng_floor_fops = {
	.owner		= THIS_MODULE,
	.open		= ng_floor_open,
	.release	= ng_floor_release,
	.unlocked_ioctl	= ng_floor_ioctl,
};

static struct miscdevice ng_floor_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= KBUILD_MODNAME,
	.fops	= &ng_floor_fops,
};

static struct pci_dev *find_device(void)
{
	unsigned int segment, bus, slot, function;

	if (!device || sscanf(device, "%x:%x:%x.%x", &segment, &bus, &slot, &function) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(segment, bus, PCI_DEVFN(slot, function));
}

static int __init ng_floor_init(void)
{
	int ret = -ENODEV;

	pdev = find_device();
	if (!pdev) {
		pr_err("give the address of a PCI device, such as device=0000:00:13.0\n");
		return -ENODEV;
	}
	group = iommu_group_get(&pdev->dev);
	if (!group)
		goto put_device;
	domain = compat_paging_domain_alloc(&pdev->dev);
	if (IS_ERR(domain)) {
		ret = PTR_ERR(domain);
		goto put_group;
	}
	ret = iommu_attach_group(domain, group);
	if (ret)
		goto free_domain;
	ret = misc_register(&ng_floor_misc);
	if (ret)
		goto detach;
	return 0;

detach:
	iommu_detach_group(domain, group);
free_domain:
	iommu_domain_free(domain);
put_group:
	iommu_group_put(group);
put_device:
	pci_dev_put(pdev);
	return ret;
}

static void __exit ng_floor_exit(void)
{
	misc_deregister(&ng_floor_misc);
	iommu_detach_group(domain, group);
	iommu_domain_free(domain);
	iommu_group_put(group);
	pci_dev_put(pdev);
}

module_init(ng_floor_init);
module_exit(ng_floor_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The least that pinning and mapping costs on this kernel (test only)");
