// SPDX-License-Identifier: GPL-2.0-only
/* ng_emulated as each kernel's VFIO core wants to hear of it. */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include <tests/compat/vfio_device.h>

#include "emulated.h"

#define NR_DEVICES	2

#ifdef HAVE_VFIO_DRIVER_OPS_PUBLIC

/*
 * The core takes only mdevs for devices without an IOMMU, so ours is a device on that bus. mdev.ko gives it a group and calls
 * our probe; its own way to make an mdev (parent, types, sysfs) is not needed. Some functions of it take any device on the bus
 * for its own, larger, structure: they find zeroes behind ours.
 */
#include <linux/mdev.h>

struct mdev {
	struct device dev;
	char zeroes[512];
};

static struct mdev *devices[NR_DEVICES];

static void name_pages(struct emulated *emulated, u64 iova, int npages)
{
	int i;

	lockdep_assert_held(&emulated->lock);
	for (i = 0; i < min(npages, EMULATED_MAX_PAGES); i++)
		emulated->user_pfns[i] = (iova >> PAGE_SHIFT) + i;
}

int core_pin(struct emulated *emulated, u64 iova, int npages, int prot, unsigned long *frames)
{
	name_pages(emulated, iova, npages);
	return vfio_pin_pages(emulated->dev, emulated->user_pfns, npages, prot, frames);
}

int core_unpin(struct emulated *emulated, u64 iova, int npages)
{
	name_pages(emulated, iova, npages);
	return vfio_unpin_pages(emulated->dev, emulated->user_pfns, npages);
}

int core_rw(struct emulated *emulated, u64 iova, void *buf, size_t bytes, bool write)
{
	struct vfio_group *group = vfio_group_get_external_user_from_dev(emulated->dev);
	int ret;

	if (IS_ERR_OR_NULL(group))
		return -ENODEV;
	ret = vfio_dma_rw(group, iova, buf, bytes, write);
	vfio_group_put_external_user(group);
	return ret;
}

static int on_unmap(struct notifier_block *nb, unsigned long event, void *data)
{
	struct vfio_iommu_type1_dma_unmap *unmap = data;

	if (event == VFIO_IOMMU_NOTIFY_DMA_UNMAP)
		emulated_told(container_of(nb, struct emulated, nb), unmap->iova, unmap->size);
	return NOTIFY_OK;
}

int core_listen(struct emulated *emulated, unsigned long events)
{
	struct notifier_block nb = { .notifier_call = on_unmap };
	int ret = vfio_register_notifier(emulated->dev, VFIO_IOMMU_NOTIFY, &events, &nb);

	if (!ret)
		vfio_unregister_notifier(emulated->dev, VFIO_IOMMU_NOTIFY, &nb);
	return ret;
}

/* What an operation gets: the driver's own data, or since v5.13 the core's part of it. */
#ifdef HAVE_VFIO_ADD_GROUP_DEV
typedef void vfio_arg;

static struct emulated *from_arg(vfio_arg *data)
{
	return data;
}
#else
typedef struct vfio_device vfio_arg;

static struct emulated *from_arg(vfio_arg *vdev)
{
	return container_of(vdev, struct emulated, vdev);
}
#endif

static int emulated_open(vfio_arg *arg)
{
	unsigned long events = VFIO_IOMMU_NOTIFY_DMA_UNMAP;
	struct emulated *emulated = from_arg(arg);

	emulated_opened(emulated);
	emulated->nb = (struct notifier_block){ .notifier_call = on_unmap };
	return vfio_register_notifier(emulated->dev, VFIO_IOMMU_NOTIFY, &events, &emulated->nb);
}

static void emulated_release(vfio_arg *arg)
{
	struct emulated *emulated = from_arg(arg);

	emulated_closed(emulated);
	if (emulated->manners != NG_EMULATED_LISTENS)
		vfio_unregister_notifier(emulated->dev, VFIO_IOMMU_NOTIFY, &emulated->nb);
}

static long device_ioctl(vfio_arg *device, unsigned int cmd, unsigned long arg)
{
	return emulated_ioctl(from_arg(device), cmd, arg);
}

static int device_mmap(vfio_arg *device, struct vm_area_struct *vma)
{
	return emulated_mmap(vma);
}

#ifdef HAVE_VFIO_ADD_GROUP_DEV

static const struct vfio_device_ops emulated_ops = {
	.name		= "ng_emulated",
	.open		= emulated_open,
	.release	= emulated_release,
	.ioctl		= device_ioctl,
	.mmap		= device_mmap,
};

static int probe(struct device *dev)
{
	struct emulated *emulated = kzalloc(sizeof(*emulated), GFP_KERNEL);
	int ret;

	if (!emulated)
		return -ENOMEM;
	emulated_init(emulated, dev);
	ret = vfio_add_group_dev(dev, &emulated_ops, emulated);
	if (ret)
		kfree(emulated);
	return ret;
}

static void remove(struct device *dev)
{
	kfree(vfio_del_group_dev(dev));
}

static struct mdev_driver driver = {
	.name	= "ng_emulated",
	.probe	= probe,
	.remove	= remove,
};

static int register_driver(void)
{
	return mdev_register_driver(&driver, THIS_MODULE);
}

/* The bus does that. */
static int bind_driver(struct device *dev)
{
	return 0;
}

#else

static const struct vfio_device_ops emulated_ops = {
	.name		= "ng_emulated",
	TESTS_VFIO_OPS(emulated_open, emulated_release),
	.ioctl		= device_ioctl,
	.mmap		= device_mmap,
};

static int probe(struct mdev_device *mdev)
{
	struct vfio_device *vdev = tests_vfio_alloc(sizeof(struct emulated), mdev_dev(mdev), &emulated_ops);
	int ret;

	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	emulated_init(from_arg(vdev), mdev_dev(mdev));
	ret = vfio_register_group_dev(vdev);
	if (ret)
		tests_vfio_put(vdev);
	else
		dev_set_drvdata(mdev_dev(mdev), vdev);
	return ret;
}

static void remove(struct mdev_device *mdev)
{
	struct vfio_device *vdev = dev_get_drvdata(mdev_dev(mdev));

	vfio_unregister_group_dev(vdev);
	tests_vfio_put(vdev);
}

static struct mdev_driver driver = {
	.probe	= probe,
	.remove	= remove,
	.driver	= { .name = "ng_emulated", .owner = THIS_MODULE, .suppress_bind_attrs = true },
};

static int register_driver(void)
{
	return mdev_register_driver(&driver);
}

static int bind_driver(struct device *dev)
{
	return device_driver_attach(&driver.driver, dev);
}

#endif

static void release(struct device *dev)
{
	kfree(container_of(dev, struct mdev, dev));
}

static int add_device(unsigned int i)
{
	int ret;

	devices[i] = kzalloc(sizeof(*devices[i]), GFP_KERNEL);
	if (!devices[i])
		return -ENOMEM;
	devices[i]->dev.bus = &mdev_bus_type;
	devices[i]->dev.release = release;
	dev_set_name(&devices[i]->dev, "ng_emulated.%u", i);
	ret = device_register(&devices[i]->dev);
	if (ret) {
		put_device(&devices[i]->dev);
		return ret;
	}
	ret = bind_driver(&devices[i]->dev);
	if (ret)
		device_unregister(&devices[i]->dev);
	return ret;
}

static void remove_device(unsigned int i)
{
	device_unregister(&devices[i]->dev);
}

static void set_iommu_device(struct device *dev, struct device *iommu)
{
#ifdef HAVE_MDEV_IOMMU_BY_DEVICE
	mdev_set_iommu_device(dev, iommu);
#else
	mdev_set_iommu_device(to_mdev_device(dev), iommu);
#endif
}

/* Module parameter: the device that is to rely on the IOMMU of a PCI device, or -1 for none. */
static int set_translated(const char *text, const struct kernel_param *kp)
{
	struct pci_dev *pdev = pci_get_device(0x1234, 0x11e8, NULL);
	int n, i, ret = kstrtoint(text, 0, &n);

	for (i = 0; !ret && i < NR_DEVICES; i++)
		set_iommu_device(&devices[i]->dev, i == n && pdev ? &pdev->dev : NULL);
	pci_dev_put(pdev);
	return ret;
}

static const struct kernel_param_ops translated_ops = { .set = set_translated };
module_param_cb(translated, &translated_ops, NULL, 0200);

static void unregister_driver(void)
{
	mdev_unregister_driver(&driver);
}

#else

static struct emulated *devices[NR_DEVICES];
static struct platform_device *platform_devices[NR_DEVICES];

int core_pin(struct emulated *emulated, u64 iova, int npages, int prot, unsigned long *frames)
{
	struct page **pages = kcalloc(EMULATED_MAX_PAGES, sizeof(*pages), GFP_KERNEL);
	int i, ret;

	if (!pages)
		return -ENOMEM;
	ret = vfio_pin_pages(&emulated->vdev, iova, npages, prot, pages);
	for (i = 0; i < min(npages, EMULATED_MAX_PAGES); i++)
		frames[i] = pages[i] ? page_to_pfn(pages[i]) : 0;
	kfree(pages);
	return ret;
}

/* Nobody says what became of it. */
int core_unpin(struct emulated *emulated, u64 iova, int npages)
{
	vfio_unpin_pages(&emulated->vdev, iova, npages);
	return -ENODATA;
}

int core_rw(struct emulated *emulated, u64 iova, void *buf, size_t bytes, bool write)
{
	return vfio_dma_rw(&emulated->vdev, iova, buf, bytes, write);
}

int core_listen(struct emulated *emulated, unsigned long events)
{
	return -ENOTTY;
}

static struct emulated *from_vdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct emulated, vdev);
}

static int open_device(struct vfio_device *vdev)
{
	emulated_opened(from_vdev(vdev));
	return 0;
}

static void close_device(struct vfio_device *vdev)
{
	emulated_closed(from_vdev(vdev));
}

static long device_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	return emulated_ioctl(from_vdev(vdev), cmd, arg);
}

static void dma_unmap(struct vfio_device *vdev, u64 iova, u64 bytes)
{
	emulated_told(from_vdev(vdev), iova, bytes);
}

static int device_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	return emulated_mmap(vma);
}

static const struct vfio_device_ops emulated_ops = {
	.name		= "ng_emulated",
	TESTS_VFIO_OPS(open_device, close_device),
	.ioctl		= device_ioctl,
	.mmap		= device_mmap,
	.dma_unmap	= dma_unmap,
#if defined(HAVE_VFIO_BIND_IOMMUFD) && IS_ENABLED(CONFIG_IOMMUFD)
	.bind_iommufd	= vfio_iommufd_emulated_bind,
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
#endif
};

static int probe(struct platform_device *pdev)
{
	struct vfio_device *vdev = tests_vfio_alloc(sizeof(struct emulated), &pdev->dev, &emulated_ops);
	int ret;

	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	emulated_init(from_vdev(vdev), &pdev->dev);
	ret = vfio_register_emulated_iommu_dev(vdev);
	if (ret) {
		tests_vfio_put(vdev);
		return ret;
	}
	devices[pdev->id] = from_vdev(vdev);
	return 0;
}

/* Without a remove operation, whose type has changed: remove_device() does that. */
static struct platform_driver driver = {
	.probe	= probe,
	.driver	= { .name = "ng_emulated", .suppress_bind_attrs = true },
};

static int add_device(unsigned int i)
{
	platform_devices[i] = platform_device_register_simple("ng_emulated", i, NULL, 0);
	return PTR_ERR_OR_ZERO(platform_devices[i]);
}

static void remove_device(unsigned int i)
{
	if (devices[i]) {
		vfio_unregister_group_dev(&devices[i]->vdev);
		tests_vfio_put(&devices[i]->vdev);
	}
	platform_device_unregister(platform_devices[i]);
}

static int register_driver(void)
{
	return platform_driver_register(&driver);
}

static void unregister_driver(void)
{
	platform_driver_unregister(&driver);
}

#endif

static int __init ng_emulated_init(void)
{
	unsigned int i;
	int ret;

	ret = register_driver();
	if (ret)
		return ret;
	for (i = 0; i < NR_DEVICES; i++) {
		ret = add_device(i);
		if (ret)
			goto undo;
	}
	return 0;

undo:
	while (i--)
		remove_device(i);
	unregister_driver();
	return ret;
}

static void __exit ng_emulated_exit(void)
{
	unsigned int i;

	for (i = 0; i < NR_DEVICES; i++)
		remove_device(i);
	unregister_driver();
	emulated_mend();
}

module_init(ng_emulated_init);
module_exit(ng_emulated_exit);
MODULE_DESCRIPTION("VFIO devices without an IOMMU, for tests");
MODULE_LICENSE("GPL");
