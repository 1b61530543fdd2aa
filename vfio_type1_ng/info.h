/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NG_INFO_H
#define NG_INFO_H

struct ng_container;

int ng_get_info(struct ng_container *ct, unsigned long arg);

#endif
