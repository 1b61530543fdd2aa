// SPDX-License-Identifier: GPL-2.0-only
/* Make chosen calls of a kernel function fail, with fault/ng_fault.ko. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "fault.h"
#include "module.h"

static void add_list(char *params, size_t size, const char *name,
		     const struct fault_rule *rules, int nr_rules)
{
	size_t n = strlen(params);
	int i;

	n += snprintf(params + n, size - n, "%s=", name);
	for (i = 0; i < nr_rules; i++) {
		if (!strcmp(name, "func"))
			n += snprintf(params + n, size - n, "%s", rules[i].func);
		else if (!strcmp(name, "nth"))
			n += snprintf(params + n, size - n, "%u", rules[i].nth);
		else if (!strcmp(name, "count"))
			n += snprintf(params + n, size - n, "%u", rules[i].count);
		else
			n += snprintf(params + n, size - n, "%d", rules[i].err);
		n += snprintf(params + n, size - n, i + 1 < nr_rules ? "," : " ");
	}
}

static int arm(const struct fault_rule *rules, int nr_rules, const char *unplug)
{
	char params[512] = "", path[256];
	struct utsname uts;

	fault_disarm();
	if (uname(&uts))
		return -errno;
	add_list(params, sizeof(params), "func", rules, nr_rules);
	add_list(params, sizeof(params), "nth", rules, nr_rules);
	add_list(params, sizeof(params), "count", rules, nr_rules);
	add_list(params, sizeof(params), "err", rules, nr_rules);
	if (unplug)
		snprintf(params + strlen(params), sizeof(params) - strlen(params), "unplug=%s", unplug);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/test/ng_fault.ko", uts.release);
	return module_load_file(path, params);
}

int fault_arm(const struct fault_rule *rules, int nr_rules)
{
	return arm(rules, nr_rules, NULL);
}

int fault_arm_unplug(const struct fault_rule *rule, const char *address)
{
	return arm(rule, 1, address);
}

unsigned int fault_hits(int rule)
{
	char text[128] = "", *p = text;

	module_param_get("ng_fault", "hits", text, sizeof(text));
	while (rule-- && p)
		p = (p = strchr(p, ',')) ? p + 1 : NULL;
	return p ? strtoul(p, NULL, 10) : 0;
}

void fault_disarm(void)
{
	if (module_loaded("ng_fault"))
		module_unload("ng_fault");
}
