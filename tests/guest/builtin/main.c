// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-builtin: the stock backend is built into the kernel, so it is there
 * first and cannot be unloaded, and ours comes and goes beside it.
 *
 * The steps build on each other: ours is loaded and unloaded again and again.
 * Who serves a container shows in the use count of our module.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/file.h"
#include "../lib/kmsg.h"
#include "../type1/test.h"

#define OURS		"vfio_type1_ng"
#define CONTAINERS	"/sys/kernel/debug/" OURS "/containers"
#define LAST_EXTENSION	32

/* Only stock has it, up to 6.12; newer kernels have no nested type. */
#define TYPE1_NESTING	6

static void load_ours(void)
{
	OK(module_modprobe(OURS));
	TRUE(module_loaded(OURS));
}

static void unload_ours(void)
{
	if (module_loaded(OURS))
		OK(module_unload(OURS));
}

/* Data goes both ways through the container's first device, and the container ends. */
static void works_until_closed(struct container *ct)
{
	uint8_t *area = memory_small_pages(PAGE * 2);
	struct edu edu;

	OK(dma_map(ct->fd, area, IOVA, PAGE * 2, DMA_RW));
	container_edu(ct, 0, &edu);
	memory_fill(area, 512, 7);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + PAGE, 512));
	TRUE(memory_holds(area + PAGE, 512, 7));
	edu_close(&edu);
	EQ(OK(dma_unmap(ct->fd, IOVA, PAGE * 2)), PAGE * 2);
	container_close(ct);
}

static void stock_is_built_in_and_serves(void)
{
	struct container ct;

	TRUE(!access("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", F_OK));
	TRUE(!module_loaded("vfio_iommu_type1"));	/* not as a module */
	TRUE(!module_loaded(OURS));
	container_make(&ct, 0, 2, TYPE1V2);
	works_until_closed(&ct);
}

static void loading_ours_says_that_stock_stays_behind(void)
{
	static const char *const words[] = { "stays behind this module: it gets what this one refuses", NULL };
	int log = OK(kmsg_open());
	char line[256];

	load_ours();
	TRUE(kmsg_find(log, words, line, sizeof(line)));
}

static void new_containers_are_served_by_ours(void)
{
	struct container ct;
	char list[512];

	load_ours();
	container_make(&ct, 0, 2, TYPE1V2);
	EQ(module_use_count(OURS), 1);
	OK(file_read(CONTAINERS, list, sizeof(list)));
	TRUE(strstr(list, "type1-builtin"));
	FAILS(EAGAIN, module_unload(OURS));
	works_until_closed(&ct);
	EQ(module_use_count(OURS), 0);
}

static void a_container_from_before_stays_with_stock(void)
{
	struct container before, now;

	unload_ours();
	container_make(&before, 0, 1, TYPE1V2);
	load_ours();
	EQ(module_use_count(OURS), 0);
	container_init(&now);
	container_add(&now, 1);
	OK(container_set_iommu(now.fd, TYPE1V2));
	EQ(module_use_count(OURS), 1);
	works_until_closed(&before);
	EQ(module_use_count(OURS), 1);
	container_close(&now);
}

static void an_attach_that_ours_refuses_goes_to_stock(void)
{
	struct container ct;

	load_ours();
	container_init(&ct);
	container_add(&ct, 0);
	fault("iommu_attach_group", 1, 1, -ENOMEM);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	EQ(fault_hits(0), 1);
	fault_disarm();
	EQ(module_use_count(OURS), 0);
	works_until_closed(&ct);
}

static void a_type_that_only_stock_has_goes_to_stock(void)
{
	struct container ct;

	load_ours();
	container_init(&ct);
	container_add(&ct, 0);
	/* No IOMMU of these guests can nest, so let it look as if one could; only stock asks. */
	fault("iommu_enable_nesting", 1, 1, 0);
	OK(container_set_iommu(ct.fd, TYPE1_NESTING));
	EQ(fault_hits(0), 1);
	fault_disarm();
	EQ(module_use_count(OURS), 0);
	works_until_closed(&ct);
}

/* A container without a driver is asked what any of them can do. */
static void what_only_stock_can_do_is_still_offered(void)
{
	int alone[LAST_EXTENSION + 1], together, ct = OK(container_open()), i;

	unload_ours();
	for (i = 0; i <= LAST_EXTENSION; i++)
		alone[i] = container_check_extension(ct, i);
	EQ(alone[TYPE1V2], 1);
	load_ours();
	for (i = 0; i <= LAST_EXTENSION; i++) {
		together = container_check_extension(ct, i);
		if (alone[i] > 0)
			EQ(together, alone[i]);
	}
}

static void unloading_ours_brings_stock_back(void)
{
	struct container ct;

	load_ours();
	unload_ours();
	TRUE(!module_loaded(OURS));
	container_make(&ct, 0, 2, TYPE1V2);
	works_until_closed(&ct);
	load_ours();
	container_make(&ct, 0, 2, TYPE1V2);
	EQ(module_use_count(OURS), 1);
	works_until_closed(&ct);
	unload_ours();
}

static const struct step {
	const char *name;
	void (*run)(void);
} steps[] = {
#define STEP(fn) { #fn, fn }
	STEP(stock_is_built_in_and_serves),
	STEP(loading_ours_says_that_stock_stays_behind),
	STEP(new_containers_are_served_by_ours),
	STEP(a_container_from_before_stays_with_stock),
	STEP(an_attach_that_ours_refuses_goes_to_stock),
	STEP(a_type_that_only_stock_has_goes_to_stock),
	STEP(what_only_stock_can_do_is_still_offered),
	STEP(unloading_ours_brings_stock_back),
};

#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

static void run(const struct step *step, unsigned int number)
{
	char why[256] = "";
	int status = -1;
	pid_t pid;

	unlink(SKIP_FILE);
	pid = fork();
	if (!pid) {
		step->run();
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	fault_disarm();
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
		file_read(SKIP_FILE, why, sizeof(why));
		ktap_skip(number, "builtin", step->name, why);
		return;
	}
	ktap_result(!status, number, "builtin", step->name);
}

int main(void)
{
	unsigned int i;

	env.backend = NG;
	env.module = OURS;
	ktap_header();
	ktap_plan(NR_STEPS);
	if (devices_find() < 2)
		ktap_diag("two edu devices on vfio-pci are needed, the guest has %d", nr_devices);
	for (i = 0; i < NR_STEPS; i++)
		run(&steps[i], i + 1);
	return 0;
}
