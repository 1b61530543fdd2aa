/* SPDX-License-Identifier: GPL-2.0-only */
/* One event per judged attach, also of modules that translate= names. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommu_emt

#if !defined(EMT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define EMT_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "drivers.h"

#define EMT_TRACE_VERDICT_LEN 16

TRACE_EVENT(iommu_emt_attach,
	/* Fixed arrays: __assign_str() changed its arguments in v6.10. */
	TP_PROTO(int group_id, const char *driver, int raw, const char *verdict, int final),
	TP_ARGS(group_id, driver, raw, verdict, final),

	TP_STRUCT__entry(
		__field(int, group_id)
		__array(char, driver, EMT_DRIVER_NAME_LEN)
		__field(int, raw)
		__array(char, verdict, EMT_TRACE_VERDICT_LEN)
		__field(int, final)
	),

	TP_fast_assign(
		__entry->group_id = group_id;
		strscpy_pad(__entry->driver, driver, EMT_DRIVER_NAME_LEN);
		__entry->raw = raw;
		strscpy_pad(__entry->verdict, verdict, EMT_TRACE_VERDICT_LEN);
		__entry->final = final;
	),

	TP_printk("group=%d driver=%s raw=%d final=%d verdict=%s",
		  __entry->group_id, __entry->driver, __entry->raw, __entry->final, __entry->verdict)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
