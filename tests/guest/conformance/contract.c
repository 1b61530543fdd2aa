// SPDX-License-Identifier: GPL-2.0-only
/* Part 1: the attach functions say EMEDIUMTYPE exactly when domain and group are incompatible. */
#include <stdio.h>
#include <string.h>

#include "../lib/kmsg.h"
#include "conform.h"

static const char *attach_function(void)
{
	return env.backend == NG ? "iommu_emt_attach_group" : "iommu_attach_group";
}

/* Words in the kernel log about an attach that is only a question. */
static bool was_logged(int reader)
{
	static const char *const words[] = { "iommu", "IOMMU", "DMAR", "AMD-Vi", "emt", NULL };
	char line[256];
	bool found = false;

	while (kmsg_find(reader, words, line, sizeof(line))) {
		ktap_diag("logged: %s", line);
		found = true;
	}
	return found;
}

/* What the caller gets when the driver refuses with this errno. */
static int say_with_lent_errno(int error)
{
	int raw;

	watch_reset();
	watch_set("fail_attach", error);
	return pair_try("plain", &raw);
}

/* Pairs that fit, or that a driver fails to attach for want of memory, are no matter of compatibility. */
static void expect_nothing_else_is_called_incompatible(void)
{
	static const int hard[] = { ENOMEM, ETIMEDOUT };
	unsigned int i;
	int said, raw;

	watch_reset();
	said = pair_try("plain", &raw);
	if (said)
		conclude(ABSENT, "%s() says %s to a domain and a group that fit", attach_function(), error_name(said));
	for (i = 0; i < 2; i++) {
		said = say_with_lent_errno(hard[i]);
		if (said != -hard[i])
			conclude(ABSENT, "%s() makes %s of the driver's %s", attach_function(), error_name(said),
				 error_name(hard[i]));
	}
}

static void contract(void)
{
	static const struct {
		const char *kind, *meaning;
	} pairs[] = {
		{ "snoop", "snooping forced on a unit that cannot" },
		{ "width", "mapping beyond the unit's width" },
	};
	char text[512] = "";
	int made = 0, right = 0, logged = 0;
	unsigned int i;

	expect_nothing_else_is_called_incompatible();
	for (i = 0; i < 2; i++) {
		int reader, said, raw;

		watch_reset();
		reader = OK(kmsg_open());
		said = pair_try(pairs[i].kind, &raw);
		/* An attach that works shows that this unit can do what was asked for. */
		if (raw >= 0)
			continue;
		made++;
		right += said == -EMEDIUMTYPE;
		logged += was_logged(reader);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s: ", made > 1 ? "; " : "", pairs[i].meaning);
		if (said != raw)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "driver %s, ", error_name(raw));
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", error_name(said));
	}
	if (!made)
		conclude(NOT_OBSERVABLE, "with this IOMMU no domain can be made that its driver refuses; of errnos lent to the driver, EINVAL arrives at the caller as %s, ENOMEM and ETIMEDOUT unchanged",
			 error_name(say_with_lent_errno(EINVAL)));
	if (logged)
		remark("a refused attach leaves a line in the kernel log; the series removed those of the drivers");
	conclude(right == made ? PRESENT : ABSENT, "%s() on real incompatible pairs: %s; ENOMEM stays ENOMEM",
		 attach_function(), text);
}

const struct part part_contract = {
	.id = "1",
	.name = "error_contract",
	.title = "attach says EMEDIUMTYPE for an incompatible pair",
	.instead = "each driver has an errno of its own, and since 6.2 EINVAL, which means other failures too",
	.run = contract,
};
