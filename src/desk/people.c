/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Operators: who is at which console, and who is there to answer.  All consoles
 * of one name are one person.  A console that comes or goes does so whether or
 * not the news is stored; only a round that is retracted takes it back.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/hours.h"
#include "desk/internal.h"

void
desk_console_init(struct desk_console *con, const char *who, const char *as,
    enum ev_role role)
{
	memset(con, 0, sizeof *con);
	con->magic = DESK_CONSOLE_MAGIC;
	snprintf(con->who, sizeof con->who, "%s", who);
	snprintf(con->as, sizeof con->as, "%s", as);
	con->role = role;
	dw_list_init(&con->node);
}

static struct desk_person *
person_of(struct dw_list *n)
{
	return DW_LIST_OF(n, struct desk_person, node);
}

struct desk_person *
desk_person_find(const struct desk *d, const char *name)
{
	DW_LIST_EACH(n, &d->people)
		if (strcmp(person_of(n)->name, name) == 0)
			return person_of(n);
	return NULL;
}

struct desk_person *
desk_person_get(struct desk *d, const char *name)
{
	struct desk_person *p = desk_person_find(d, name);

	if (p != NULL || (p = calloc(1, sizeof *p)) == NULL)
		return p;
	snprintf(p->name, sizeof p->name, "%s", name);
	dw_list_init(&p->consoles);
	dw_list_init(&p->owned);
	dw_list_add(&d->people, &p->node);
	return p;
}

void
desk_person_drop(struct desk *d, struct desk_person *p)
{
	(void)d;
	if (!dw_list_empty(&p->consoles) || !dw_list_empty(&p->owned))
		return;
	dw_list_del(&p->node);
	free(p);
}

void
desk_people_fini(struct desk *d)
{
	struct dw_list *n;

	while ((n = dw_list_take(&d->people)) != NULL)
		free(person_of(n));
}

/* Is it at a console, and neither away nor idle there? */
static bool
is_present(const struct desk_person *p)
{
	if (p->away)
		return false;
	DW_LIST_EACH(n, &p->consoles)
		if (!DW_LIST_OF(n, struct desk_console, node)->idle)
			return true;
	return false;
}

bool
desk_person_is_away(const struct desk_person *p)
{
	return !is_present(p);
}

static void
count_present(struct desk *d, struct desk_person *p)
{
	bool is = is_present(p);

	if (is != p->is_present)
		d->present += is ? 1 : -1u;
	/* Who is first in line hears that somebody is there now. */
	d->line_changed = d->line_changed || (is && !p->is_present);
	p->is_present = is;
}

bool
desk_is_present(const struct desk *d, const char *who)
{
	const struct desk_person *p = desk_person_find(d, who);

	return p != NULL && p->is_present;
}

bool
desk_on_duty(const struct desk *d, struct desk_time now)
{
	return d->present > 0 &&
	    (d->config->hours == NULL ||
		desk_hours_open(d->config->hours, now.ms));
}

static void
enter(struct desk *d, struct desk_person *p, struct desk_console *con)
{
	con->person = p;
	dw_list_add(&p->consoles, &con->node);
	d->consoles++;
	count_present(d, p);
}

static void
go(struct desk *d, struct desk_console *con)
{
	struct desk_person *p = con->person;

	dw_list_del(&con->node);
	con->person = NULL;
	d->consoles--;
	count_present(d, p);
	desk_person_drop(d, p);
}

int
desk_decide_attach(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_person *p = desk_person_get(d, rq->console->who);
	struct ev_event ev = ev_event_of(EV_ON);
	struct desk_effect *fx;

	assert(rq->console->person == NULL);
	if (p == NULL)
		return -ENOMEM;
	if (dw_list_empty(&p->consoles))
		p->came_ms = now.ms;
	enter(d, p, rq->console);
	ev.who = rq->who;
	desk_emit(d, NULL, ev, now);
	fx = desk_effect_add(d, DESK_FX_ATTACHED);
	fx->node = rq->node;
	fx->datagrams = d->unread;
	d->unread = 0;
	return 0;
}

int
desk_decide_detach(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_OFF);

	ev.who = rq->who;
	assert(rq->console->person != NULL);
	go(d, rq->console);
	desk_emit(d, NULL, ev, now);
	desk_fx_done(d, rq);
	return 0;
}

int
desk_decide_look(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	(void)now;
	rq->console->looks = rq->sid;
	desk_fx_done(d, rq);
	return 0;
}

void
desk_each_person(const struct desk *d,
    void (*fn)(void *arg, const struct desk_person *p), void *arg)
{
	DW_LIST_EACH(n, &d->people)
		if (!dw_list_empty(&person_of(n)->consoles))
			fn(arg, person_of(n));
}

/* ---- a round that is taken back ---- */

void
desk_console_save(struct desk *d, struct desk_console *con)
{
	struct desk_saved_console *saved;

	assert(d->nconsoles_saved < d->cap_consoles_saved);
	saved = &d->consoles_saved[d->nconsoles_saved++];
	saved->console = con;
	saved->was = *con;
	saved->attached = con->person != NULL;
	saved->away = saved->attached && con->person->away;
}

static void
put_back(struct desk *d, const struct desk_saved_console *saved)
{
	struct desk_console *con = saved->console;
	struct desk_person *p;

	/* Its person was there in this round, so that there is memory. */
	if (saved->attached && con->person == NULL &&
	    (p = desk_person_get(d, con->who)) != NULL)
		enter(d, p, con);
	else if (!saved->attached && con->person != NULL)
		go(d, con);
	con->looks = saved->was.looks;
	con->types = saved->was.types;
	con->keys_ms = saved->was.keys_ms;
	con->idle = saved->was.idle;
	con->reserved = saved->was.reserved;
	con->reserved_ms = saved->was.reserved_ms;
	if (con->person == NULL)
		return;
	con->person->away = saved->away;
	count_present(d, con->person);
}

void
desk_people_restore(struct desk *d)
{
	while (d->nconsoles_saved > 0)
		put_back(d, &d->consoles_saved[--d->nconsoles_saved]);
}
