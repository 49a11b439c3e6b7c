/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Operators: who is at which console, and who is there to answer.  All consoles
 * of one name are one person.  A console that comes or goes, or whose keys rest,
 * does so whether or not the news is stored; only a round that is retracted
 * takes it back.  That somebody said that it is away is a fact, as the events
 * that say who is away for want of a key.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
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

static struct desk_console *
console_of(struct dw_list *n)
{
	return DW_LIST_OF(n, struct desk_console, node);
}

struct desk_person *
desk_person_find(const struct desk *d, const char *name)
{
	DW_LIST_EACH(n, &d->people)
		if (strcmp(person_of(n)->name, name) == 0)
			return person_of(n);
	return NULL;
}

/* What follows this name in text; NULL: text does not begin with it. */
static const char *
behind_name(const char *text, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(text, name, len) != 0 ||
	    (text[len] != '\0' && text[len] != ' '))
		return NULL;
	return text + len + strspn(text + len, " ");
}

/* A name may have spaces in it, and begin with another one. */
struct desk_person *
desk_person_named(const struct desk *d, const char *text, const char **rest)
{
	struct desk_person *best = NULL;

	DW_LIST_EACH(n, &d->people) {
		struct desk_person *p = person_of(n);
		const char *behind = behind_name(text, p->name);

		if (behind == NULL ||
		    (best != NULL && strlen(best->name) > strlen(p->name)))
			continue;
		best = p;
		*rest = behind;
	}
	return best;
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
	dw_list_init(&p->offers);
	dw_list_add(&d->people, &p->node);
	d->people_changed = true;
	return p;
}

void
desk_people_fini(struct desk *d)
{
	struct dw_list *n;

	while ((n = dw_list_take(&d->people)) != NULL)
		free(person_of(n));
}

void
desk_people_begin(struct desk *d, struct desk_time now)
{
	DW_LIST_EACH(n, &d->people)
		person_of(n)->left_ms = now.steady_ms;
}

/* ---- who is there ---- */

static bool
is_idle(const struct desk_person *p)
{
	DW_LIST_EACH(n, &p->consoles)
		if (!console_of(n)->idle)
			return false;
	return true;
}

/* Is it at a console, and neither away nor idle there? */
static bool
is_present(const struct desk_person *p)
{
	return !p->away && !is_idle(p);
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
	d->people_noticed = d->people_changed = true;
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
schedule_idle(struct desk *d, struct desk_console *con)
{
	int64_t ms = con->keys_ms + d->config->away_after_ms;

	if (con->person == NULL || con->idle || d->config->away_after_ms == 0)
		dw_order_del(&d->idle_at, &con->idle_at);
	else if (!dw_order_has(&con->idle_at) || con->idle_at.key != ms)
		dw_order_put(&d->idle_at, &con->idle_at, ms);
}

/* How long its claims and the offers to it last depends on its consoles. */
static void
consoles_changed(struct desk *d, struct desk_person *p)
{
	count_present(d, p);
	DW_LIST_EACH(n, &p->owned)
		desk_wake_update(d, DW_LIST_OF(n, struct desk_session, owned));
	DW_LIST_EACH(n, &p->offers)
		desk_wake_update(d, DW_LIST_OF(n, struct desk_session, offer));
}

static void
enter(struct desk *d, struct desk_person *p, struct desk_console *con)
{
	con->person = p;
	dw_list_add(&p->consoles, &con->node);
	d->consoles++;
	schedule_idle(d, con);
	consoles_changed(d, p);
}

static void
go(struct desk *d, struct desk_console *con)
{
	struct desk_person *p = con->person;

	dw_list_del(&con->node);
	con->person = NULL;
	d->consoles--;
	schedule_idle(d, con);
	/* That it has gone says more. */
	if (dw_list_empty(&p->consoles))
		p->away = p->idle = false;
	consoles_changed(d, p);
}

/* Nobody has come: only who asks is shown what there is. */
static int
attach_bare(struct desk *d, const struct desk_request *rq)
{
	desk_effect_add(d, DESK_FX_ATTACHED)->node = rq->node;
	return 0;
}

int
desk_decide_attach(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_ON);
	struct desk_effect *fx;
	struct desk_person *p;

	assert(rq->console->person == NULL);
	if (rq->console->bare)
		return attach_bare(d, rq);
	if ((p = desk_person_get(d, rq->console->who)) == NULL)
		return -ENOMEM;
	if (dw_list_empty(&p->consoles))
		p->came_ms = now.ms;
	rq->console->keys_ms = now.steady_ms;
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

	if (rq->console->bare) {
		desk_fx_done(d, rq);
		return 0;
	}
	ev.who = rq->who;
	assert(rq->console->person != NULL);
	rq->console->person->left_ms = now.steady_ms;
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

/* Who does something without a console is as one who has just left it: what it
 * answers stays its own for the time of --lost-grace from then on. */
void
desk_person_acted(struct desk *d, const char *who, struct desk_time now)
{
	struct desk_person *p = desk_person_find(d, who);

	if (p == NULL || !dw_list_empty(&p->consoles))
		return;
	p->left_ms = now.steady_ms;
	DW_LIST_EACH(n, &p->owned)
		desk_wake_update(d, DW_LIST_OF(n, struct desk_session, owned));
}

void
desk_each_person(const struct desk *d,
    void (*fn)(void *arg, const struct desk_person *p), void *arg)
{
	DW_LIST_EACH(n, &d->people)
		if (!dw_list_empty(&person_of(n)->consoles))
			fn(arg, person_of(n));
}

/* ---- who has not pressed a key for long ---- */

void
desk_console_active(struct desk *d, struct desk_console *con,
    struct desk_time now)
{
	bool was_idle = con->idle;

	if (con->person == NULL)
		return;
	con->keys_ms = now.steady_ms;
	con->idle = false;
	schedule_idle(d, con);
	if (was_idle)
		count_present(d, con->person);
}

void
desk_notice_idle(struct desk *d, struct desk_time now)
{
	while (dw_order_least(&d->idle_at) <= now.steady_ms) {
		struct desk_console *con =
		    DW_LIST_OF(dw_order_first(&d->idle_at), struct desk_console,
			idle_at);

		con->idle = true;
		schedule_idle(d, con);
		count_present(d, con->person);
	}
}

static void
settle_person(struct desk *d, struct desk_person *p, struct desk_time now)
{
	bool gone = dw_list_empty(&p->consoles);
	bool idle = !gone && !p->away && is_idle(p);
	struct ev_event ev = ev_event_of(idle ? EV_AWAY : EV_BACK);

	if (idle == p->idle)
		return;
	p->idle = idle;
	d->people_changed = true;
	/* Meanwhile it said that it is away: then it is not back. */
	if (p->away)
		return;
	ev.who = p->name;
	if (idle)
		ev.why = EV_WHY_IDLE;
	desk_emit(d, NULL, ev, now);
}

void
desk_settle_people(struct desk *d, struct desk_time now)
{
	if (!d->people_noticed)
		return;
	DW_LIST_EACH(n, &d->people) {
		if (desk_reserve(d, 1, 0) < 0) {
			d->retry_ns = now.ns + d->config->retry_ns;
			return;
		}
		settle_person(d, person_of(n), now);
	}
	d->people_noticed = false;
}

void
desk_people_reconfigure(struct desk *d)
{
	DW_LIST_EACH(n, &d->people)
		DW_LIST_EACH(c, &person_of(n)->consoles)
			schedule_idle(d, console_of(c));
}

/* ---- the end of a round ---- */

void
desk_people_keep(struct desk *d)
{
	if (!d->people_changed)
		return;
	DW_LIST_EACH(n, &d->people) {
		struct desk_person *p = person_of(n);

		p->was_away = p->away;
		p->was_idle = p->idle;
	}
}

/* Who has gone is not away, whatever was stored of it. */
static void
undo_person(struct desk *d, struct desk_person *p)
{
	if (dw_list_empty(&p->consoles))
		p->was_away = p->was_idle = false;
	p->away = p->was_away;
	p->idle = p->was_idle;
	count_present(d, p);
}

void
desk_people_undo(struct desk *d)
{
	for (struct dw_list *n = d->people.next;
	    d->people_changed && n != &d->people; n = n->next)
		undo_person(d, person_of(n));
	/* Nobody was told whom the round reserved. */
	for (size_t i = d->nconsoles_saved; i-- > 0;) {
		const struct desk_saved_console *saved = &d->consoles_saved[i];

		saved->console->reserved = saved->was.reserved;
		saved->console->reserved_ms = saved->was.reserved_ms;
		saved->console->passed = saved->was.passed;
	}
}

/* Events of the round may have had their names. */
void
desk_people_sweep(struct desk *d)
{
	if (!d->people_changed)
		return;
	DW_LIST_EACH_SAFE(n, &d->people) {
		struct desk_person *p = person_of(n);

		if (!dw_list_empty(&p->consoles) || !dw_list_empty(&p->owned) ||
		    !dw_list_empty(&p->offers))
			continue;
		dw_list_del(&p->node);
		free(p);
	}
	d->people_changed = false;
}

/* ---- a round that is taken back ---- */

void
desk_console_save(struct desk *d, struct desk_console *con)
{
	struct desk_saved_console *saved;
	struct desk_person *p = desk_person_find(d, con->who);

	assert(d->nconsoles_saved < d->cap_consoles_saved);
	saved = &d->consoles_saved[d->nconsoles_saved++];
	saved->console = con;
	saved->was = *con;
	saved->person = p;
	saved->left_ms = p != NULL ? p->left_ms : 0;
	saved->came_ms = p != NULL ? p->came_ms : 0;
}

static void
put_back(struct desk *d, const struct desk_saved_console *saved)
{
	struct desk_console *con = saved->console;
	struct desk_person *p = saved->person;

	if (p != NULL) {
		p->left_ms = saved->left_ms;
		p->came_ms = saved->came_ms;
	}
	con->looks = saved->was.looks;
	con->types = saved->was.types;
	con->keys_ms = saved->was.keys_ms;
	con->idle = saved->was.idle;
	con->reserved = saved->was.reserved;
	con->reserved_ms = saved->was.reserved_ms;
	con->passed = saved->was.passed;
	/* Nobody goes before the round is over: its person is still there. */
	if (saved->was.person != NULL && con->person == NULL)
		enter(d, saved->was.person, con);
	else if (saved->was.person == NULL && con->person != NULL)
		go(d, con);
	schedule_idle(d, con);
	if (con->person != NULL)
		consoles_changed(d, con->person);
}

void
desk_people_restore(struct desk *d)
{
	while (d->nconsoles_saved > 0)
		put_back(d, &d->consoles_saved[--d->nconsoles_saved]);
}

/* ---- commands ---- */

/* The person who asks, for whom there is no sense in it without a console. */
static struct desk_person *
asker(struct desk *d, const struct desk_request *rq)
{
	struct desk_person *p = desk_person_find(d, rq->who);

	if (p != NULL && !dw_list_empty(&p->consoles))
		return p;
	desk_refuse(d, rq, EV_CODE_USAGE, _("you are not at a console"));
	return NULL;
}

int
desk_command_away(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct desk_person *p = asker(d, rq);
	struct ev_event ev = ev_event_of(EV_AWAY);
	const char *why;

	if (p == NULL)
		return 0;
	if (desk_reason_refusal(d, arg, &why) != EV_CODE_OK)
		return desk_refuse(d, rq, EV_CODE_USAGE, why);
	p->away = true;
	count_present(d, p);
	ev.who = rq->who;
	ev.why = EV_WHY_SAID;
	ev.body = arg;
	ev.len = strlen(arg);
	desk_emit(d, NULL, ev, now);
	desk_fx_done(d, rq);
	return 0;
}

int
desk_command_back(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct desk_person *p = asker(d, rq);
	struct ev_event ev = ev_event_of(EV_BACK);

	if (p == NULL)
		return 0;
	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/back takes nothing"));
	/* Who was only idle is back by saying so. */
	if (!p->away && !p->idle)
		return desk_refuse(d, rq, EV_CODE_USAGE, _("you are not away"));
	if (p->away) {
		p->away = false;
		count_present(d, p);
		ev.who = rq->who;
		desk_emit(d, NULL, ev, now);
	}
	desk_fx_done(d, rq);
	return 0;
}

static void
add_role(struct dw_buf *out, const struct desk_person *p)
{
	static const char *const words[] = {
		[EV_ROLE_SUPERVISOR] = N_("supervisor"),
		[EV_ROLE_ADMIN] = N_("admin"),
	};
	enum ev_role role = EV_ROLE_NONE;

	DW_LIST_EACH(n, &p->consoles)
		if (console_of(n)->role > role)
			role = console_of(n)->role;
	if (role > EV_ROLE_OPERATOR)
		dw_buf_addf(out, " (%s)", _(words[role]));
}

static void
add_owned(struct dw_buf *out, const struct desk_person *p)
{
	if (dw_list_empty(&p->owned))
		return;
	dw_buf_addf(out, "%s", _(", answers"));
	DW_LIST_EACH(n, &p->owned)
		dw_buf_addf(out, " %" PRIu64,
		    DW_LIST_OF(n, struct desk_session, owned)->facts.sid);
}

static void
add_looks(struct dw_buf *out, const struct desk_person *p)
{
	const char *before = _(", looks at");

	DW_LIST_EACH(n, &p->consoles) {
		if (console_of(n)->looks == 0)
			continue;
		dw_buf_addf(out, "%s %" PRIu64, before, console_of(n)->looks);
		before = "";
	}
}

/* "lin (admin) since 09:12, answers 3 5, looks at 4, away" */
static void
add_person(struct dw_buf *out, const struct desk_person *p,
    struct desk_time now)
{
	char at[DW_CLOCK_STAMP], span[DESK_SPAN_SIZE];

	dw_buf_addf(out, "%s%s", out->len > 0 ? "\n" : "", p->name);
	add_role(out, p);
	dw_clock_hms(p->came_ms, at);
	if (!dw_list_empty(&p->consoles))
		dw_buf_addf(out, _(" since %.5s"), at);
	else
		dw_buf_addf(out, _(" gone for %s"),
		    desk_span(span, now.steady_ms - p->left_ms));
	add_owned(out, p);
	add_looks(out, p);
	if (!dw_list_empty(&p->consoles) && !is_present(p))
		dw_buf_addf(out, "%s", _(", away"));
}

static void
add_stop(struct dw_buf *out, const struct desk *d, struct desk_time now)
{
	char text[DESK_STOP_TEXT];

	desk_stop_text(d, now, text);
	if (text[0] != '\0')
		dw_buf_addf(out, "%s%s", out->len > 0 ? "\n" : "", text);
}

int
desk_command_who(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/who takes nothing"));
	DW_LIST_EACH(n, &d->people) {
		const struct desk_person *p = person_of(n);

		if (!dw_list_empty(&p->consoles) || !dw_list_empty(&p->owned))
			add_person(&out, p, now);
	}
	add_stop(&out, d, now);
	if (out.failed) {
		dw_buf_fini(&out);
		return desk_refuse(d, rq, EV_CODE_NOT_STORED,
		    _("out of memory"));
	}
	desk_fx_answer_owned(d, rq, EV_CODE_OK,
	    out.len > 0 ? dw_buf_take(&out) : NULL, _("nobody is there"))
	    ->stands = true;
	return 0;
}

int
desk_command_msg(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_MSG);
	const char *text = "", *why;
	const struct desk_person *p = desk_person_named(d, arg, &text);

	if (*arg == '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("say /msg WHO TEXT"));
	if (p == NULL || dw_list_empty(&p->consoles))
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("nobody of that name is at a console; /who shows who "
		      "is"));
	if (strcmp(p->name, rq->who) == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE, _("that is you"));
	if (desk_text_refusal(d, text, strlen(text), &why) != EV_CODE_OK)
		return desk_refuse(d, rq, EV_CODE_USAGE, why);
	ev.who = rq->who;
	ev.why = p->name;
	ev.body = text;
	ev.len = strlen(text);
	desk_emit(d, NULL, ev, now);
	desk_fx_done(d, rq);
	return 0;
}
