/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mock_iommu: IOMMUs that exist only in memory, with devices that VFIO can own.  For tests only.
 *
 * A domain is a real page table: what is mapped can be read, and a device's DMA goes through it to real memory.
 * Every answer of the driver can be told in advance, every call is counted.
 *
 * Invariants: mock_lock guards which domain a device is attached to, so that DMA, attach and free exclude each
 * other; a page table is guarded by its xarray's own lock, because maps of several threads run side by side.
 */
#ifndef MOCK_IOMMU_H
#define MOCK_IOMMU_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

extern struct mutex mock_lock;

/* --- instance.c: IOMMUs --- */

#define MOCK_MAX_INSTANCES	32
#define MOCK_MAX_RESERVED	4

/**
 * struct mock_reserved - addresses that a device cannot use for DMA
 * @first: first address
 * @last: last address
 * @type: why
 */
struct mock_reserved {
	u64 first;
	u64 last;
	enum iommu_resv_type type;
};

/**
 * struct mock_instance - one IOMMU
 * @iommu: the core's view of it
 * @parent: the hardware behind its class device, with a driver whose name tests choose
 * @fwnode: how devices name it where the core asks for that
 * @id: number, from 0
 * @coherent: it can make DMA snoop the caches whatever the device asks for
 * @dirty: it can track dirty pages
 * @pgsizes: page sizes of its domains
 * @first: first address of its domains
 * @last: last address of its domains
 * @reserved: addresses that its devices cannot use
 * @nr_reserved: their number
 *
 * Tests change the capabilities while nothing is attached.
 */
struct mock_instance {
	struct iommu_device iommu;
	struct device parent;
	struct fwnode_handle *fwnode;
	u32 id;
	bool coherent;
	bool dirty;
	u64 pgsizes;
	u64 first;
	u64 last;
	struct mock_reserved reserved[MOCK_MAX_RESERVED];
	unsigned int nr_reserved;
};

extern struct mock_instance *mock_instances;
extern unsigned int mock_nr_instances;

int mock_instances_add(unsigned int nr);
void mock_instances_reset(void);
int mock_pose(const char *class_prefix, const char *driver);

/* --- device.c: devices --- */

/* Where a device's DMA goes. */
enum mock_place {
	MOCK_NOWHERE,		/* blocked because an attach failed or none was made */
	MOCK_BLOCKED,		/* blocked by the core */
	MOCK_IDENTITY,		/* untranslated */
	MOCK_TRANSLATED,	/* through a domain */
	MOCK_DANGLING,		/* the domain was freed under it */
};

struct mock_domain;

/**
 * struct mock_device - one device
 * @dev: the kernel's object
 * @instance: its IOMMU
 * @id: number, from 0
 * @group: number of its group among the mock's, from 0
 * @member: place in its group, from 0
 * @place: where its DMA goes; guarded by mock_lock
 * @domain: through which domain if @place is MOCK_TRANSLATED; guarded by mock_lock
 */
struct mock_device {
	struct device *dev;
	struct mock_instance *instance;
	unsigned int id;
	unsigned int group;
	unsigned int member;
	enum mock_place place;
	struct mock_domain *domain;
};

extern struct mock_device *mock_devices;
extern unsigned int mock_nr_devices;

int mock_devices_add(unsigned int nr_singles, const unsigned int *sizes, unsigned int nr_sizes);
struct mock_device *mock_device_of(struct device *dev);
struct iommu_device *mock_probe_device(struct device *dev);
struct iommu_group *mock_device_group(struct device *dev);
const char *mock_place_name(enum mock_place place);
int mock_dma(struct mock_device *device, u64 iova, void *buf, size_t bytes, bool write);

/* --- table.c: page tables --- */

int mock_table_map(struct xarray *table, u64 iova, phys_addr_t phys, size_t bytes, int prot, gfp_t gfp);
size_t mock_table_unmap(struct xarray *table, u64 iova, size_t bytes);
bool mock_table_find(struct xarray *table, u64 iova, phys_addr_t *phys, int *prot);

struct seq_file;
void mock_table_show(struct seq_file *seq, struct xarray *table);

/* --- domain.c: domains --- */

/**
 * struct mock_domain - a page table and who uses it
 * @domain: the core's view of it
 * @next: place among all domains; guarded by mock_lock
 * @id: number, from 1
 * @instance: IOMMU it belongs to, or NULL before the first attach where the core does not say at allocation
 * @nr_devices: how many devices are attached; guarded by mock_lock
 * @coherent: DMA is to snoop the caches always; guarded by mock_lock
 * @table: IOVA page number -> page frame and protection
 * @nr_pages: how many pages are mapped
 */
struct mock_domain {
	struct iommu_domain domain;
	struct list_head next;
	unsigned int id;
	struct mock_instance *instance;
	unsigned int nr_devices;
	bool coherent;
	struct xarray table;
	atomic_long_t nr_pages;
};

/**
 * struct mock_policy - how the driver decides where no answer was told in advance
 * @foreign_errno: positive errno for a domain of another instance; 0: instances share domains
 * @incoherent_errno: positive errno for a coherent domain and an IOMMU that cannot be; 0: it is not noticed
 * @refusal_drops: a device that is refused has lost its former translation
 * @failed_map_stays: a map that is told to fail maps all but the last page and does not say so, as
 *	VT-d's driver may when memory for page tables runs out
 * @attach_ms: how long an attach takes; others wait for it, as with a driver's own lock
 */
struct mock_policy {
	u32 foreign_errno;
	u32 incoherent_errno;
	bool refusal_drops;
	bool failed_map_stays;
	u32 attach_ms;
};

extern struct mock_policy mock_policy;

void mock_policy_reset(void);
struct iommu_domain *mock_domain_alloc(struct device *dev, unsigned int type);
void mock_domain_free(struct iommu_domain *domain);
int mock_domain_attach(struct iommu_domain *domain, struct device *dev);
int mock_place_attach(enum mock_place place, struct device *dev);
bool mock_domain_enforce(struct iommu_domain *domain);
int mock_domain_map(struct iommu_domain *domain, u64 iova, phys_addr_t phys, size_t bytes, int prot, gfp_t gfp);
size_t mock_domain_unmap(struct iommu_domain *domain, u64 iova, size_t bytes);
phys_addr_t mock_domain_find(struct iommu_domain *domain, u64 iova);
void mock_domains_show(struct seq_file *seq);
long mock_domains_pages(void);

static inline struct mock_domain *mock_domain_of(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

/* --- answers.c: what the driver says, told in advance --- */

enum mock_call {
	MOCK_CALL_ALLOC, MOCK_CALL_ATTACH, MOCK_CALL_HOME, MOCK_CALL_MAP, MOCK_CALL_ENFORCE,
	MOCK_NR_CALLS
};

#define MOCK_UNKNOWN	(-1)

/**
 * struct mock_question - a call of the driver that is to be answered
 * @call: which callback
 * @domain: instance that the domain belongs to, or MOCK_UNKNOWN
 * @device: instance of the device, or MOCK_UNKNOWN
 * @member: place of the device in its group, or MOCK_UNKNOWN
 */
struct mock_question {
	enum mock_call call;
	int domain;
	int device;
	int member;
};

int mock_answer_tell(char *line);
bool mock_answer(const struct mock_question *question, int *error);
void mock_answers_forget(void);
void mock_answers_show(struct seq_file *seq);

/* --- counters.c: what was called --- */

enum mock_counter {
	MOCK_ALLOC, MOCK_FREE, MOCK_FREE_IN_USE,
	MOCK_ATTACH, MOCK_ATTACH_FAILED, MOCK_ATTACH_HOME,
	MOCK_MAP, MOCK_MAP_FAILED, MOCK_MAP_TWICE,
	MOCK_UNMAP, MOCK_UNMAP_NOTHING,
	MOCK_PAGES_MAPPED,
	MOCK_ENFORCE, MOCK_ENFORCE_LATE,
	MOCK_NR_COUNTERS
};

void mock_count(enum mock_counter counter, long n);
void mock_counters_reset(void);
void mock_counters_show(struct seq_file *seq);

/* How often the driver was asked to attach a device to a domain for DMA. */
long mock_attempts(void);

/* --- debugfs.c --- */

void mock_debugfs_add(void);

#endif
