// SPDX-License-Identifier: GPL-2.0-only
/* Part 5: a real error while a group joins a domain reaches user space, and only a real one. */
#include "conform.h"

/* The second group joins while the driver fails to attach it to the first one's domain. */
static struct joined join_against(struct container *ct, int error, int *failed)
{
	struct joined joined;

	watch_reset();
	container_with_target(ct);
	watch_set("fail_attach", error);
	joined = join_second(ct);
	*failed = watch_get("failed");
	watch_set("fail_attach", 0);
	return joined;
}

/* What this kernel's driver says about an incompatible domain, or the contract's errno where no such pair can be made. */
static int incompatible_errno(void)
{
	static const char *const kinds[] = { "snoop", "width" };
	unsigned int i;
	int raw;

	for (i = 0; i < 2; i++) {
		watch_reset();
		pair_try(kinds[i], &raw);
		if (raw < 0)
			return -raw;
	}
	return EMEDIUMTYPE;
}

/* "Incompatible" must still lead to a second domain, or reporting errors costs groups that stock accepts. */
static bool incompatible_gets_a_domain(int error)
{
	struct joined joined;
	struct container ct;
	int failed;

	joined = join_against(&ct, error, &failed);
	container_close(&ct);
	return failed && !joined.error && joined.new_domains == 1;
}

static void errors(void)
{
	/* Two, so that a backend with one answer for everything does not pass. */
	static const int hard[] = { ENOMEM, ETIMEDOUT };
	const int soft = incompatible_errno();
	struct joined joined, again;
	struct container ct;
	unsigned int i;
	int failed;

	for (i = 0; i < 2; i++) {
		joined = join_against(&ct, hard[i], &failed);
		if (!failed)
			conclude(ABSENT, "the backend never attached the second group to the domain that exists, so there was no error to report (SET_CONTAINER: %s)",
				 error_name(joined.error));
		if (joined.error != -hard[i])
			conclude(ABSENT, "driver says %s for the domain that exists: SET_CONTAINER says %s, %llu more domain(s)",
				 error_name(hard[i]), error_name(joined.error), joined.new_domains);
		if (joined.new_domains)
			conclude(ABSENT, "%s is reported, but a domain is left behind", error_name(hard[i]));
		again = join_second(&ct);
		if (again.error || !again.shares)
			conclude(ABSENT, "after %s the group cannot join any more: %s", error_name(hard[i]),
				 error_name(again.error));
		container_close(&ct);
	}
	if (!incompatible_gets_a_domain(EMEDIUMTYPE))
		conclude(ABSENT, "ENOMEM and ETIMEDOUT are reported, but EMEDIUMTYPE is taken for an error too, instead of getting the group a second domain");
	if (!incompatible_gets_a_domain(soft))
		remark("WARNING: a group that this kernel's IOMMU driver calls incompatible (%s) is refused, where stock gives it a second domain; this backend needs part 1, or iommu_emt",
		       error_name(soft));
	conclude(PRESENT, "driver says ENOMEM, ETIMEDOUT: SET_CONTAINER says the same, no domain is left, the next try joins; EMEDIUMTYPE gets a second domain");
}

const struct part part_errors = {
	.id = "5",
	.name = "real_errors_are_reported",
	.title = "a real error of attach reaches user space",
	.instead = "every error counts as \"does not fit\": the group silently gets a domain of its own",
	.run = errors,
};
