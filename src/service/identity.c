/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file finds out who an operator is.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "base/text.h"
#include "service/identity.h"

#define TEXT_FIRST  1024 /* bytes of what the system says of a user or group, */
#define TEXT_MOST   (1024 * 1024) /* which may have many members */
#define GROUPS_MOST 65536

bool
svc_people_any(const struct svc_people *people)
{
	return people != NULL &&
	    (people->operator_group != NULL || people->nusers > 0 ||
		people->ngroups > 0);
}

/* ---- what the system knows ---- */

/* Calls ask with more and more room until that is enough.  Returns 0, -ENOENT
 * or -errno. */
static int
ask_system(int (*ask)(void *arg, char *text, size_t size), void *arg)
{
	int r = ERANGE;

	dw_may_block("getpwuid_r");
	for (size_t n = TEXT_FIRST; r == ERANGE && n <= TEXT_MOST; n *= 4) {
		char *text = malloc(n);

		if (text == NULL)
			return -ENOMEM;
		r = ask(arg, text, n);
		free(text);
	}
	return -r;
}

struct user {
	const char *name; /* NULL: by its number */
	uid_t uid;
	gid_t gid;
	char login[SVC_LOGIN_SIZE];
};

static int
ask_user(void *arg, char *text, size_t size)
{
	struct user *u = arg;
	struct passwd pw, *found = NULL;
	int r = u->name != NULL ? getpwnam_r(u->name, &pw, text, size, &found) :
				  getpwuid_r(u->uid, &pw, text, size, &found);

	if (found == NULL)
		return r != 0 ? r : ENOENT;
	u->uid = pw.pw_uid;
	u->gid = pw.pw_gid;
	snprintf(u->login, sizeof u->login, "%s", pw.pw_name);
	return 0;
}

struct by_name {
	const char *name;
	gid_t gid;
};

static int
ask_group(void *arg, char *text, size_t size)
{
	struct by_name *g = arg;
	struct group gr, *found = NULL;
	int r = getgrnam_r(g->name, &gr, text, size, &found);

	if (found == NULL)
		return r != 0 ? r : ENOENT;
	g->gid = gr.gr_gid;
	return 0;
}

int
svc_group_id(const char *name, gid_t *gid)
{
	struct by_name g = { .name = name };
	int r = ask_system(ask_group, &g);

	*gid = g.gid;
	return r;
}

/* ---- what somebody may do ---- */

struct groups {
	gid_t *all;
	int n;
};

/* Those of the system's table.  Without memory for them there are none, and
 * somebody may do less. */
static void
groups_of(const char *login, gid_t first, struct groups *g)
{
	gid_t *more;
	int n;

	*g = (struct groups){ NULL, 0 };
	for (n = 64; n <= GROUPS_MOST; n *= 4) {
		if ((more = realloc(g->all, (size_t)n * sizeof *more)) == NULL)
			return;
		g->all = more;
		g->n = n;
		if (getgrouplist(login, first, g->all, &g->n) >= 0)
			return;
	}
	g->n = 0;
}

/* The group by which the link came counts, too: a program that has it was let
 * have it. */
static bool
is_in(const struct svc_identity *id, const struct groups *g, const char *name)
{
	gid_t gid;

	if (svc_group_id(name, &gid) < 0)
		return false;
	for (int i = 0; i < g->n; i++)
		if (g->all[i] == gid)
			return true;
	return id->gid == gid;
}

static enum ev_role
role_by_groups(const struct svc_identity *id, const struct svc_people *people,
    const struct groups *g)
{
	enum ev_role best = EV_ROLE_NONE;

	for (size_t i = 0; i < people->ngroups; i++)
		if (people->groups[i].role > best &&
		    is_in(id, g, people->groups[i].name))
			best = people->groups[i].role;
	if (best == EV_ROLE_NONE && people->operator_group != NULL &&
	    is_in(id, g, people->operator_group))
		best = EV_ROLE_OPERATOR;
	return best;
}

static enum ev_role
role_of(const struct svc_identity *id, const struct svc_people *people,
    gid_t first)
{
	const struct svc_user *row = svc_people_user(people, id->login);
	struct groups g;
	enum ev_role role;

	if (row != NULL && row->role != EV_ROLE_NONE)
		return row->role;
	groups_of(id->login, first, &g);
	role = role_by_groups(id, people, &g);
	free(g.all);
	return role == EV_ROLE_NONE && row != NULL ? EV_ROLE_OPERATOR : role;
}

bool
svc_identify(struct svc_identity *id, const struct svc_people *people,
    struct sks_socket *link)
{
	struct user u = { .name = NULL };

	memset(id, 0, sizeof *id);
	if (sks_peercred(link, &id->uid, &id->gid, NULL) < 0)
		return false;
	u.uid = id->uid;
	u.gid = id->gid;
	if (ask_system(ask_user, &u) == 0)
		snprintf(id->login, sizeof id->login, "%s", u.login);
	else
		snprintf(id->login, sizeof id->login, "uid%lu",
		    (unsigned long)id->uid);
	id->ours = id->uid == geteuid() || id->uid == 0;
	id->role = id->ours ? EV_ROLE_ADMIN :
	    people != NULL  ? role_of(id, people, u.gid) :
			      EV_ROLE_NONE;
	return id->role != EV_ROLE_NONE;
}

/* Of an account that a relay brings nobody knows the groups. */
static void
become(struct svc_identity *id, const struct svc_user *row)
{
	memcpy(id->relay, id->login, sizeof id->relay);
	snprintf(id->login, sizeof id->login, "%s", row->login);
	id->ours = false;
	id->role = row->role != EV_ROLE_NONE ? row->role : EV_ROLE_OPERATOR;
}

bool
svc_identity_relay(struct svc_identity *id, const struct svc_people *people,
    const char *login, struct dw_buf *why)
{
	const struct svc_user *own = svc_people_user(people, id->login);
	const struct svc_user *row = svc_people_user(people, login);

	if (own == NULL || !own->relay) {
		dw_buf_addf(why,
		    _("%s may not bring others: the section \"user %s\" of the "
		      "desk's configuration does not say relay = true"),
		    id->login, id->login);
		return false;
	}
	if (row == NULL) {
		dw_buf_adds(why,
		    _("the desk's configuration has no section for the user "
		      "whom this relay is to bring"));
		return false;
	}
	become(id, row);
	return true;
}

/* ---- what somebody is called ---- */

static struct dw_buf
folded(const char *name)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	(void)dw_text_fold(&out, name, strlen(name));
	return out;
}

bool
svc_is_same_name(const char *a, const char *b)
{
	struct dw_buf fa = folded(a), fb = folded(b);
	bool same = strcmp(dw_buf_str(&fa), dw_buf_str(&fb)) == 0;

	dw_buf_fini(&fa);
	dw_buf_fini(&fb);
	return same;
}

/* As others may see it. */
static void
take_name(char *out, const char *from)
{
	struct dw_buf name = DW_BUF_INITIALIZER;
	size_t n = 0;

	/* With many marks it has more bytes than there is room for. */
	if (dw_text_name(&name, from, strlen(from)) == 0) {
		n = dw_text_cut(name.data, name.len, EV_NAME_SIZE - 1);
		memcpy(out, name.data, n);
	}
	out[n] = '\0';
	dw_buf_fini(&name);
}

/* A login name that cannot be shown as it is could look like another one: then
 * the user's number makes it one person's. */
static void
take_login(struct svc_identity *id)
{
	char number[32];
	size_t len, room;

	take_name(id->who, id->login);
	if (strcmp(id->who, id->login) == 0)
		return;
	snprintf(number, sizeof number, "-%lu", (unsigned long)id->uid);
	room = DW_TEXT_NAME_COLUMNS - strlen(number);
	len = strlen(id->who);
	while (dw_text_width(id->who, len) > room)
		len = dw_text_cut(id->who, len, len - 1);
	snprintf(id->who + len, sizeof id->who - len, "%s", number);
}

static bool
is_row_of_another(const struct svc_identity *id,
    const struct svc_people *people, const char *name)
{
	for (size_t i = 0; people != NULL && i < people->nusers; i++) {
		const struct svc_user *u = &people->users[i];

		if (strcmp(u->login, id->login) != 0 &&
		    (svc_is_same_name(u->login, name) ||
			(u->as != NULL && svc_is_same_name(u->as, name))))
			return true;
	}
	return false;
}

static bool
is_login_of_another(const struct svc_identity *id, const char *name)
{
	char small[EV_NAME_SIZE];
	struct user u = { .name = name };

	if (ask_system(ask_user, &u) == 0)
		return u.uid != id->uid;
	snprintf(small, sizeof small, "%s", name);
	for (char *c = small; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	u.name = small;
	return ask_system(ask_user, &u) == 0 && u.uid != id->uid;
}

static bool
ask_for(struct svc_identity *id, const struct svc_people *people,
    const char *asked, struct dw_buf *why)
{
	take_name(id->as, asked);
	if (!is_row_of_another(id, people, id->as) &&
	    !is_login_of_another(id, id->as))
		return true;
	dw_buf_addf(why,
	    _("customers cannot see you as \"%s\": that is the name of "
	      "somebody else; choose another one with --as"),
	    id->as);
	return false;
}

/* The desk's own user plays whom it likes, with that one's row. */
static void
play(struct svc_identity *id, const struct svc_people *people,
    const char *asked)
{
	const struct svc_user *row;

	take_name(id->who, asked[0] != '\0' ? asked : id->login);
	row = svc_people_user(people, asked[0] != '\0' ? asked : id->login);
	if (row == NULL)
		return;
	if (row->role != EV_ROLE_NONE)
		id->role = row->role;
	if (row->as != NULL)
		take_name(id->as, row->as);
}

bool
svc_identity_name(struct svc_identity *id, const struct svc_people *people,
    const char *asked, struct dw_buf *why)
{
	const struct svc_user *row = svc_people_user(people, id->login);
	bool may = true;

	if (id->ours) {
		play(id, people, asked);
	} else {
		take_login(id);
		if (asked[0] != '\0' && strcmp(asked, id->login) != 0)
			may = ask_for(id, people, asked, why);
		else if (row != NULL && row->as != NULL)
			take_name(id->as, row->as);
	}
	if (strcmp(id->as, id->who) == 0)
		id->as[0] = '\0';
	return may;
}
