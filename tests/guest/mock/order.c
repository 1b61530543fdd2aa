// SPDX-License-Identifier: GPL-2.0-only
/* What it costs to bring many groups behind several IOMMUs that share nothing into one container. */
#include "mock.h"

struct cost {
	unsigned long long allocs, attaches, detaches;
	long long failed;
};

static struct cost cost_since(const struct counts *before, long long failed)
{
	return (struct cost){
		.allocs = counters_since(before, COUNT_ALLOC),
		.attaches = counters_since(before, COUNT_ATTACH),
		.detaches = counters_since(before, COUNT_DETACH),
		.failed = mock_counter("attach_failed") - failed,
	};
}

/* Groups come one by one; rest is what those cost that come after each IOMMU has a domain. */
static void many_groups(int groups)
{
	const int iommus = groups < mock.iommus ? groups : mock.iommus;
	struct mock_domain domains[64];
	struct counts before, settled;
	struct cost all, rest;
	struct container ct;
	int i;

	if (mock.first_several < groups)
		test_skip("needs %d groups of one device, the guest has %d", groups, mock.first_several);
	counters_read(&before);
	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 1; i < iommus; i++)
		container_add(&ct, i);
	all.failed = mock_counter("attach_failed");
	counters_read(&settled);
	for (i = iommus; i < groups; i++)
		container_add(&ct, i);
	rest = cost_since(&settled, all.failed);
	all = cost_since(&before, 0);
	ktap_diag("%s: %d groups behind %d IOMMUs: %llu attaches (%lld refused), %llu detaches, %llu domains allocated",
		  env.module, groups, iommus, all.attaches, all.failed, all.detaches, all.allocs);
	EQ(mock_domains(domains, 64), iommus);
	if (env.backend == NG) {
		/* First groups of IOMMUs ask the domains there are, until it is clear that none is shared. */
		const int pairs = iommus * (iommus - 1) / 2, refused = pairs < 8 ? pairs : 8;
		/* Where the core does not surely do it, a refused group is taken home by an attach. */
		const int taken_home = headers_have("DOMAIN_OWNER") ? 0 : refused;

		EQ(all.failed, refused);
		EQ(all.attaches, groups + refused + taken_home);
		EQ(all.allocs, iommus);
		EQ(rest.failed, 0);
		EQ(rest.attaches, groups - iommus);
	} else {
		/* To a domain of its own, back to it after each refusal, and to the one it joins. */
		EQ(all.attaches, groups + 2 * all.failed + groups - iommus);
		EQ(all.allocs, groups);
	}
	container_close(&ct);
}

TEST(attach_calls_for_2_groups)
{
	many_groups(2);
}

TEST(attach_calls_for_8_groups)
{
	many_groups(8);
}

TEST(attach_calls_for_60_groups)
{
	many_groups(60);
}

TEST(attach_calls_for_254_groups, .seconds = 300)
{
	many_groups(254);
}
