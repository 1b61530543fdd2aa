/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings and the coming and going of domains: a new domain gets what is mapped, and the memory that a container's first
 * domain makes reachable is let go with its last.
 *
 * With the container's topology held for writing, so that every mapping is live and nobody else looks at one.
 */
#ifndef NG_REPLAY_H
#define NG_REPLAY_H

struct ng_container;
struct ng_domain;

int ng_mappings_replay(struct ng_container *ct, struct ng_domain *domain);
void ng_mappings_unpin_all(struct ng_container *ct);
void ng_mappings_withdraw(struct ng_container *ct, struct ng_domain *domain);

#endif
