/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel modules as a test sees them: loaded, used, their parameters. */
#ifndef NG_MODULE_H
#define NG_MODULE_H

#include <stdbool.h>
#include <stddef.h>

bool module_loaded(const char *name);

/* Use count of a loaded module, or -ENOENT. */
int module_use_count(const char *name);

/* delete_module(2) without waiting: 0 or -errno (-EAGAIN while it is in use). */
int module_unload(const char *name);

/* Load a file with finit_module(2): 0 or -errno. */
int module_load_file(const char *path, const char *params);

/* Run /sbin/modprobe NAME; 0 when it exits with 0. */
int module_modprobe(const char *name);

int module_param_get(const char *module, const char *param, char *buf, size_t size);
int module_param_set(const char *module, const char *param, const char *value);

/* Access bits of the parameter's file, or -errno. */
int module_param_mode(const char *module, const char *param);

#endif
