// SPDX-License-Identifier: GPL-2.0-only
/* The watching module as calls, and the container that all experiments start from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "conform.h"

#define MODULE	"ng_conform"

void watch_load(void)
{
	char path[256], params[64];
	struct utsname uts;

	if (module_loaded(MODULE))
		OK(module_unload(MODULE));
	OK(uname(&uts));
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/test/%s.ko", uts.release, MODULE);
	snprintf(params, sizeof(params), "device=%s", devices[FIRST].bdf);
	OK(module_load_file(path, params));
}

void watch_set(const char *parameter, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	OK(module_param_set(MODULE, parameter, text));
}

int watch_get(const char *parameter)
{
	char text[32];

	OK(module_param_get(MODULE, parameter, text, sizeof(text)));
	return text[0] == 'Y' ? 1 : atoi(text);
}

void watch_reset(void)
{
	watch_set("watch", 1);
}

int pair_try(const char *kind, int *raw)
{
	OK(module_param_set(MODULE, "pair", kind));
	*raw = watch_get("raw");
	return env.backend == NG ? watch_get("emt") : *raw;
}

void container_with_target(struct container *ct)
{
	container_init(ct);
	container_add(ct, FIRST);
	OK(container_set_iommu(ct->fd, TYPE1V2));
}

struct joined join_second(struct container *ct)
{
	const int offers = watch_get("offers"), attaches = watch_get("target_attaches"), failed = watch_get("failed");
	struct counts before;
	struct joined joined;

	counters_read(&before);
	joined.error = container_try_add(ct, SECOND);
	joined.new_domains = counters_since(&before, COUNT_ALLOC) - counters_since(&before, COUNT_FREE);
	joined.offers = watch_get("offers") - offers;
	joined.attached = watch_get("target_attaches") - attaches > watch_get("failed") - failed;
	joined.shares = !joined.error && !joined.new_domains && joined.attached;
	return joined;
}
