/* SPDX-License-Identifier: GPL-2.0-only */
/* Filling a mapping (pin and map) and emptying it (unmap and unpin). */
#ifndef NG_TRANSFER_H
#define NG_TRANSFER_H

struct ng_container;
struct ng_domain;
struct ng_mapping;

int ng_mapping_fill(struct ng_container *ct, struct ng_mapping *mapping);
void ng_mapping_empty(struct ng_container *ct, struct ng_mapping *mapping);
int ng_mapping_replay(struct ng_container *ct, struct ng_mapping *mapping,
		      struct ng_domain *domain);
void ng_mapping_withdraw(struct ng_mapping *mapping, struct ng_domain *domain);

#endif
