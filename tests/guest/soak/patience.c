// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for processes for as long as they get on.
 *
 * A guest on a busy host may be slow, so no number of seconds says that a process is stuck. One
 * is if it uses no CPU while whoever waits for it wakes very often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/file.h"
#include "../lib/ktap.h"
#include "soak.h"

#define TICK_US		20000
#define TICKS		1500
#define TICKS_ON_PURPOSE 100

/* The time that a process has spent on a CPU, in units of 10 ms; 0 only if it is gone. */
static uint64_t work_of(pid_t pid)
{
	unsigned long long user = 0, system = 0;
	char path[32], text[1024], *rest;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, text, sizeof(text)) < 0)
		return 0;
	/* The name before it may hold anything. */
	rest = strrchr(text, ')');
	if (rest)
		sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
		       &system);
	return 1 + user + system;
}

/* As the host told the guest: everything may take so many times as long. */
static unsigned int slowness(void)
{
	const char *text = getenv("NG_SLOW");

	return text && atoi(text) > 1 ? atoi(text) : 1;
}

/* Short where a process is stuck on purpose. */
struct soak_patience soak_patience_for(struct soak_shared *shared)
{
	bool on_purpose = shared->options.defect == SOAK_STUCK;

	return (struct soak_patience){
		.most = on_purpose ? TICKS_ON_PURPOSE : TICKS * slowness(),
	};
}

void soak_patience_look(struct soak_patience *patience, pid_t pid)
{
	patience->work += work_of(pid);
}

/* Waits for a moment. False if none of those looked at has done anything for very long. */
bool soak_patience_wait(struct soak_patience *patience)
{
	if (patience->work != patience->work_before)
		patience->ticks = 0;
	patience->work_before = patience->work;
	patience->work = 0;
	usleep(TICK_US);
	return ++patience->ticks <= patience->most;
}

static void print_lines(char *text)
{
	char *line, *rest;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		ktap_diag("    %s", line);
}

/* What a process that should have ended does instead. */
void soak_patience_describe(pid_t pid)
{
	char path[64], text[4096] = "?", name[64] = "?";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file_read(path, name, sizeof(name));
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file_read(path, text, sizeof(text));
	ktap_diag("soak: %s should have ended: %s; it is in", name, text);
	snprintf(path, sizeof(path), "/proc/%d/stack", (int)pid);
	strcpy(text, "?");
	file_read(path, text, sizeof(text));
	print_lines(text);
}
