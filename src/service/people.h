/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may attach as an operator, and as what: the users and groups that the
 * configuration names.  Never changed once it is made: a reload makes another
 * one (settings.h).
 */
#ifndef SVC_PEOPLE_H
#define SVC_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "event/words.h"

/* Of a login name: what it may do, and its name for customers; NULL: the
 * login name. */
struct svc_user {
	char *login, *as;
	enum ev_role role;
	bool relay; /* may bring other users, see svc_identity_relay() */
};

/* Of a group of this system: what its members may do. */
struct svc_group {
	char *name;
	enum ev_role role;
};

struct svc_people {
	struct svc_user *users; /* in the order of the configuration */
	size_t nusers;
	struct svc_group *groups;
	size_t ngroups;
	char *operator_group; /* whose members are operators; NULL: none */
};

/* A copy that the caller frees; of NULL, one of nobody.  NULL: no memory. */
struct svc_people *svc_people_copy(const struct svc_people *people);
void svc_people_free(struct svc_people *people);

/* The row of a login name or group; NULL: there is none. */
const struct svc_user *svc_people_user(const struct svc_people *people,
    const char *login);
const struct svc_group *svc_people_group(const struct svc_people *people,
    const char *name);

/* Could these two tables make another operator of this user? */
bool svc_people_differ(const struct svc_people *a, const struct svc_people *b,
    const char *login);

#endif
