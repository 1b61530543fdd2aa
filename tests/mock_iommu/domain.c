// SPDX-License-Identifier: GPL-2.0-only
/* Domains: what a driver decides about attach, and what it does. */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "mock_iommu.h"

struct mock_policy mock_policy;

static LIST_HEAD(domains);
static unsigned int last_id;

void mock_policy_reset(void)
{
	mock_policy = (struct mock_policy){
		.foreign_errno = EINVAL,
		.incoherent_errno = EINVAL,
		.refusal_drops = true,
	};
}

static int id_of(const struct mock_instance *instance)
{
	return instance ? (int)instance->id : MOCK_UNKNOWN;
}

/* Was an answer told for this call?  @domain and @device are NULL where the call has none. */
static bool is_answered(enum mock_call call, const struct mock_domain *domain, const struct mock_device *device,
			int *error)
{
	const struct mock_question question = {
		.call = call,
		.domain = id_of(domain ? domain->instance : NULL),
		.device = id_of(device ? device->instance : NULL),
		.member = device ? (int)device->member : MOCK_UNKNOWN,
	};

	return mock_answer(&question, error);
}

static bool is_for_dma(const struct iommu_domain *domain)
{
	return domain->type == IOMMU_DOMAIN_UNMANAGED;
}

static void bind(struct mock_domain *domain, struct mock_instance *instance)
{
	if (domain->instance)
		return;
	domain->instance = instance;
	domain->domain.pgsize_bitmap = instance->pgsizes;
	domain->domain.geometry.aperture_start = instance->first;
	domain->domain.geometry.aperture_end = instance->last;
	domain->domain.geometry.force_aperture = true;
}

/**
 * mock_domain_alloc() - make a domain
 * @dev: device it is for, or NULL where the core does not say
 * @type: IOMMU_DOMAIN_UNMANAGED, or one of those that only old cores ask for
 *
 * Return: the domain or an ERR_PTR().
 */
struct iommu_domain *mock_domain_alloc(struct device *dev, unsigned int type)
{
	struct mock_device *device = dev ? mock_device_of(dev) : NULL;
	struct mock_domain *domain;
	int error;

	if (type == IOMMU_DOMAIN_UNMANAGED) {
		if (is_answered(MOCK_CALL_ALLOC, NULL, device, &error))
			return ERR_PTR(error);
		mock_count(MOCK_ALLOC, 1);
	}
	domain = kzalloc(sizeof(*domain), GFP_KERNEL);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	xa_init(&domain->table);
	domain->domain.geometry.aperture_end = U64_MAX;
	if (device)
		bind(domain, device->instance);
	mutex_lock(&mock_lock);
	domain->id = ++last_id;
	list_add_tail(&domain->next, &domains);
	mutex_unlock(&mock_lock);
	return &domain->domain;
}

/* The devices that are attached go on using it: whoever frees it has made a mistake that is to be seen. */
static void leave_dangling(struct mock_domain *domain)
{
	unsigned int i;

	mock_count(MOCK_FREE_IN_USE, 1);
	for (i = 0; i < mock_nr_devices; i++)
		if (mock_devices[i].domain == domain) {
			mock_devices[i].domain = NULL;
			mock_devices[i].place = MOCK_DANGLING;
		}
}

void mock_domain_free(struct iommu_domain *iommu_domain)
{
	struct mock_domain *domain = mock_domain_of(iommu_domain);

	if (is_for_dma(iommu_domain))
		mock_count(MOCK_FREE, 1);
	mutex_lock(&mock_lock);
	if (domain->nr_devices)
		leave_dangling(domain);
	list_del(&domain->next);
	mutex_unlock(&mock_lock);
	xa_destroy(&domain->table);
	kfree(domain);
}

static void move(struct mock_device *device, enum mock_place place, struct mock_domain *domain)
{
	lockdep_assert_held(&mock_lock);
	if (device->domain)
		device->domain->nr_devices--;
	if (domain)
		domain->nr_devices++;
	device->domain = domain;
	device->place = place;
}

/* Sends a device's DMA to a place that needs no page table.  Fails only if told. */
int mock_place_attach(enum mock_place place, struct device *dev)
{
	struct mock_device *device = mock_device_of(dev);
	int error;

	if (is_answered(MOCK_CALL_HOME, NULL, device, &error))
		return error;
	mock_count(MOCK_ATTACH_HOME, 1);
	mutex_lock(&mock_lock);
	move(device, place, NULL);
	mutex_unlock(&mock_lock);
	return 0;
}

/* What the driver says by itself. */
static int decide(const struct mock_domain *domain, const struct mock_device *device)
{
	if (domain->instance && domain->instance != device->instance && mock_policy.foreign_errno)
		return -(int)mock_policy.foreign_errno;
	if (domain->coherent && !device->instance->coherent && mock_policy.incoherent_errno)
		return -(int)mock_policy.incoherent_errno;
	return 0;
}

static int attach_for_dma(struct mock_domain *domain, struct mock_device *device)
{
	int error;
	bool told = is_answered(MOCK_CALL_ATTACH, domain, device, &error);

	if (mock_policy.attach_ms)
		msleep(mock_policy.attach_ms);
	if (!told)
		error = decide(domain, device);
	if (error) {
		mock_count(MOCK_ATTACH_FAILED, 1);
		if (mock_policy.refusal_drops)
			move(device, MOCK_NOWHERE, NULL);
		return error;
	}
	mock_count(MOCK_ATTACH, 1);
	if (told)
		return 0;	/* a lie */
	bind(domain, device->instance);
	domain->domain.geometry.force_aperture = true;
	move(device, MOCK_TRANSLATED, domain);
	return 0;
}

/**
 * mock_domain_attach() - the driver's attach of a device to a domain that was allocated
 * @iommu_domain: the domain; old cores allocate those of a group's home as well
 * @dev: one of the mock's devices
 *
 * Return: 0 or what was told in advance or, without that, what mock_policy says.
 */
int mock_domain_attach(struct iommu_domain *iommu_domain, struct device *dev)
{
	int ret;

	if (iommu_domain->type == IOMMU_DOMAIN_IDENTITY)
		return mock_place_attach(MOCK_IDENTITY, dev);
	if (!is_for_dma(iommu_domain))
		return mock_place_attach(MOCK_BLOCKED, dev);

	mutex_lock(&mock_lock);
	ret = attach_for_dma(mock_domain_of(iommu_domain), mock_device_of(dev));
	mutex_unlock(&mock_lock);
	return ret;
}

static bool all_coherent(const struct mock_domain *domain)
{
	unsigned int i;

	for (i = 0; i < mock_nr_devices; i++)
		if (mock_devices[i].domain == domain && !mock_devices[i].instance->coherent)
			return false;
	return true;
}

/* Makes all DMA through a domain snoop the caches, if all IOMMUs of its devices can. */
bool mock_domain_enforce(struct iommu_domain *iommu_domain)
{
	struct mock_domain *domain = mock_domain_of(iommu_domain);
	int error;
	bool yes;

	mock_count(MOCK_ENFORCE, 1);
	if (atomic_long_read(&domain->nr_pages))
		mock_count(MOCK_ENFORCE_LATE, 1);
	if (is_answered(MOCK_CALL_ENFORCE, domain, NULL, &error))
		return false;
	mutex_lock(&mock_lock);
	yes = domain->coherent || all_coherent(domain);
	domain->coherent = yes;
	mutex_unlock(&mock_lock);
	return yes;
}

int mock_domain_map(struct iommu_domain *iommu_domain, u64 iova, phys_addr_t phys, size_t bytes, int prot, gfp_t gfp)
{
	struct mock_domain *domain = mock_domain_of(iommu_domain);
	size_t stays = bytes - PAGE_SIZE;
	int ret;

	mock_count(MOCK_MAP, 1);
	if (!is_answered(MOCK_CALL_MAP, domain, NULL, &ret))
		ret = mock_table_map(&domain->table, iova, phys, bytes, prot, gfp);
	else if (ret && stays && mock_policy.failed_map_stays &&
		 !mock_table_map(&domain->table, iova, phys, stays, prot, gfp))
		atomic_long_add(stays >> PAGE_SHIFT, &domain->nr_pages);
	if (ret) {
		mock_count(MOCK_MAP_FAILED, 1);
		if (ret == -EEXIST)
			mock_count(MOCK_MAP_TWICE, 1);
		return ret;
	}
	atomic_long_add(bytes >> PAGE_SHIFT, &domain->nr_pages);
	mock_count(MOCK_PAGES_MAPPED, bytes >> PAGE_SHIFT);
	return 0;
}

size_t mock_domain_unmap(struct iommu_domain *iommu_domain, u64 iova, size_t bytes)
{
	struct mock_domain *domain = mock_domain_of(iommu_domain);
	size_t done = mock_table_unmap(&domain->table, iova, bytes);

	mock_count(MOCK_UNMAP, 1);
	if (done < bytes)
		mock_count(MOCK_UNMAP_NOTHING, 1);
	atomic_long_sub(done >> PAGE_SHIFT, &domain->nr_pages);
	return done;
}

/* The address behind an IOVA, or 0. */
phys_addr_t mock_domain_find(struct iommu_domain *domain, u64 iova)
{
	phys_addr_t phys;
	int prot;

	return mock_table_find(&mock_domain_of(domain)->table, iova, &phys, &prot) ? phys : 0;
}

void mock_domains_show(struct seq_file *seq)
{
	struct mock_domain *domain;

	mutex_lock(&mock_lock);
	list_for_each_entry(domain, &domains, next) {
		if (!is_for_dma(&domain->domain))
			continue;
		seq_printf(seq, "domain %u iommu %d devices %u pages %ld %s\n", domain->id, id_of(domain->instance),
			   domain->nr_devices, atomic_long_read(&domain->nr_pages),
			   domain->coherent ? "coherent" : "not-coherent");
		mock_table_show(seq, &domain->table);
	}
	mutex_unlock(&mock_lock);
}

/* How many pages are mapped in all domains. */
long mock_domains_pages(void)
{
	struct mock_domain *domain;
	long pages = 0;

	mutex_lock(&mock_lock);
	list_for_each_entry(domain, &domains, next)
		pages += atomic_long_read(&domain->nr_pages);
	mutex_unlock(&mock_lock);
	return pages;
}
