/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file looks whether the users and groups that the configuration names are
 * of this system.
 */
#include "config.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "bin/doctor.h"

#define GROUPS_MAX 1024

static bool
is_member(gid_t gid)
{
	gid_t mine[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, mine);

	if (geteuid() == 0 || getegid() == gid)
		return true;
	for (int i = 0; i < n; i++)
		if (mine[i] == gid)
			return true;
	return false;
}

static void
add_members(struct dw_buf *out, const struct group *gr)
{
	for (char **name = gr->gr_mem; *name != NULL; name++) {
		dw_buf_adds(out, out->len > 0 ? ", " : "");
		dw_buf_adds(out, *name);
	}
}

/* getgrnam()'s is overwritten by whoever asks next. */
static void
look_at_members(struct doctor *d, const char *name, const struct group *gr)
{
	struct dw_buf members = DW_BUF_INITIALIZER;
	gid_t gid = gr->gr_gid;

	add_members(&members, gr);
	if (!is_member(gid))
		doctor_say(d, DOCTOR_FAIL, _("operator group"),
		    _("you are no member of %s, and so your desk cannot give "
		      "it the operators' socket; say 'adduser NAME %s' and log "
		      "in anew"),
		    name, name);
	else if (members.len == 0)
		doctor_say(d, DOCTOR_WARN, _("operator group"),
		    _("nobody is listed in %s; say 'adduser NAME %s' for each "
		      "operator"),
		    name, name);
	else
		doctor_say(d, DOCTOR_OK, _("operator group"), _("in %s are %s"),
		    name, dw_buf_str(&members));
	dw_buf_fini(&members);
}

void
doctor_group(struct doctor *d)
{
	const char *name = d->o->operator_group;
	const struct group *gr = name != NULL ? getgrnam(name) : NULL;
	const struct svc_people *people = &d->o->people;

	if (gr != NULL)
		look_at_members(d, name, gr);
	else if (name != NULL)
		doctor_say(d, DOCTOR_FAIL, _("operator group"),
		    _("there is no group %s on this system; say 'addgroup "
		      "--system %s', or name another with --operator-group"),
		    name, name);
	else if (people->ngroups > 0)
		doctor_say(d, DOCTOR_FAIL, _("operator group"),
		    _("members of %s cannot come to the operators' socket; "
		      "name the group that may with --operator-group"),
		    people->groups[0].name);
	else if (people->nusers > 0)
		doctor_say(d, DOCTOR_WARN, _("operator group"),
		    _("none is named, so only you and root may attach, not "
		      "the users of the configuration; name one with "
		      "--operator-group"));
	else
		doctor_say(d, DOCTOR_OK, _("operator group"),
		    _("none is named: you and root may attach"));
}

/* Where the configuration names it. */
static struct conf_place
place_of(const struct options *o, const char *section, const char *title)
{
	struct conf_place at = { "", 0 };

	for (size_t i = o->conf.nentries; i-- > 0;) {
		const struct conf_entry *e = &o->conf.entries[i];

		if (strcmp(e->section, section) == 0 &&
		    strcmp(e->title, title) == 0)
			at = e->at;
	}
	return at;
}

static bool
user_is_there(struct doctor *d, const char *login)
{
	struct conf_place at = place_of(d->o, "user", login);

	if (getpwnam(login) != NULL)
		return true;
	doctor_say(d, DOCTOR_WARN, _("people"),
	    _("%s:%u: no user of this system is called %s; say 'adduser %s', or "
	      "take the section away"),
	    at.file, at.line, login, login);
	return false;
}

static bool
group_is_there(struct doctor *d, const char *name)
{
	struct conf_place at = place_of(d->o, "group", name);

	if (getgrnam(name) != NULL)
		return true;
	doctor_say(d, DOCTOR_WARN, _("people"),
	    _("%s:%u: no group of this system is called %s; say 'addgroup %s', "
	      "or take the section away"),
	    at.file, at.line, name, name);
	return false;
}

void
doctor_people(struct doctor *d)
{
	const struct svc_people *people = &d->o->people;
	bool all = true;

	for (size_t i = 0; i < people->nusers; i++)
		all &= user_is_there(d, people->users[i].login);
	for (size_t i = 0; i < people->ngroups; i++)
		all &= group_is_there(d, people->groups[i].name);
	if (people->nusers + people->ngroups == 0)
		doctor_say(d, DOCTOR_OK, _("people"),
		    _("the configuration names nobody"));
	else if (all)
		doctor_say(d, DOCTOR_OK, _("people"),
		    _("%zu users and %zu groups are named, and all are of this "
		      "system"),
		    people->nusers, people->ngroups);
}
