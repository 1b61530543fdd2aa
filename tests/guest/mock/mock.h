/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock IOMMU of tests/mock_iommu, as its tests use it.
 *
 * devices[i] is group number i of the mock, which is behind IOMMU i % mock.iommus. The groups of several devices come
 * last, from devices[mock.first_several] on.
 */
#ifndef NG_MOCK_H
#define NG_MOCK_H

#include "../type1/test.h"

#define MOCK_MAX_MEMBERS	4

/* The test bed, as it was made when the guest started. */
extern struct mock {
	int iommus;
	int first_several;
	struct {
		int size;
		int device[MOCK_MAX_MEMBERS];	/* numbers of its devices */
	} group[MAX_DEVICES];
} mock;

/* The first group that is behind this IOMMU and has this many devices. */
int mock_group(int iommu, int size);

/* Write to a file of the mock; a printf. Ends the test if the mock refuses. */
void mock_write(const char *file, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Tell the driver's answer in advance: "attach errno=22 nth=2". */
#define mock_answer(...)	mock_write("answers", __VA_ARGS__)
void mock_forget_answers(void);

/* How often the answers told since the last mock_forget_answers() were given. */
long mock_answers_given(void);

long long mock_counter(const char *name);
void mock_counters_reset(void);

struct mock_device {
	int number;
	int group;		/* as in /dev/vfio */
	int member;
	int iommu;
	char place[16];		/* domain, blocked, identity, nowhere, freed-domain */
	int domain;		/* number, 0 if none */
};

struct mock_device mock_device(int number);

struct mock_domain {
	int number;
	int iommu;
	int devices;
	long pages;
	bool coherent;
};

/* The domains that devices are attached to, at most size of them; returns how many. */
int mock_domains(struct mock_domain *domains, int size);

/* A whole file of the mock, for comparing; free it. */
char *mock_text(const char *file);

/* DMA of a device: 0 or -errno; -EFAULT is what the IOMMU does not let through. */
int mock_device_reads(int number, uint64_t iova, void *buf, size_t bytes);
int mock_device_writes(int number, uint64_t iova, const void *buf, size_t bytes);

/* Every device of the group reaches the memory at area through this IOVA, both ways. */
void expect_group_reaches(int group, uint64_t iova, uint8_t *area);

/* No device of the group is attached to a domain, so none reaches anything. */
void expect_group_is_home(int group, uint64_t iova);

/* Nothing is left of any container: domains, mappings, attached devices. */
void expect_nothing_left(void);

/* Does the driver identify itself by an errno for "incompatible" on this kernel? Pose as VT-d, and say which. */
int mock_pose_as_intel(void);

#endif
