/* SPDX-License-Identifier: GPL-2.0-only */
/* Trace events. ret is 0 or a negative errno, unless noted otherwise. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_type1_ng

#if !defined(NG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NG_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#define NG_TRACE_NAME_LEN 16

TRACE_EVENT(vfio_attach_group,
	/* Arrays, because __assign_str() changed its arguments in v6.10. */
	TP_PROTO(unsigned long container, int group, const char *decision, const char *iommu, int ret),
	TP_ARGS(container, group, decision, iommu, ret),

	TP_STRUCT__entry(
		__field(unsigned long, container)
		__field(int, group)
		__array(char, decision, NG_TRACE_NAME_LEN)
		__array(char, iommu, NG_TRACE_NAME_LEN)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->container = container;
		__entry->group = group;
		strscpy_pad(__entry->decision, decision, NG_TRACE_NAME_LEN);
		strscpy_pad(__entry->iommu, iommu, NG_TRACE_NAME_LEN);
		__entry->ret = ret;
	),

	TP_printk("container=%lu group=%d decision=%s iommu=%s ret=%d",
		  __entry->container, __entry->group, __entry->decision, __entry->iommu, __entry->ret)
);

TRACE_EVENT(vfio_detach_group,
	TP_PROTO(unsigned long container, int group),
	TP_ARGS(container, group),

	TP_STRUCT__entry(
		__field(unsigned long, container)
		__field(int, group)
	),

	TP_fast_assign(
		__entry->container = container;
		__entry->group = group;
	),

	TP_printk("container=%lu group=%d", __entry->container, __entry->group)
);

/* VFIO_IOMMU_MAP_DMA that does not update a user address. */
TRACE_EVENT(vfio_map,
	TP_PROTO(unsigned long container, u64 first, u64 last, int prot, int ret),
	TP_ARGS(container, first, last, prot, ret),

	TP_STRUCT__entry(
		__field(unsigned long, container)
		__field(u64, first)
		__field(u64, last)
		__field(int, prot)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->container = container;
		__entry->first = first;
		__entry->last = last;
		__entry->prot = prot;
		__entry->ret = ret;
	),

	TP_printk("container=%lu iova=%#llx-%#llx prot=%s%s ret=%d", __entry->container,
		  (unsigned long long)__entry->first, (unsigned long long)__entry->last,
		  __entry->prot & 1 ? "r" : "-", __entry->prot & 2 ? "w" : "-", __entry->ret)
);

/* VFIO_IOMMU_UNMAP_DMA. If everything is unmapped, iova and size are 0. */
TRACE_EVENT(vfio_unmap,
	TP_PROTO(unsigned long container, u64 iova, u64 size, u64 removed, int ret),
	TP_ARGS(container, iova, size, removed, ret),

	TP_STRUCT__entry(
		__field(unsigned long, container)
		__field(u64, iova)
		__field(u64, size)
		__field(u64, removed)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->container = container;
		__entry->iova = iova;
		__entry->size = size;
		__entry->removed = removed;
		__entry->ret = ret;
	),

	TP_printk("container=%lu iova=%#llx size=%#llx removed=%#llx ret=%d", __entry->container,
		  (unsigned long long)__entry->iova, (unsigned long long)__entry->size,
		  (unsigned long long)__entry->removed, __entry->ret)
);

DECLARE_EVENT_CLASS(vfio_pages,
	TP_PROTO(unsigned long container, u64 iova, int npages, int ret),
	TP_ARGS(container, iova, npages, ret),

	TP_STRUCT__entry(
		__field(unsigned long, container)
		__field(u64, iova)
		__field(int, npages)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->container = container;
		__entry->iova = iova;
		__entry->npages = npages;
		__entry->ret = ret;
	),

	TP_printk("container=%lu iova=%#llx npages=%d ret=%d", __entry->container,
		  (unsigned long long)__entry->iova, __entry->npages, __entry->ret)
);

/* By in-kernel users, from iova on. ret is the number of pages or an errno. */
DEFINE_EVENT(vfio_pages, vfio_pin_pages,
	TP_PROTO(unsigned long container, u64 iova, int npages, int ret),
	TP_ARGS(container, iova, npages, ret)
);

/* ret is the number of pages before one that is not mapped, or an errno. */
DEFINE_EVENT(vfio_pages, vfio_unpin_pages,
	TP_PROTO(unsigned long container, u64 iova, int npages, int ret),
	TP_ARGS(container, iova, npages, ret)
);

TRACE_EVENT(vfio_dma_rw,
	TP_PROTO(unsigned long container, u64 iova, size_t bytes, bool write, int ret),
	TP_ARGS(container, iova, bytes, write, ret),

	TP_STRUCT__entry(
		__field(unsigned long, container)
		__field(u64, iova)
		__field(size_t, bytes)
		__field(bool, write)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->container = container;
		__entry->iova = iova;
		__entry->bytes = bytes;
		__entry->write = write;
		__entry->ret = ret;
	),

	TP_printk("container=%lu iova=%#llx bytes=%#zx %s ret=%d", __entry->container,
		  (unsigned long long)__entry->iova, __entry->bytes, __entry->write ? "write" : "read", __entry->ret)
);

/* The n-th notification of in-kernel users to unpin a mapping. */
TRACE_EVENT(vfio_ask_unpin,
	TP_PROTO(unsigned long container, u64 first, u64 last, unsigned int round),
	TP_ARGS(container, first, last, round),

	TP_STRUCT__entry(
		__field(unsigned long, container)
		__field(u64, first)
		__field(u64, last)
		__field(unsigned int, round)
	),

	TP_fast_assign(
		__entry->container = container;
		__entry->first = first;
		__entry->last = last;
		__entry->round = round;
	),

	TP_printk("container=%lu iova=%#llx-%#llx round=%u", __entry->container,
		  (unsigned long long)__entry->first, (unsigned long long)__entry->last, __entry->round)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
