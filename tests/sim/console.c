/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Operators at their consoles.  A console lives on when its link is lost: it
 * keeps what was not answered, comes back, gets what it missed, and sends the
 * rest again with the same key.  What others have answered it may paint late,
 * and then it does not know of it when it answers.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static int
number_of(const struct world *w, const struct console *con)
{
	return (int)(con - w->consoles);
}

static bool
is_live(const struct console *con)
{
	return con->on && !con->lost;
}

/* A new console, with nothing painted. */
void
console_let_go(struct console *con)
{
	free(con->desk);
	con->desk = NULL;
}

static void
live_anew(struct world *w, struct console *con)
{
	con->self = ++w->selves;
	con->drawn = 0;
	for (uint64_t sid = 1; sid <= w->store.sid; sid++)
		store_session(w, sid)->painted[number_of(w, con)] = 0;
}

void
console_begin(struct world *w, struct console *con, int number)
{
	memset(con, 0, sizeof *con);
	snprintf(con->name, sizeof con->name, "op%d", number % OPERATORS);
	live_anew(w, con);
}

void
console_fini(struct console *con)
{
	for (unsigned i = 0; i < con->nletters; i++)
		free(con->letters[i].text);
	con->nletters = 0;
}

/*
 * Letters.
 */

static void
drop(struct console *con, struct letter *l)
{
	free(l->text);
	*l = con->letters[--con->nletters];
}

static struct letter *
letter_of(struct console *con, const struct ev_key *key)
{
	for (unsigned i = 0; i < con->nletters; i++)
		if (ev_key_is(&con->letters[i].key, key))
			return &con->letters[i];
	return NULL;
}

/* One of them that is a draft, or is to be sent again; NULL. */
static struct letter *
next_letter(struct console *con, bool draft)
{
	for (unsigned i = 0; i < con->nletters; i++)
		if (con->letters[i].draft == draft && !con->letters[i].sent)
			return &con->letters[i];
	return NULL;
}

/* The second halves are the same at all consoles: only the whole is unique. */
static struct ev_key
draw_key(struct console *con)
{
	struct ev_key key;

	con->drawn++;
	memcpy(key.bytes, &con->self, EV_KEY_CONSOLE);
	memcpy(key.bytes + EV_KEY_CONSOLE, &con->drawn,
	    EV_KEY_SIZE - EV_KEY_CONSOLE);
	return key;
}

/* Event 1 is no reply, so who has painted nothing says 1. */
static uint64_t
painted(struct world *w, const struct console *con, uint64_t sid)
{
	const struct session *s = store_session(w, sid);
	uint64_t seq = s != NULL ? s->painted[number_of(w, con)] : 0;

	return seq != 0 ? seq : 1;
}

/*
 * Requests.
 */

/* What each may do. */
static enum ev_role
role_of(const struct console *con)
{
	int i = team_number(con->name);

	return i == 0 ? EV_ROLE_ADMIN :
	    i == 1    ? EV_ROLE_SUPERVISOR :
			EV_ROLE_OPERATOR;
}

struct request *
console_push(struct world *w, enum desk_rq rq, struct console *con)
{
	struct request *q = people_push(w, rq);

	q->con = con;
	q->link = con->link;
	q->who = strdup(con->name);
	q->rq.who = q->who;
	q->rq.role = role_of(con);
	q->rq.console = con->desk;
	return q;
}

static void
give_text(struct request *q, const char *text)
{
	q->message.text = strdup(text);
	q->message.len = strlen(text);
	q->rq.text = q->message.text;
	q->rq.len = q->message.len;
}

/* It came over a link that is no more. */
static void
without_console(struct request *q)
{
	q->link = 0;
	q->rq.console = NULL;
}

static struct request *
push_text(struct world *w, enum desk_rq rq, struct console *con,
    const char *text, uint64_t sid, const struct ev_key *key, uint64_t seen)
{
	struct request *q = console_push(w, rq, con);

	give_text(q, text);
	q->rq.sid = sid;
	q->rq.key = *key;
	q->rq.seen = seen;
	sim_note(w, " %d%s>%" PRIu64 "(%" PRIu64 ")", number_of(w, con),
	    rq == DESK_RQ_NOTE ? "note" : "", sid, seen);
	return q;
}

static struct request *
push_reply(struct world *w, struct console *con, const char *text, uint64_t sid,
    const struct ev_key *key, uint64_t seen)
{
	return push_text(w, DESK_RQ_REPLY, con, text, sid, key, seen);
}

struct request *
console_command(struct world *w, struct console *con, const char *format, ...)
{
	struct request *q = console_push(w, DESK_RQ_COMMAND, con);
	char text[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	give_text(q, text);
	sim_note(w, " %s:%s", con->name, text);
	return q;
}

static void
lose_link(struct world *w, struct console *con)
{
	con->lost = true;
	w->counts.lost_links++;
	sim_note(w, " %d lost", number_of(w, con));
}

/* Its link breaks under way; what was written may yet be read, later. */
static void
lose_request(struct world *w, struct console *con, const struct letter *l)
{
	lose_link(w, con);
	w->counts.lost_requests++;
	if (w->nlates == LATES || sim_once_in(w, 6))
		return;
	w->lates[w->nlates++] = (struct late){ con, strdup(l->text), l->sid,
		l->seen, l->key, l->note };
}

static void
send_letter(struct world *w, struct console *con, struct letter *l)
{
	l->sent = true;
	if (sim_once_in(w, 12)) {
		lose_request(w, con, l);
		return;
	}
	push_text(w, l->note ? DESK_RQ_NOTE : DESK_RQ_REPLY, con, l->text,
	    l->sid, &l->key, l->seen);
	if (sim_once_in(w, 20))
		lose_link(w, con); /* and the answer with it */
}

void
console_late(struct world *w)
{
	struct late l = w->lates[0];

	w->nlates--;
	memmove(w->lates, w->lates + 1, w->nlates * sizeof l);
	without_console(push_text(w, l.note ? DESK_RQ_NOTE : DESK_RQ_REPLY,
	    l.con, l.text, l.sid, &l.key, l.seen));
	sim_note(w, " late");
	free(l.text);
	w->counts.lates++;
}

/*
 * What operators do.
 */

static char *
note_text(struct world *w)
{
	char *text;

	if (asprintf(&text, SECRET "%" PRIu64, ++w->token) < 0)
		abort();
	return text;
}

void
console_write(struct world *w, struct console *con, uint64_t sid, bool note)
{
	struct letter *l = next_letter(con, true);

	if (con->nletters == LETTERS && l == NULL)
		return;
	if (con->nletters == LETTERS) {
		drop(con, l);
		w->counts.thrown_away++;
	}
	l = &con->letters[con->nletters++];
	*l =
	    (struct letter){ .text = note ? note_text(w) : people_reply_text(w),
		    .sid = sid,
		    .key = draw_key(con),
		    .note = note };
	l->seen = painted(w, con, l->sid);
	send_letter(w, con, l);
	w->counts.note_letters += note;
}

static void
write_letter(struct world *w, struct console *con)
{
	console_write(w, con, act_some_session(w, con), false);
}

/* All that was shown of it is painted. */
static void
look_at(struct world *w, struct console *con, uint64_t sid)
{
	struct session *s = store_session(w, sid);

	if (s != NULL)
		s->painted[number_of(w, con)] = s->shown;
}

/* A refused text is sent as it is or changed, or thrown away. */
static void
take_up_draft(struct world *w, struct console *con)
{
	struct letter *l = next_letter(con, true);

	if (l == NULL)
		return;
	if (sim_once_in(w, 3)) {
		drop(con, l);
		w->counts.thrown_away++;
		return;
	}
	if (sim_once_in(w, 3)) {
		free(l->text);
		l->text = l->note ? note_text(w) : people_reply_text(w);
		l->key = draw_key(con);
	}
	if (sim_once_in(w, 2))
		look_at(w, con, l->sid);
	l->draft = false;
	l->seen = painted(w, con, l->sid);
	send_letter(w, con, l);
	w->counts.drafts_sent++;
}

/* A session with more replies than the desk knows keys of, if there is one. */
static const struct session *
talkative_session(struct world *w)
{
	const struct session *s = NULL;

	for (int i = 0; i < 8; i++) {
		s = store_session(w, people_some_session(w));
		if (s != NULL && s->nreplies > w->config.max_keys)
			return s;
	}
	return s;
}

/* The key of some stored reply comes once more, with whatever text. */
static void
ask_again(struct world *w, struct console *con)
{
	const struct session *s = talkative_session(w);
	const struct replied *r;
	struct request *q;

	if (s == NULL || s->nreplies == 0)
		return;
	r = &s->replies[sim_random(w, s->nreplies)];
	if (!ev_key_is_set(&r->key))
		return;
	/* Refused for each reason, or for none. */
	q = push_text(w, r->kind == EV_NOTE ? DESK_RQ_NOTE : DESK_RQ_REPLY, con,
	    sim_once_in(w, 4) ? " " : "again", s->f.sid, &r->key,
	    sim_random(w, 2));
	without_console(q);
	w->counts.again++;
}

/* A program that speaks the protocol by hand. */
static void
reply_raw(struct world *w, struct console *con)
{
	static const struct ev_key none;
	uint64_t sid = act_some_session(w, con);
	char *text = people_reply_text(w);

	push_reply(w, con, text, sid, &none,
	    sim_once_in(w, 2) ? 0 : painted(w, con, sid));
	free(text);
	w->counts.raw++;
}

static void
type_reply(struct world *w, struct console *con)
{
	switch (sim_random(w, 10)) {
	case 0:
		reply_raw(w, con);
		break;
	case 1:
	case 2:
		ask_again(w, con);
		break;
	case 3:
	case 4:
		take_up_draft(w, con);
		break;
	default:
		write_letter(w, con);
	}
}

static void
type_command(struct world *w, struct console *con)
{
	static const char *const words[] = { "close", "kick", "history",
		"history", "ended", "bogus", "closes", "" };

	if (sim_once_in(w, 100))
		console_command(w, con, "quit");
	else if (sim_once_in(w, 50))
		console_command(w, con, "close left");
	else
		console_command(w, con, "%s %" PRIu64 "%s",
		    words[sim_random(w, 8)], people_some_session(w),
		    sim_once_in(w, 10) ? " x" : "");
}

static void
come(struct world *w, struct console *con)
{
	con->desk = malloc(sizeof *con->desk);
	desk_console_init(con->desk, con->name, "", role_of(con));
	console_push(w, DESK_RQ_ATTACH, con);
	con->busy = true;
	sim_note(w, " %d comes", number_of(w, con));
}

/* Its link ends; now and then the console is killed with it. */
static void
go(struct world *w, struct console *con)
{
	console_push(w, DESK_RQ_DETACH, con);
	con->busy = true;
	con->picked = con->works = 0;
	sim_note(w, " %d goes", number_of(w, con));
	if (!sim_once_in(w, 4))
		return;
	con->lost = true;
	console_fini(con);
	live_anew(w, con);
	w->counts.killed++;
	sim_note(w, " killed");
}

static void
resend(struct world *w, struct console *con, struct letter *l)
{
	send_letter(w, con, l);
	w->counts.resent++;
}

void
console_acts(struct world *w, struct console *con)
{
	struct letter *l;

	if (con->busy || (people_unattended(w) && !sim_once_in(w, 40)))
		return;
	if (!con->on)
		come(w, con);
	else if (con->lost || sim_once_in(w, 60))
		go(w, con);
	else if ((l = next_letter(con, false)) != NULL)
		resend(w, con, l);
	else if (sim_once_in(w, 60))
		lose_link(w, con);
	else if (sim_once_in(w, 3))
		look_at(w, con, people_some_session(w));
	else if (sim_once_in(w, 8))
		type_command(w, con);
	else if (sim_once_in(w, 8))
		udp_answer(w, console_push(w, DESK_RQ_COMMAND, con));
	else if (sim_once_in(w, 2))
		act(w, con);
	else
		type_reply(w, con);
}

/*
 * What comes from the desk.
 */

/* An event tells that the text with this key is stored. */
static void
is_stored(struct world *w, struct console *con, struct letter *l)
{
	w->rare.drafts_done += l->draft;
	drop(con, l);
}

void
console_attached(struct world *w, struct console *con)
{
	con->on = true;
	con->busy = con->lost = false;
	con->link++;
	for (unsigned i = con->nletters; i-- > 0;) {
		struct letter *l = &con->letters[i];
		const struct replied *r = store_reply(w, l->sid, &l->key);

		l->sent = false;
		if (r == NULL)
			continue;
		if (r->seq <= con->seen)
			sim_fail(w,
			    "console %d was shown %" PRIu64
			    " and keeps its text",
			    number_of(w, con), r->seq);
		is_stored(w, con, l);
		w->counts.missed_replies++;
	}
	con->seen = desk_last_seq(w->desk);
}

/* May be painted at once, but only behind all that came before. */
static void
show(struct world *w, struct console *con, const struct ev_event *ev,
    struct session *s)
{
	struct letter *l = letter_of(con, &ev->key);

	if (con->seen++ != ev->seq - 1)
		sim_fail(w, "console %d saw no event before %" PRIu64,
		    number_of(w, con), ev->seq);
	if ((ev->kind == EV_REPLY || ev->kind == EV_NOTE) && l != NULL)
		is_stored(w, con, l);
	if (s != NULL && s->painted[number_of(w, con)] == s->shown &&
	    sim_once_in(w, 2))
		s->painted[number_of(w, con)] = ev->seq;
}

void
console_event(struct world *w, const struct ev_event *ev)
{
	struct session *s = store_session(w, ev->sid);

	for (int i = 0; i < CONSOLES; i++)
		if (is_live(&w->consoles[i]))
			show(w, &w->consoles[i], ev, s);
	if (s != NULL)
		s->shown = ev->seq;
}

void
console_answered(struct world *w, struct request *q,
    const struct desk_answer *a)
{
	struct console *con = q->con;
	struct letter *l = letter_of(con, &q->rq.key);

	if (q->rq.rq == DESK_RQ_NEXT && a->code == EV_CODE_OK &&
	    q->link == con->link && is_live(con))
		con->picked = a->sid;
	if (!ev_key_is_set(&q->rq.key) || q->link != con->link || !is_live(con))
		return;
	if (a->code == EV_CODE_OK) {
		if (l != NULL)
			drop(con, l);
		return;
	}
	if (l == NULL || l->draft)
		sim_fail(w, "a refused text is not in one draft");
	l->draft = true;
	l->sent = false;
	w->counts.drafts++;
}

void
console_check(struct world *w)
{
	for (int i = 0; i < CONSOLES; i++) {
		struct console *con = &w->consoles[i];

		for (unsigned k = 0; is_live(con) && k < con->nletters; k++) {
			struct letter *l = &con->letters[k];

			if (l->sent)
				sim_fail(w, "console %d gets no answer", i);
			if (store_reply(w, l->sid, &l->key) != NULL)
				sim_fail(w,
				    "console %d has a text that is stored", i);
		}
	}
}

void
console_restart(struct world *w)
{
	for (int i = 0; i < CONSOLES; i++) {
		w->consoles[i].on = w->consoles[i].busy = false;
		w->consoles[i].picked = w->consoles[i].works = 0;
		console_let_go(&w->consoles[i]);
	}
	while (w->nlates > 0)
		free(w->lates[--w->nlates].text);
	/* They will be shown to whoever comes back. */
	for (uint64_t sid = 1; sid <= w->store.sid; sid++)
		store_session(w, sid)->shown = store_session(w, sid)->last;
}
