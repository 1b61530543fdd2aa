/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NG_DEBUGFS_H
#define NG_DEBUGFS_H

#ifdef CONFIG_DEBUG_FS
void ng_debugfs_init(void);
void ng_debugfs_exit(void);
#else
static inline void ng_debugfs_init(void) {}
static inline void ng_debugfs_exit(void) {}
#endif

#endif
