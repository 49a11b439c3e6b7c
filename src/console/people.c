/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is at a console of the desk.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "console/people.h"

/* Names are kept as they are shown, and found by that. */
static void
make_harmless(char out[EV_NAME_SIZE], const char *name)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	size_t n = 0;

	if (dw_text_name(&b, name, strlen(name)) == 0) {
		n = dw_text_cut(b.data, b.len, EV_NAME_SIZE - 1);
		memcpy(out, b.data, n);
	}
	out[n] = '\0';
	dw_buf_fini(&b);
}

static struct con_person *
find(struct con_people *p, const char *name)
{
	char harmless[EV_NAME_SIZE];

	make_harmless(harmless, name);
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->all[i].name, harmless) == 0)
			return &p->all[i];
	return NULL;
}

/* NULL: too many are here. */
static struct con_person *
add(struct con_people *p, const char *name)
{
	struct con_person *one = find(p, name);

	if (one != NULL || p->n == CON_PEOPLE_MAX)
		return one;
	one = &p->all[p->n++];
	memset(one, 0, sizeof *one);
	make_harmless(one->name, name);
	return one;
}

static void
came(struct con_people *p, const char *name)
{
	struct con_person *one = add(p, name);

	if (one != NULL)
		one->consoles++;
}

static void
went(struct con_people *p, const char *name)
{
	struct con_person *one = find(p, name);

	if (one == NULL)
		return;
	if (one->consoles > 1)
		one->consoles--;
	else
		*one = p->all[--p->n];
}

static void
is_away(struct con_people *p, const char *name, bool away)
{
	struct con_person *one = find(p, name);

	if (one != NULL)
		one->away = away;
}

static void
take_all(struct con_people *p, const struct wire_frame *f)
{
	struct con_person *one;

	p->n = 0;
	for (size_t i = 0; i < f->npeople; i++) {
		if ((one = add(p, f->people[i].name)) == NULL)
			return;
		one->consoles = f->people[i].consoles;
		one->away = f->people[i].away;
	}
}

void
con_people_welcome(struct con_people *p, const struct wire_frame *f)
{
	p->ntypers = p->nwatchers = 0; /* the desk tells them anew */
	p->told = f->replay && f->npeople > 0;
	if (!f->replay || f->npeople > 0)
		take_all(p, f);
}

void
con_people_live(struct con_people *p, const struct wire_frame *f)
{
	p->told = false;
	if (f->npeople > 0)
		take_all(p, f);
}

/* Who has sent its text does not type it any more. */
static void
has_typed(struct con_people *p, const struct ev_event *ev)
{
	char name[EV_NAME_SIZE];

	make_harmless(name, ev->who);
	for (size_t i = p->ntypers; i > 0; i--) {
		const struct con_typer *t = &p->typers[i - 1];

		if (t->sid == ev->sid && strcmp(t->name, name) == 0)
			p->typers[i - 1] = p->typers[--p->ntypers];
	}
}

void
con_people_event(struct con_people *p, const struct ev_event *ev)
{
	if (ev->kind == EV_REPLY)
		has_typed(p, ev);
	if (p->told)
		return;
	if (ev->kind == EV_ON)
		came(p, ev->who);
	else if (ev->kind == EV_OFF)
		went(p, ev->who);
	else if (ev->kind == EV_AWAY || ev->kind == EV_BACK)
		is_away(p, ev->who, ev->kind == EV_AWAY);
}

static void
forget_typer(struct con_people *p, uint64_t n)
{
	for (size_t i = 0; i < p->ntypers; i++)
		if (p->typers[i].n == n) {
			p->typers[i] = p->typers[--p->ntypers];
			return;
		}
}

void
con_people_types(struct con_people *p, const struct wire_frame *f,
    int64_t now_ms)
{
	struct con_typer *t;

	forget_typer(p, f->n);
	if (f->sid == 0 || p->ntypers == CON_PEOPLE_MAX)
		return;
	t = &p->typers[p->ntypers++];
	t->n = f->n;
	t->sid = f->sid;
	t->at_ms = now_ms;
	make_harmless(t->name, f->name);
}

static void
forget_watcher(struct con_people *p, uint64_t n, uint64_t sid)
{
	for (size_t i = 0; i < p->nwatchers; i++)
		if (p->watchers[i].n == n && p->watchers[i].sid == sid) {
			p->watchers[i] = p->watchers[--p->nwatchers];
			return;
		}
}

void
con_people_joins(struct con_people *p, const struct wire_frame *f)
{
	struct con_watcher *w;

	forget_watcher(p, f->n, f->sid);
	if (f->since_ms == 0 || p->nwatchers == CON_PEOPLE_MAX)
		return;
	w = &p->watchers[p->nwatchers++];
	w->n = f->n;
	w->sid = f->sid;
	make_harmless(w->name, f->name);
}

const struct con_person *
con_people_find(const struct con_people *p, const char *name)
{
	return find((struct con_people *)p, name);
}

bool
con_people_is_away(const struct con_people *p, const char *name)
{
	const struct con_person *one = con_people_find(p, name);

	return one != NULL && one->away;
}

bool
con_typer_is_at(const struct con_typer *t, uint64_t sid, int64_t now_ms)
{
	return t->sid == sid && now_ms < t->at_ms + CON_TYPES_MS;
}
