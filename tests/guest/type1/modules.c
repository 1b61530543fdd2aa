// SPDX-License-Identifier: GPL-2.0-only
/* The backend as a kernel module: parameters, use count, unload and load. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../lib/file.h"
#include "test.h"

static void expect_param(const char *name, const char *value)
{
	char text[32];

	EQ(module_param_mode(env.module, name), 0644);
	OK(module_param_get(env.module, name, text, sizeof(text)));
	TRUE(!strcmp(text, value));
}

/* modprobe knows stock by its own name; ours takes that name over by an alias. */
static void load_again(void)
{
	OK(module_modprobe("vfio_iommu_type1"));
	TRUE(module_loaded(env.module));
	TRUE(!module_loaded(env.backend == NG ? "vfio_iommu_type1" : "vfio_type1_ng"));
}

TEST(parameters_have_the_names_modes_and_defaults_of_stock)
{
	OK(module_unload(env.module));
	load_again();
	expect_param("allow_unsafe_interrupts", "N");
	expect_param("disable_hugepages", "N");
	expect_param("dma_entry_limit", "65535");
}

TEST(parameters_refuse_nonsense)
{
	FAILS(EINVAL, module_param_set(env.module, "dma_entry_limit", "many"));
	FAILS(ERANGE, module_param_set(env.module, "dma_entry_limit", "4294967296"));
	FAILS(EINVAL, module_param_set(env.module, "disable_hugepages", "perhaps"));
	FAILS(EINVAL, module_param_set(env.module, "allow_unsafe_interrupts", "2"));
}

TEST(idle_module_can_be_unloaded_and_loaded_again)
{
	struct container ct;
	int i;

	for (i = 0; i < 3; i++) {
		OK(module_unload(env.module));
		TRUE(!module_loaded(env.module));
		load_again();
		OK(module_param_set(env.module, "allow_unsafe_interrupts",
				    env.interrupt_remapping ? "N" : "Y"));
		container_make(&ct, 0, 1, TYPE1V2);
		container_close(&ct);
	}
}

TEST(module_in_use_refuses_to_go)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	EQ(module_use_count(env.module), 0);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	EQ(module_use_count(env.module), 1);
	FAILS(EAGAIN, module_unload(env.module));
	TRUE(module_loaded(env.module));
	OK(dma_map(ct.fd, memory_small_pages(PAGE), IOVA, PAGE, DMA_RW));
	container_remove(&ct, 0);
	EQ(module_use_count(env.module), 0);
	container_close(&ct);
}

TEST(every_container_counts_as_one_user)
{
	struct container a, b;

	container_make(&a, 0, 2, TYPE1V2);
	container_make(&b, 2, 1, TYPE1);
	EQ(module_use_count(env.module), 2);
	container_close(&a);
	EQ(module_use_count(env.module), 1);
	FAILS(EAGAIN, module_unload(env.module));
	container_close(&b);
	EQ(module_use_count(env.module), 0);
}

TEST(refused_set_iommu_does_not_hold_the_module)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	FAILS(ENODEV, container_set_iommu(ct.fd, 99));
	EQ(module_use_count(env.module), 0);
	fault("iommu_attach_group", 1, 1, -ENOMEM);
	FAILS(ENOMEM, container_set_iommu(ct.fd, TYPE1V2));
	fault_disarm();
	EQ(module_use_count(env.module), 0);
	container_close(&ct);
}

TEST(without_the_module_set_iommu_finds_no_driver)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	OK(module_unload(env.module));
	FAILS(ENODEV, container_set_iommu(ct.fd, TYPE1V2));
	EQ(container_check_extension(ct.fd, TYPE1V2), 0);
	load_again();
	OK(module_param_set(env.module, "allow_unsafe_interrupts", env.interrupt_remapping ? "N" : "Y"));
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}

/* --- the module goes while a call has loaded its driver; see fault/ng_stall.c --- */

#define SECOND_CPU	"/sys/devices/system/cpu/cpu1/online"

static int stall_load(const char *params)
{
	char path[256];
	struct utsname uts;

	OK(uname(&uts) ? -errno : 0);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/test/ng_stall.ko", uts.release);
	return module_load_file(path, params);
}

static long stall_param(const char *name)
{
	char text[32];

	OK(module_param_get("ng_stall", name, text, sizeof(text)));
	return *text == 'Y' ? 1 : strtol(text, NULL, 10);
}

static void run_on_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	OK(sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0);
}

/* The offset of the first instruction at which a call holds the core's object. */
static int find_place_to_stall(struct container *ct)
{
	struct type1_info info;
	int at;

	/* Many kprobes: under TCG, some kernels crash when they patch code beside another CPU. */
	OK(file_write(SECOND_CPU, "0"));
	OK(stall_load(""));
	OK(type1_get_info(ct->fd, &info));
	at = stall_param("at");
	OK(module_unload("ng_stall"));
	OK(file_write(SECOND_CPU, "1"));
	TRUE(at > 0);
	return at;
}

static void *call_on_second_cpu(void *arg)
{
	struct container *ct = arg;
	struct type1_info info;
	int ret;

	run_on_cpu(1);
	/* The container has lost its driver when the call goes on, unless that was too early. */
	ret = type1_get_info(ct->fd, &info);
	TRUE(ret == -EINVAL || !ret);
	return NULL;
}

static void *unload(void *arg)
{
	atomic_bool *done = arg;

	OK(module_unload(env.module));
	atomic_store(done, true);
	return NULL;
}

struct flight {
	long lost;
	bool expired;	/* the call went on too early, because this guest is slow */
};

/* The last group leaves and the module is unloaded while a call stalls. */
static struct flight unload_beside_a_call(struct container *ct, int at)
{
	pthread_t caller, unloader;
	atomic_bool done = false;
	struct flight flight;
	char params[32];

	snprintf(params, sizeof(params), "at=%d", at);
	OK(stall_load(params));
	OK(-pthread_create(&caller, NULL, call_on_second_cpu, ct));
	while (!stall_param("stalled"))
		usleep(1000);
	container_remove(ct, 0);
	OK(-pthread_create(&unloader, NULL, unload, &done));
	usleep(500000);
	ktap_diag("the module %s a call that is about to use it",
		  atomic_load(&done) ? "is gone before" : "waits for");
	OK(module_param_set("ng_stall", "go", "Y"));
	pthread_join(caller, NULL);
	pthread_join(unloader, NULL);
	flight = (struct flight){ stall_param("lost"), stall_param("expired") };
	OK(module_unload("ng_stall"));
	load_again();
	return flight;
}

TEST(ioctl_in_flight_while_the_module_goes, .seconds = 180,
     .not_on_stock = "a use after free in stock")
{
	struct flight flight = { .expired = true };
	struct container ct;
	int i;

	if (access(SECOND_CPU, F_OK))
		test_skip("needs two CPUs");
	run_on_cpu(0);
	for (i = 0; i < 5 && flight.expired; i++) {
		OK(module_param_set(env.module, "allow_unsafe_interrupts",
				    env.interrupt_remapping ? "N" : "Y"));
		container_make(&ct, 0, 1, TYPE1V2);
		flight = unload_beside_a_call(&ct, find_place_to_stall(&ct));
		container_close(&ct);
	}
	TRUE(!flight.expired);
	EQ(flight.lost, 0);
}
