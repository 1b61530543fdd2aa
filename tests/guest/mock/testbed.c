// SPDX-License-Identifier: GPL-2.0-only
/* The test bed of the mock's tests: its files, its devices, and what must hold after every test. */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/file.h"
#include "mock.h"

#define DIR_MOCK	"/sys/kernel/debug/mock_iommu/"

struct mock mock;

/* type1-test has one; nothing is executed here. */
int exec_helper(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 2;
}

/* --- files --- */

static FILE *open_text(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), DIR_MOCK "%s", file);
	return fopen(path, "re");
}

static int try_write(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DIR_MOCK "%s", file);
	return file_write(path, text);
}

void mock_write(const char *file, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (try_write(file, text)) {
		ktap_diag("the mock refuses \"%s\" in %s", text, file);
		OK(try_write(file, text));
	}
}

char *mock_text(const char *file)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room);
	FILE *f = open_text(file);

	TRUE(f && text);
	while (!feof(f)) {
		size += fread(text + size, 1, room - size - 1, f);
		if (size == room - 1) {
			room *= 2;
			text = realloc(text, room);
			TRUE(text);
		}
	}
	fclose(f);
	text[size] = '\0';
	return text;
}

long long mock_counter(const char *name)
{
	return file_read_key(DIR_MOCK "counters", name);
}

void mock_counters_reset(void)
{
	mock_write("counters", "0");
}

void mock_forget_answers(void)
{
	mock_write("answers", "forget");
}

long mock_answers_given(void)
{
	FILE *f = open_text("answers");
	char line[128], *given;
	long total = 0;

	TRUE(f);
	while (fgets(line, sizeof(line), f)) {
		given = strstr(line, "given=");
		total += given ? atol(given + strlen("given=")) : 0;
	}
	fclose(f);
	return total;
}

/* --- devices --- */

static bool parse_device(const char *line, struct mock_device *dev)
{
	return sscanf(line, "device %d group %d member %d iommu %d in %15s %d", &dev->number, &dev->group,
		      &dev->member, &dev->iommu, dev->place, &dev->domain) == 6;
}

struct mock_device mock_device(int number)
{
	struct mock_device dev = { .number = -1 };
	FILE *f = open_text("devices");
	char line[128];

	TRUE(f);
	while (fgets(line, sizeof(line), f) && !(parse_device(line, &dev) && dev.number == number))
		;
	fclose(f);
	EQ(dev.number, number);
	return dev;
}

int mock_domains(struct mock_domain *domains, int size)
{
	FILE *f = open_text("domains");
	char line[128], coherent[16];
	int n = 0;

	TRUE(f);
	while (n < size && fgets(line, sizeof(line), f)) {
		struct mock_domain *d = &domains[n];

		if (sscanf(line, "domain %d iommu %d devices %d pages %ld %15s", &d->number, &d->iommu, &d->devices,
			   &d->pages, coherent) != 5 || !d->devices)
			continue;
		d->coherent = !strcmp(coherent, "coherent");
		n++;
	}
	fclose(f);
	return n;
}

int mock_group(int iommu, int size)
{
	int i;

	for (i = 0; i < nr_devices; i++)
		if (i % mock.iommus == iommu && mock.group[i].size == size)
			return i;
	test_skip("there is no group of %d behind IOMMU %d", size, iommu);
}

int mock_pose_as_intel(void)
{
	const int soft = attach_errnos() & ERRNOS_OF_EACH_DRIVER ? EFAULT : EINVAL;

	mock_write("pose", "dmar -");
	mock_write("foreign_errno", "%d", soft);
	return soft;
}

/* --- DMA --- */

static int open_dma(int number)
{
	char path[128];

	snprintf(path, sizeof(path), DIR_MOCK "dma/%d", number);
	return OK(open(path, O_RDWR | O_CLOEXEC));
}

static int done(int fd, ssize_t n, size_t bytes)
{
	const int err = errno;

	close(fd);
	if (n < 0)
		return -err;
	return (size_t)n == bytes ? 0 : -EIO;
}

int mock_device_reads(int number, uint64_t iova, void *buf, size_t bytes)
{
	int fd = open_dma(number);

	return done(fd, pread(fd, buf, bytes, iova), bytes);
}

int mock_device_writes(int number, uint64_t iova, const void *buf, size_t bytes)
{
	int fd = open_dma(number);

	return done(fd, pwrite(fd, buf, bytes, iova), bytes);
}

void expect_group_reaches(int group, uint64_t iova, uint8_t *area)
{
	uint8_t buf[64], old[64];
	int i;

	memcpy(old, area, sizeof(old));
	for (i = 0; i < mock.group[group].size; i++) {
		const int number = mock.group[group].device[i];

		memory_fill(area, sizeof(buf), 1000 + number);
		OK(mock_device_reads(number, iova, buf, sizeof(buf)));
		TRUE(memory_holds(buf, sizeof(buf), 1000 + number));
		memory_fill(buf, sizeof(buf), 2000 + number);
		OK(mock_device_writes(number, iova, buf, sizeof(buf)));
		TRUE(memory_holds(area, sizeof(buf), 2000 + number));
	}
	memcpy(area, old, sizeof(old));
}

static bool is_home(const struct mock_device *dev)
{
	return strcmp(dev->place, "domain") && strcmp(dev->place, "freed-domain");
}

void expect_group_is_home(int group, uint64_t iova)
{
	uint8_t byte;
	int i;

	for (i = 0; i < mock.group[group].size; i++) {
		const struct mock_device dev = mock_device(mock.group[group].device[i]);

		if (!is_home(&dev)) {
			ktap_diag("device %d, member %d of group %d, is in %s %d", dev.number, dev.member, group,
				  dev.place, dev.domain);
			TRUE(is_home(&dev));
		}
		FAILS(EFAULT, mock_device_reads(dev.number, iova, &byte, 1));
	}
}

/* --- invariants --- */

/* Old cores leave a refused group where it stopped, and stock frees the domain under it. */
static bool frees_in_use(void)
{
	return DIFF(HALF_ATTACHED_IS_FREED);
}

static bool check(bool cond, const char *what, long long n)
{
	if (!cond)
		ktap_diag("%s: %lld", what, n);
	return cond;
}

static bool devices_are_home(void)
{
	FILE *f = open_text("devices");
	struct mock_device dev;
	char line[128];
	bool ok = true;

	while (f && fgets(line, sizeof(line), f)) {
		if (!parse_device(line, &dev))
			ok = check(false, "a line of devices cannot be read", 0);
		else if (!is_home(&dev) && !(frees_in_use() && !strcmp(dev.place, "freed-domain")))
			ok = check(false, "a device is not home", dev.number);
	}
	if (f)
		fclose(f);
	return ok;
}

static bool nothing_left(void)
{
	static const char *const mistakes[] = { "free_in_use", "map_twice", "unmap_nothing", "enforce_late" };
	bool ok = devices_are_home();
	unsigned int i;

	ok &= check(mock_counter("alloc") == mock_counter("free"), "domains allocated and not freed",
		    mock_counter("alloc") - mock_counter("free"));
	ok &= check(!mock_counter("pages"), "pages still mapped", mock_counter("pages"));
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		if (!i && frees_in_use())
			continue;
		if (i == 2 && DIFF(UNDO_UNMAPS_TOO_MUCH))
			continue;
		ok &= check(!mock_counter(mistakes[i]), mistakes[i], mock_counter(mistakes[i]));
	}
	return ok;
}

void expect_nothing_left(void)
{
	TRUE(nothing_left());
}

/* What the core does with a group of which it is refused the second device, which has lost its translation by then. */
static unsigned int facts_of_core(void)
{
	unsigned int left, nowhere;
	char *text, *numbers;

	/* Without such groups, none is half attached. */
	if (mock.first_several == nr_devices)
		return FACT_CORE_TAKES_HOME;
	mock_write("refusal_drops", "Y");
	mock_answer("attach member=1 errno=%d count=1", ENOMEM);
	mock_write("emt", "%d raw", mock.group[mock.first_several].device[0]);
	EQ(mock_answers_given(), 1);
	text = mock_text("emt");
	numbers = strstr(text, "left ");
	TRUE(numbers && sscanf(numbers, "left %u nowhere %u", &left, &nowhere) == 2);
	free(text);
	mock_write("reset", "1");
	if (left)
		return 0;
	return FACT_CORE_TAKES_HOME | (nowhere ? FACT_CORE_SPARES_THE_REFUSER : 0);
}

int testbed_find(void)
{
	FILE *f = open_text("devices");
	struct mock_device dev;
	char line[128];

	nr_devices = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (!parse_device(line, &dev) || dev.member >= MOCK_MAX_MEMBERS)
			continue;
		if (!dev.member) {
			if (nr_devices == MAX_DEVICES)
				break;
			snprintf(devices[nr_devices].bdf, sizeof(devices[0].bdf), "mock.%d", dev.number);
			devices[nr_devices++].group = dev.group;
		}
		mock.group[nr_devices - 1].size = dev.member + 1;
		mock.group[nr_devices - 1].device[dev.member] = dev.number;
		if (dev.iommu >= mock.iommus)
			mock.iommus = dev.iommu + 1;
	}
	if (f)
		fclose(f);
	while (mock.first_several < nr_devices && mock.group[mock.first_several].size == 1)
		mock.first_several++;
	if (nr_devices)
		env.facts |= facts_of_core();
	return nr_devices;
}

void testbed_reset(void)
{
	try_write("answers", "forget");
	try_write("reset", "1");
	try_write("counters", "0");
}

bool testbed_clean(void)
{
	try_write("answers", "forget");
	return nothing_left();
}
