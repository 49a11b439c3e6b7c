/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file keeps the table of users and groups.
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "service/people.h"

void
svc_people_free(struct svc_people *people)
{
	if (people == NULL)
		return;
	for (size_t i = 0; i < people->nusers; i++) {
		free(people->users[i].login);
		free(people->users[i].as);
	}
	for (size_t i = 0; i < people->ngroups; i++)
		free(people->groups[i].name);
	free(people->users);
	free(people->groups);
	free(people->operator_group);
	free(people);
}

/* NULL is copied as NULL. */
static bool
copy_text(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}

static bool
copy_users(struct svc_people *to, const struct svc_people *from)
{
	to->users = calloc(from->nusers + 1, sizeof *to->users);
	for (size_t i = 0; i < from->nusers && to->users != NULL; i++) {
		struct svc_user *u = &to->users[to->nusers++];

		u->role = from->users[i].role;
		u->relay = from->users[i].relay;
		if (!copy_text(&u->login, from->users[i].login) ||
		    !copy_text(&u->as, from->users[i].as))
			return false;
	}
	return to->users != NULL;
}

static bool
copy_groups(struct svc_people *to, const struct svc_people *from)
{
	to->groups = calloc(from->ngroups + 1, sizeof *to->groups);
	for (size_t i = 0; i < from->ngroups && to->groups != NULL; i++) {
		struct svc_group *g = &to->groups[to->ngroups++];

		g->role = from->groups[i].role;
		if (!copy_text(&g->name, from->groups[i].name))
			return false;
	}
	return to->groups != NULL;
}

struct svc_people *
svc_people_copy(const struct svc_people *people)
{
	static const struct svc_people nobody;
	struct svc_people *copy = calloc(1, sizeof *copy);

	if (people == NULL)
		people = &nobody;
	if (copy != NULL && copy_users(copy, people) &&
	    copy_groups(copy, people) &&
	    copy_text(&copy->operator_group, people->operator_group))
		return copy;
	svc_people_free(copy);
	return NULL;
}

const struct svc_user *
svc_people_user(const struct svc_people *people, const char *login)
{
	for (size_t i = 0; people != NULL && i < people->nusers; i++)
		if (strcmp(people->users[i].login, login) == 0)
			return &people->users[i];
	return NULL;
}

const struct svc_group *
svc_people_group(const struct svc_people *people, const char *name)
{
	for (size_t i = 0; people != NULL && i < people->ngroups; i++)
		if (strcmp(people->groups[i].name, name) == 0)
			return &people->groups[i];
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_groups(const struct svc_people *a, const struct svc_people *b)
{
	if (a->ngroups != b->ngroups)
		return false;
	for (size_t i = 0; i < a->ngroups; i++)
		if (strcmp(a->groups[i].name, b->groups[i].name) != 0 ||
		    a->groups[i].role != b->groups[i].role)
			return false;
	return true;
}

/* Of the groups it is not asked here which ones are this user's. */
bool
svc_people_differ(const struct svc_people *a, const struct svc_people *b,
    const char *login)
{
	const struct svc_user *ua = svc_people_user(a, login);
	const struct svc_user *ub = svc_people_user(b, login);

	if (ua == NULL || ub == NULL)
		return ua != ub || !same_groups(a, b);
	return ua->role != ub->role || ua->relay != ub->relay ||
	    !same_text(ua->as, ub->as);
}
