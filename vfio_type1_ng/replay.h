/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings when a domain is created, or the last one goes. */
#ifndef NG_REPLAY_H
#define NG_REPLAY_H

struct ng_container;
struct ng_domain;

int ng_mappings_replay(struct ng_container *ct, struct ng_domain *domain);
void ng_mappings_unpin_all(struct ng_container *ct);
void ng_mappings_withdraw(struct ng_container *ct, struct ng_domain *domain);

#endif
