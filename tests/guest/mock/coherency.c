// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coherency of DMA with IOMMUs that can enforce it and others that cannot, in every order.
 *
 * VFIO_DMA_CC_IOMMU has to say the truth about the page tables. Where KVM asks the device instead (since 6.2), every
 * group whose IOMMU can enforce coherency has to be in a domain that does.
 */
#include <string.h>

#include "mock.h"

#define GROUPS	4

/* IOMMU 0 can, IOMMU 1 cannot; two groups behind each. */
static int group_of(int i)
{
	return i % 2 + (i / 2) * mock.iommus;
}

static bool can(int i)
{
	return i % 2 == 0;
}

static bool kvm_asks_the_device(void)
{
	return headers_have("CAP_ENFORCE_CACHE_COHERENCY");
}

/* Coherency is the bus's there and no domain's: true if every IOMMU can. */
static bool is_of_the_bus(void)
{
	return !headers_have("ENFORCE_CACHE_COHERENCY");
}

static bool all_domains_are_coherent(void)
{
	struct mock_domain domains[GROUPS + 1];
	int i, n = mock_domains(domains, GROUPS + 1);

	if (is_of_the_bus())
		return false;
	for (i = 0; i < n; i++)
		if (!domains[i].coherent)
			return false;
	return true;
}

static bool is_in_coherent_domain(int group)
{
	const struct mock_device dev = mock_device(mock.group[group].device[0]);
	struct mock_domain domains[GROUPS + 1];
	int i, n = mock_domains(domains, GROUPS + 1);

	for (i = 0; i < n; i++)
		if (domains[i].number == dev.domain)
			return domains[i].coherent;
	TRUE(false);
	return false;
}

/* What containers said so far, a character a question, to be compared with stock. */
static char answers[1000];

static void check_coherency(struct container *ct, const bool *attached)
{
	const int coherent = container_check_extension(ct->fd, VFIO_DMA_CC_IOMMU);
	int i;

	EQ(coherent, all_domains_are_coherent());
	strcat(answers, coherent ? "1" : "0");
	if (!kvm_asks_the_device())
		return;
	for (i = 0; i < GROUPS; i++)
		if (attached[i])
			EQ(is_in_coherent_domain(group_of(i)), can(i));
}

/* Groups come in one order and go in another. */
static void come_and_go(const int *come, const int *go)
{
	bool attached[GROUPS] = { false };
	struct container ct;
	int i;

	container_init(&ct);
	for (i = 0; i < GROUPS; i++) {
		container_add(&ct, group_of(come[i]));
		if (!i)
			OK(container_set_iommu(ct.fd, TYPE1V2));
		attached[come[i]] = true;
		check_coherency(&ct, attached);
	}
	for (i = 0; i < GROUPS - 1; i++) {
		container_remove(&ct, group_of(go[i]));
		attached[go[i]] = false;
		check_coherency(&ct, attached);
	}
	container_close(&ct);
}

/* Next permutation in the order of the alphabet; false after the last. */
static bool next(int *order)
{
	int i = GROUPS - 2, j = GROUPS - 1, t;

	while (i >= 0 && order[i] > order[i + 1])
		i--;
	if (i < 0)
		return false;
	while (order[j] < order[i])
		j--;
	t = order[i], order[i] = order[j], order[j] = t;
	for (i++, j = GROUPS - 1; i < j; i++, j--)
		t = order[i], order[i] = order[j], order[j] = t;
	return true;
}

static void every_order(const char *name)
{
	int come[GROUPS] = { 0, 1, 2, 3 }, n = 0;

	answers[0] = '\0';

	do {
		int backwards[GROUPS], i;

		for (i = 0; i < GROUPS; i++)
			backwards[i] = come[GROUPS - 1 - i];
		come_and_go(come, come);
		come_and_go(come, backwards);
		n += 2;
	} while (next(come));
	EQ(n, 48);
	EQ(strlen(answers), 48 * (2 * GROUPS - 1));
	/* Elsewhere groups may share, and then a container stays incoherent that stock calls coherent again. */
	if (kvm_asks_the_device() || is_of_the_bus())
		test_same_on_both(name, "%s", answers);
}

TEST(coherency_is_true_in_every_order, .seconds = 200)
{
	mock_write("iommu1/coherent", "N");
	mock_write("foreign_errno", "0");
	mock_write("incoherent_errno", "%d", attach_errnos() & ERRNOS_OF_EACH_DRIVER ? EOPNOTSUPP : EINVAL);
	mock_pose_as_intel();
	mock_write("foreign_errno", "0");
	every_order("coherency");
}

/* A driver that does not notice, as VT-d's first-stage domains since 7.2. Before 6.2 nobody could ask the device. */
TEST(coherency_is_true_where_the_driver_does_not_notice, .seconds = 200)
{
	if (!kvm_asks_the_device())
		test_skip("this kernel cannot be asked which device is coherent");
	mock_write("iommu1/coherent", "N");
	mock_write("foreign_errno", "0");
	mock_write("incoherent_errno", "0");
	every_order("coherency-unnoticed");
}

TEST(coherency_is_true_where_instances_share_nothing, .seconds = 200)
{
	mock_write("iommu1/coherent", "N");
	every_order("coherency-unshared");
}

TEST(coherent_group_after_an_incoherent_one)
{
	struct mock_domain domains[4];
	struct container ct;
	int shared;

	if (is_of_the_bus())
		test_skip("coherency is the bus's on this kernel");
	mock_write("iommu1/coherent", "N");
	mock_write("foreign_errno", "0");
	container_make(&ct, 1, 1, TYPE1V2);
	container_add(&ct, 0);
	shared = kvm_asks_the_device() ? 0 : DIFF(COHERENT_JOINS_INCOHERENT);
	EQ(mock_domains(domains, 4), shared ? 1 : 2);
	EQ(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU), 0);
	container_remove(&ct, 1);
	EQ(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU), !shared);
	container_close(&ct);
}

/* The device can, as far as the kernel tells, and the domain cannot after all. */
TEST(coherency_refused_by_the_domain_is_told)
{
	struct container ct;

	if (is_of_the_bus())
		test_skip("this kernel does not ask");
	mock_answer("enforce errno=22");
	container_make(&ct, 0, 1, TYPE1V2);
	EQ(mock_answers_given(), 1);
	EQ(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU), 0);
	container_close(&ct);
}

TEST(coherency_of_capable_iommus_is_told)
{
	struct container ct;
	uint8_t *area = memory_small_pages(PAGE);
	char *domains;

	container_make(&ct, 0, 2, TYPE1V2);
	EQ(container_check_extension(ct.fd, VFIO_DMA_CC_IOMMU), 1);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	domains = mock_text("domains");
	/* Mapped with the bit that says so, in both domains. */
	TRUE(strstr(domains, " rwc\n") && !strstr(domains, " rw\n"));
	container_close(&ct);
}
