/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NG_IOCTL_H
#define NG_IOCTL_H

long ng_ioctl(void *handle, unsigned int cmd, unsigned long arg);

#endif
