// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommu_emt itself, asked by a module of the test's (../cross/ng_cross.c) to attach a group to a domain of the other
 * IOMMU.  For guests that have two, as two-iommus.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "../lib/kmsg.h"
#include "instances.h"
#include "test.h"

#define NOT_ON_STOCK	.not_on_stock = "iommu_emt is not part of stock"

static void cross_load(void)
{
	struct utsname uts;
	char path[256];

	OK(uname(&uts));
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/test/ng_cross.ko", uts.release);
	OK(module_load_file(path, ""));
}

static void cross_try(int owner, int other)
{
	char pair[64];

	snprintf(pair, sizeof(pair), "%s %s", devices[owner].bdf, devices[other].bdf);
	OK(module_param_set("ng_cross", "try", pair));
}

static void param(const char *name, char *text, size_t size)
{
	OK(module_param_get("ng_cross", name, text, size));
}

static int number(const char *name)
{
	char text[32];

	param(name, text, sizeof(text));
	return strtol(text, NULL, 10);
}

static bool yes(const char *name)
{
	char text[32];

	param(name, text, sizeof(text));
	return text[0] == 'Y';
}

/* -ENXIO until drivers agreed on -EINVAL; virtio-iommu only came to arm64 after that. */
static bool is_raw_refusal(int error)
{
	return (error == -ENXIO && attach_errnos() & ERRNOS_OF_EACH_DRIVER) ||
	       (error == -EINVAL && attach_errnos() & ERRNOS_DOCUMENTED);
}

static void expect_refused(int owner, int other)
{
	cross_try(owner, other);
	ktap_diag("%s to the domain of %s: raw %d, iommu_emt %d", devices[other].bdf, devices[owner].bdf, number("raw"),
		  number("emt_group"));
	TRUE(is_raw_refusal(number("raw")));
	EQ(number("emt_group"), -EMEDIUMTYPE);
	EQ(number("emt_device"), -EMEDIUMTYPE);
	TRUE(yes("at_home"));
	TRUE(yes("first_stays"));
}

TEST(two_iommus_emt_calls_a_foreign_group_incompatible, NOT_ON_STOCK)
{
	struct instances in;

	instances_find(&in);
	cross_load();
	expect_refused(in.near[0], in.far[0]);
	expect_refused(in.far[0], in.near[0]);
	OK(module_unload("ng_cross"));
}

TEST(two_iommus_emt_attaches_a_group_of_the_same_iommu, NOT_ON_STOCK)
{
	struct instances in;

	instances_find(&in);
	cross_load();
	cross_try(in.near[0], in.near[1]);
	EQ(number("raw"), 0);
	EQ(number("emt_group"), 0);
	EQ(number("emt_device"), 0);
	EQ(number("emt_fresh"), 0);
	TRUE(yes("first_stays"));
	cross_try(in.far[0], in.far[1]);
	EQ(number("emt_group"), 0);
	OK(module_unload("ng_cross"));
}

/* A domain is bound to its IOMMU by its first attach on old kernels, and by being allocated on new ones. */
TEST(two_iommus_emt_answers_raw_for_a_fresh_domain, NOT_ON_STOCK)
{
	struct instances in;

	instances_find(&in);
	cross_load();
	cross_try(in.near[0], in.far[0]);
	EQ(number("emt_fresh"), headers_have("IOMMU_PAGING_DOMAIN_ALLOC") ? -EINVAL : 0);
	OK(module_unload("ng_cross"));
}

TEST(two_iommus_emt_logs_nothing_of_its_own, NOT_ON_STOCK)
{
	static const char *const ours[] = { "iommu_emt", NULL };
	struct instances in;
	char line[512];
	int kmsg;

	instances_find(&in);
	cross_load();
	kmsg = OK(kmsg_open());
	cross_try(in.near[0], in.far[0]);
	EQ(number("emt_group"), -EMEDIUMTYPE);
	if (kmsg_find(kmsg, ours, line, sizeof(line))) {
		ktap_diag("kernel log: %s", line);
		TRUE(!"the kernel log says nothing of iommu_emt");
	}
	OK(module_unload("ng_cross"));
}

/* The control, for guests as own-iommus.c has them: another IOMMU does not make a domain incompatible. */
TEST(own_iommus_emt_attaches_a_group_of_another_iommu, NOT_ON_STOCK)
{
	NEED_DEVICES(2);
	cross_load();
	cross_try(0, 1);
	EQ(number("raw"), 0);
	EQ(number("emt_group"), 0);
	EQ(number("emt_device"), 0);
	EQ(number("emt_fresh"), 0);
	TRUE(yes("first_stays"));
	OK(module_unload("ng_cross"));
}
