/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A team at one desk: who is there, whose each session is, and what each request
 * of an operator should bring.  Before a request is decided it is said here
 * what it should do, from the stored events and those of the round behind them;
 * then what it did is compared.  What time does by itself is checked when it is
 * stored (not too early), and after each round (not too late).
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim.h"

#define QUIET_SLACK_MS (600 * INT64_C(1000))
#define SLACK_MS       200 /* the desk's clock has whole ms, its rounds have not */

/*
 * Facts.
 */

static struct ev_moment
moment(const struct ev_event *ev)
{
	return (struct ev_moment){ ev->seq, ev->steady_ms };
}

static void
no_offer(struct ev_session *f)
{
	f->offered[0] = '\0';
	f->offered_ms = 0;
	f->offered_at = (struct ev_moment){ 0, 0 };
}

static void
no_owner(struct ev_session *f)
{
	no_offer(f);
	f->owner[0] = '\0';
	f->owned_ms = f->kept_ms = 0;
	f->owned_at = f->kept_at = (struct ev_moment){ 0, 0 };
}

static void
link_same(struct ev_session *f, const struct ev_event *ev)
{
	uint64_t kept[EV_SAME_MAX + 1] = { 0 };
	int n = 0;

	for (int i = 0; i < EV_SAME_MAX; i++)
		if (f->same[i] != 0 && f->same[i] != ev->n)
			kept[n++] = f->same[i];
	if (strcmp(ev->why, "undone") != 0)
		kept[n++] = ev->n;
	memcpy(f->same, kept + (n > EV_SAME_MAX), sizeof f->same);
}

void
team_fold(struct ev_session *f, const struct ev_event *ev)
{
	if (ev->kind == EV_CLAIM || ev->kind == EV_FREE ||
	    ev->kind == EV_CLOSED || ev->kind == EV_REOPENED)
		no_owner(f);
	if (ev->kind == EV_DECLINED)
		no_offer(f);
	if (ev->kind == EV_CLAIM) {
		snprintf(f->owner, sizeof f->owner, "%s", ev->who);
		f->owned_ms = ev->t_ms;
		f->owned_at = moment(ev);
	}
	if (ev->kind == EV_OFFER) {
		snprintf(f->offered, sizeof f->offered, "%s", ev->why);
		f->offered_ms = ev->t_ms;
		f->offered_at = moment(ev);
	}
	if (ev->kind == EV_KEEP) {
		f->kept_ms = ev->t_ms + (int64_t)ev->n * 1000;
		f->kept_at = moment(ev);
		f->kept_at.steady_ms += (int64_t)ev->n * 1000;
	}
	if (ev->kind == EV_CLOSED)
		f->reopened = false;
	f->notes += ev->kind == EV_NOTE;
	if (ev->kind == EV_SAME)
		link_same(f, ev);
	if (ev->kind == EV_REOPENED) {
		f->state = EV_STATE_LEFT;
		f->reopened = f->gone = true;
		f->gone_ms = ev->t_ms;
		f->gone_at = moment(ev);
	}
}

/* What else matters here while the round is not stored. */
static void
fold_talk(struct ev_session *f, const struct ev_event *ev)
{
	if (ev->kind == EV_ARRIVED) {
		f->sid = ev->sid;
		f->state = EV_STATE_WAITING;
		snprintf(f->addr, sizeof f->addr, "%s", ev->addr);
	}
	if (ev->kind == EV_SAID) {
		f->said_at = moment(ev);
		if (f->unanswered++ == 0)
			f->waiting_at = f->said_at;
	}
	if (ev->kind == EV_REPLY) {
		f->unanswered = 0;
		f->waiting_at = (struct ev_moment){ 0, 0 };
		f->state = EV_STATE_OPEN;
	}
	if (ev->kind == EV_GONE) {
		f->gone = true;
		f->gone_at = moment(ev);
		f->state = EV_STATE_LEFT;
	}
	if (ev->kind == EV_CLOSED) {
		f->state = EV_STATE_CLOSED;
		f->waiting_at = (struct ev_moment){ 0, 0 };
	}
}

static const struct session *
session(const struct world *w, uint64_t sid)
{
	return sid == 0 || sid > w->store.sid ? NULL :
						&w->store.sessions[sid - 1];
}

struct ev_session
team_view(const struct world *w, uint64_t sid)
{
	const struct session *s = session(w, sid);
	struct ev_session f = { 0 };
	const struct ev_event *evs;
	size_t n;

	if (s != NULL)
		f = s->f;
	evs = desk_events(w->desk, &n);
	for (size_t i = 0; i < n && w->phase == DECIDE; i++) {
		if (evs[i].sid != sid)
			continue;
		fold_talk(&f, &evs[i]);
		team_fold(&f, &evs[i]);
	}
	return f;
}

/*
 * Who is there.
 */

int
team_number(const char *who)
{
	if (strlen(who) == 3 && memcmp(who, "op", 2) == 0 && who[2] >= '0' &&
	    who[2] < '0' + OPERATORS)
		return who[2] - '0';
	return -1;
}

static int
seat_of(const struct world *w, const struct console *con)
{
	return (int)(con - w->consoles);
}

/* Since the journal failed the desk may be behind. */
static int64_t
late(const struct world *w, int64_t due_ms)
{
	int64_t again = w->bad_ms + w->config.retry_ns / DW_MS + SLACK_MS;

	return due_ms > again ? due_ms : again;
}

static bool
is_awake(const struct world *w, const struct seat *seat, bool perhaps)
{
	int64_t most = w->config.away_after_ms;

	if (!seat->on)
		return false;
	return perhaps ?
	    w->now.steady_ms <= late(w, seat->keys_hi + most) + SLACK_MS :
	    w->now.steady_ms < seat->keys_lo + most;
}

bool
team_present(const struct world *w, int person, bool perhaps)
{
	const struct person *p = &w->team.people[person];

	if (perhaps ? p->away && p->stored : p->away || p->stored)
		return false;
	for (int i = person; i < CONSOLES; i += OPERATORS)
		if (is_awake(w, &w->team.seats[i], perhaps))
			return true;
	return false;
}

bool
team_duty(const struct world *w, bool *on)
{
	bool surely = false, perhaps = false;

	for (int i = 0; i < OPERATORS; i++) {
		surely |= team_present(w, i, false);
		perhaps |= team_present(w, i, true);
	}
	*on = perhaps;
	if (!hours_are_open(w)) {
		*on = false;
		return true;
	}
	return surely == perhaps;
}

/*
 * The line.
 */

static const struct customer *
customer_of(const struct world *w, const struct ev_session *f)
{
	const struct session *s = session(w, f->sid);

	if (s != NULL)
		return s->cu;
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL &&
		    strcmp(w->customers[i].c->addr, f->addr) == 0)
			return &w->customers[i];
	return NULL;
}

/* Connected, and has not heard goodbye. */
static bool
is_connected(const struct world *w, const struct ev_session *f)
{
	const struct customer *cu = customer_of(w, f);

	return (f->state == EV_STATE_WAITING || f->state == EV_STATE_OPEN) &&
	    !f->gone && cu != NULL && cu->c->session != NULL &&
	    !cu->c->leaving && !cu->c->ending;
}

bool
team_in_line(const struct world *w, const struct ev_session *f)
{
	return f->waiting_at.seq != 0 && *f->owner == '\0' &&
	    is_connected(w, f);
}

bool
team_reserved(const struct world *w, uint64_t sid, int but)
{
	for (int i = 0; i < CONSOLES; i++) {
		const struct seat *seat = &w->team.seats[i];

		if (i != but && seat->on && seat->reserved == sid &&
		    w->now.steady_ms < seat->reserved_ms)
			return true;
	}
	return false;
}

/*
 * Next.
 */

/* Of those whom a console may get: who comes first. */
struct choice {
	uint64_t offered, first, left;
	uint64_t offered_seq, first_seq, left_seq;
};

static bool
is_listed(const struct world *w, const struct ev_session *f)
{
	const struct session *s = session(w, f->sid);

	return s != NULL && !s->unlisted && s->cu == NULL &&
	    s->f.state == EV_STATE_LEFT && s->f.sent >= s->sent_n;
}

/* Nobody takes an offer that is over, though that is not stored yet. */
static bool
is_expired(const struct world *w, const struct ev_session *f)
{
	return w->now.steady_ms >= f->offered_at.steady_ms + OFFER_MS;
}

static void
consider(const struct world *w, const struct request *q, struct choice *c,
    const struct ev_session *f)
{
	if (f->state == EV_STATE_CLOSED || f->state == EV_STATE_NONE)
		return;
	/* One that is over, which is not stored yet, counts as well. */
	if (strcmp(f->offered, q->who) == 0 &&
	    (c->offered == 0 || f->offered_at.seq < c->offered_seq)) {
		c->offered = f->sid;
		c->offered_seq = f->offered_at.seq;
	}
	if (f->sid == q->rq.sid || *f->owner != '\0' ||
	    team_reserved(w, f->sid, seat_of(w, q->con)))
		return;
	if (team_in_line(w, f) &&
	    (c->first == 0 || f->waiting_at.seq < c->first_seq)) {
		c->first = f->sid;
		c->first_seq = f->waiting_at.seq;
	}
	if (is_listed(w, f) && f->state == EV_STATE_LEFT &&
	    (c->left == 0 || f->gone_at.seq < c->left_seq)) {
		c->left = f->sid;
		c->left_seq = f->gone_at.seq;
	}
}

static struct choice
choose(const struct world *w, const struct request *q)
{
	struct choice c = { 0 };
	struct ev_session f;

	for (size_t i = 0; i < w->store.nlive; i++) {
		f = team_view(w, w->store.live[i]);
		consider(w, q, &c, &f);
	}
	/* And those that are new in this round. */
	for (uint64_t i = 1; i <= BATCH; i++) {
		f = team_view(w, w->store.sid + i);
		consider(w, q, &c, &f);
	}
	return c;
}

/* One who left, if nobody knows of an older one that the list has. */
static bool
is_old_enough(const struct world *w, const struct request *q,
    const struct choice *c, uint64_t sid)
{
	struct ev_session f = team_view(w, sid);

	if (sid == 0)
		return c->left == 0;
	return f.state == EV_STATE_LEFT && *f.owner == '\0' &&
	    sid != q->rq.sid && !team_reserved(w, sid, seat_of(w, q->con)) &&
	    (c->left == 0 || f.gone_at.seq <= c->left_seq);
}

/* What the desk has reserved now is the right one. */
static void
check_next(struct world *w, struct request *q)
{
	struct seat *seat = &w->team.seats[seat_of(w, q->con)];
	struct choice c = choose(w, q);
	uint64_t got = q->con->desk->reserved;

	if (c.first != 0 ? got != c.first : !is_old_enough(w, q, &c, got))
		sim_fail(w,
		    "%s is given %" PRIu64 " (of %s, waits since %" PRIu64
		    "), not %" PRIu64 " (since %" PRIu64 ")",
		    q->who, got, team_view(w, got).owner,
		    team_view(w, got).waiting_at.seq,
		    c.first != 0 ? c.first : c.left, c.first_seq);
	q->expected.is_next = true;
	q->expected.sid = got;
	seat->reserved = got;
	seat->reserved_ms = w->now.steady_ms + RESERVED_MS;
	w->counts.nexts += c.first != 0;
	w->counts.nobody += got == 0;
	w->counts.from_left += got != 0 && c.first == 0;
}

/*
 * What requests should do.
 */

/* A request about one session. */
struct asked {
	struct world *w;
	struct request *q;
	struct ev_session f;
	const char *rest; /* of a command */
	bool closed;      /* or there never was one */
	bool sure;        /* else it may just be going */
	bool mine, others, nobodys;
};

static struct asked
ask(struct world *w, struct request *q, uint64_t sid, const char *rest)
{
	struct asked a = { .w = w,
		.q = q,
		.f = team_view(w, sid),
		.rest = rest };

	a.closed = a.f.state == EV_STATE_NONE || a.f.state == EV_STATE_CLOSED;
	a.sure = is_connected(w, &a.f);
	a.nobodys = *a.f.owner == '\0';
	a.mine = strcmp(a.f.owner, q->who) == 0;
	a.others = !a.mine && !a.nobodys;
	q->picks = team_in_line(w, &a.f);
	return a;
}

static void
refused(struct asked *a, enum ev_code code)
{
	a->q->expected.fate = REFUSED;
	a->q->expected.code = a->sure ? code : EV_CODE_OK;
}

static void
brings(struct asked *a, enum ev_kind kind, const char *why, uint64_t n)
{
	struct expected *x = &a->q->expected;

	x->fate = a->sure ? FINE : FINE_OR_NOT;
	x->evs[x->nevs++] = (struct expected_event){ kind, a->f.sid, n, why };
}

/* Nothing happens; whether that is a refusal is left open. */
static void
brings_nothing(struct asked *a)
{
	a->q->expected.fate = FINE_OR_NOT;
}

static void
take(struct asked *a)
{
	if (a->mine)
		brings_nothing(a);
	else if (a->nobodys)
		brings(a, EV_CLAIM, "taken", 0);
	else if (strcmp(a->f.offered, a->q->who) != 0)
		refused(a, EV_CODE_TAKEN);
	else
		brings(a, EV_CLAIM, "accepted", 0);
	if (is_expired(a->w, &a->f) && *a->f.offered != '\0')
		a->q->expected.fate = FINE_OR_NOT;
}

static void
steal(struct asked *a)
{
	if (a->others)
		brings(a, EV_CLAIM,
		    strcmp(a->f.offered, a->q->who) == 0 ? NULL : "stolen", 0);
	else
		refused(a, 0);
}

static void
release(struct asked *a)
{
	if (a->mine)
		brings(a, EV_FREE, "released", 0);
	else
		refused(a, a->others ? EV_CODE_TAKEN : 0);
}

static void
keep(struct asked *a)
{
	uint64_t n = strtoull(a->rest, NULL, 10);
	char unit = a->rest[strspn(a->rest, "0123456789")];

	n *= unit == 'm' ? 60 : unit == 'h' ? 3600 : 1;
	if (!a->mine || n == 0 || n > 86400)
		refused(a, a->others ? EV_CODE_TAKEN : 0);
	else
		brings(a, EV_KEEP, NULL, n);
}

static void
transfer(struct asked *a)
{
	struct expected *x = &a->q->expected;
	int to;

	snprintf(x->why, sizeof x->why, "%.*s", (int)strcspn(a->rest, " "),
	    a->rest);
	to = team_number(x->why);
	if (!a->mine || to < 0 || strcmp(x->why, a->q->who) == 0 ||
	    !team_present(a->w, to, true)) {
		refused(a, 0);
		return;
	}
	brings(a, EV_OFFER, x->why, 0);
	if (!team_present(a->w, to, false))
		x->fate = FINE_OR_NOT;
}

static void
decline(struct asked *a)
{
	if (strcmp(a->f.offered, a->q->who) == 0)
		brings(a, EV_DECLINED, "declined", 0);
	else
		refused(a, 0);
	if (is_expired(a->w, &a->f) && *a->f.offered != '\0')
		a->q->expected.fate = FINE_OR_NOT;
}

static void
whisper(struct asked *a)
{
	snprintf(a->q->expected.why, sizeof a->q->expected.why, "%.15s",
	    a->f.owner);
	if (a->others)
		brings(a, EV_MSG, a->q->expected.why, 0);
	else
		refused(a, 0);
}

static void
note(struct asked *a)
{
	brings(a, EV_NOTE, NULL, 0);
}

static void
name(struct asked *a)
{
	brings(a, EV_NAME, a->q->who, 0);
}

/* Who ends the session of another must be more than an operator. */
static void
end(struct asked *a)
{
	if (*a->rest != '\0')
		refused(a, EV_CODE_USAGE);
	else if (a->others && a->q->rq.role == EV_ROLE_OPERATOR)
		refused(a, EV_CODE_TAKEN);
}

static const struct {
	const char *word;
	void (*fn)(struct asked *);
} about_one[] = {
	{ "take", take },
	{ "steal", steal },
	{ "release", release },
	{ "keep", keep },
	{ "transfer", transfer },
	{ "decline", decline },
	{ "whisper", whisper },
	{ "note", note },
	{ "name", name },
	{ "close", end },
	{ "kick", end },
};

static void
msg(struct world *w, struct request *q, const char *arg)
{
	struct asked a = { .w = w, .q = q, .sure = true };
	int to;

	snprintf(q->expected.why, sizeof q->expected.why, "%.*s",
	    (int)strcspn(arg, " "), arg);
	to = team_number(q->expected.why);
	if (to < 0 || w->team.people[to].consoles == 0)
		refused(&a, 0);
	else
		brings(&a, EV_MSG, q->expected.why, 0);
	if (strcmp(q->expected.why, q->who) == 0)
		q->expected.fate = FINE_OR_NOT;
}

static void
away(struct world *w, struct request *q, const char *arg)
{
	struct person *p = &w->team.people[team_number(q->who)];
	struct asked a = { .w = w, .q = q, .sure = !p->away };

	(void)arg;
	brings(&a, EV_AWAY, "said", 0);
	p->away = true;
}

static void
back(struct world *w, struct request *q, const char *arg)
{
	(void)arg;
	w->team.people[team_number(q->who)].away = false;
	q->expected.fate = UNSURE; /* BACK is checked for itself */
}

static void
same(struct world *w, struct request *q, const char *arg)
{
	struct asked a = { .w = w, .q = q, .sure = true };
	uint64_t x, y;
	char off[8] = "";

	if (sscanf(arg, "%" SCNu64 " %" SCNu64 " %7s", &x, &y, off) < 2 ||
	    x == 0 || y == 0 || x == y || x > w->store.sid + BATCH ||
	    y > w->store.sid + BATCH) {
		refused(&a, 0);
		return;
	}
	a.f.sid = x > y ? x : y;
	brings(&a, EV_SAME, *off != '\0' ? "undone" : NULL, x < y ? x : y);
	/* The later one may have ended long ago. */
	q->expected.fate = FINE_OR_NOT;
}

static bool
is_banned(const struct world *w, const char *addr)
{
	for (unsigned i = 0; i < w->nbans; i++)
		if (strcmp(w->bans[i].addr, addr) == 0 &&
		    w->bans[i].until_ms > w->now.ms)
			return true;
	return false;
}

static void
ban(struct world *w, struct request *q, const char *arg)
{
	struct asked a = { .w = w, .q = q, .sure = true };
	uint64_t sid, n;
	char who[16], unit;

	if (sscanf(arg, "%15s %" SCNu64 "%c", who, &n, &unit) != 3 ||
	    (unit != 's' && unit != 'm')) {
		refused(&a, 0);
		return;
	}
	sid = strtoull(who, NULL, 10);
	if (strchr(who, '.') == NULL) {
		a = ask(w, q, sid, "");
		snprintf(who, sizeof who, "%.*s", (int)strcspn(a.f.addr, ":"),
		    a.f.addr);
	}
	memcpy(q->expected.why, who, sizeof who);
	if (a.closed)
		refused(&a, 0);
	else
		brings(&a, EV_BAN, q->expected.why, unit == 'm' ? 60 * n : n);
}

static void
unban(struct world *w, struct request *q, const char *arg)
{
	struct asked a = { .w = w, .q = q, .sure = is_banned(w, arg) };

	/* It may be banned, or not be, by this round. */
	snprintf(q->expected.why, sizeof q->expected.why, "%.15s", arg);
	brings(&a, EV_UNBAN, q->expected.why, 0);
	q->expected.fate = FINE_OR_NOT;
}

static const struct {
	const char *word;
	void (*fn)(struct world *, struct request *, const char *arg);
} others[] = {
	{ "ban", ban },
	{ "unban", unban },
	{ "msg", msg },
	{ "away", away },
	{ "back", back },
	{ "same", same },
};

static enum ev_role
role_for(const char *text)
{
	if (strcmp(text, "quit") == 0 || strcmp(text, "reload") == 0)
		return EV_ROLE_ADMIN;
	if (strcmp(text, "close left") == 0 || strncmp(text, "ban ", 4) == 0 ||
	    strncmp(text, "unban ", 6) == 0)
		return EV_ROLE_SUPERVISOR;
	return EV_ROLE_OPERATOR;
}

static bool
is_word(const char *text, const char *word, const char **arg)
{
	size_t len = strlen(word);

	if (strncmp(text, word, len) != 0 ||
	    (text[len] != ' ' && text[len] != '\0'))
		return false;
	*arg = text + len + strspn(text + len, " ");
	return true;
}

static void
about_session(struct world *w, struct request *q, const char *arg,
    void (*fn)(struct asked *))
{
	char *rest;
	struct asked a;
	uint64_t sid = strtoull(arg, &rest, 10);

	if (rest == arg)
		return; /* it says none */
	a = ask(w, q, sid, rest + strspn(rest, " "));
	q->owned = a.others;
	if (a.closed)
		refused(&a, 0);
	else
		fn(&a);
}

static void
expect_command(struct world *w, struct request *q)
{
	const char *text = q->message.text, *arg;

	if (q->rq.role < role_for(text)) {
		q->expected.fate = REFUSED;
		q->expected.code = EV_CODE_DENIED;
		w->counts.denied++;
		return;
	}
	for (size_t i = 0; i < sizeof about_one / sizeof *about_one; i++)
		if (is_word(text, about_one[i].word, &arg))
			about_session(w, q, arg, about_one[i].fn);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (is_word(text, others[i].word, &arg))
			others[i].fn(w, q, arg);
}

/* It is this console's own now, or it heard that it is a colleague's. */
static void
unreserve(struct world *w, const struct request *q, uint64_t sid)
{
	struct seat *seat = &w->team.seats[seat_of(w, q->con)];

	if (seat->reserved == sid)
		seat->reserved = 0;
}

/* What is offered comes before the line. */
static void
expect_next(struct world *w, struct request *q)
{
	struct choice c = choose(w, q);
	struct asked a = ask(w, q, c.offered, "");

	if (c.offered == 0)
		return;
	brings(&a, EV_CLAIM, "accepted", 0);
	q->expected.is_next = true;
	q->expected.sid = c.offered;
}

/* Its first key makes somebody who is reserved its own. */
static void
expect_types(struct world *w, struct request *q)
{
	struct seat *seat = &w->team.seats[seat_of(w, q->con)];
	struct asked a = ask(w, q, q->rq.sid, "");
	struct session *s = store_session(w, q->rq.sid);

	if (a.mine && s != NULL) {
		s->keys_hi = w->now.steady_ms;
		q->mine = true;
	}
	q->owned = a.others;
	if (a.others)
		unreserve(w, q, q->rq.sid);
	if (q->rq.sid == 0 || a.closed || !a.nobodys ||
	    seat->reserved != q->rq.sid || w->now.steady_ms > seat->reserved_ms)
		return;
	brings(&a, EV_CLAIM, "taken", 0);
	if (w->now.steady_ms == seat->reserved_ms)
		q->expected.fate = FINE_OR_NOT;
}

/* A reply is its own claim when nobody has the customer. */
static void
expect_reply(struct world *w, struct request *q)
{
	struct asked a = ask(w, q, q->rq.sid, "");
	struct session *s = store_session(w, q->rq.sid);

	q->owned = a.others;
	if (a.mine && s != NULL)
		s->keys_hi = w->now.steady_ms;
	a.sure = false;
	if (a.closed || a.others)
		q->expected.fate = UNSURE; /* a known key is fine */
	else if (a.nobodys)
		brings(&a, EV_CLAIM, "answer", 0);
	if (!a.closed && !a.others)
		brings(&a, EV_REPLY, NULL, 0);
}

static void
expect_reopen(struct world *w, struct request *q)
{
	const struct session *s = session(w, q->rq.sid);
	struct asked a = ask(w, q, q->rq.sid, "");

	a.sure = false;
	if (!a.closed && !s->unlisted)
		refused(&a, 0);
	else
		brings(&a, EV_REOPENED, NULL, 0);
}

static void
expect_note(struct world *w, struct request *q)
{
	struct asked a = ask(w, q, q->rq.sid, "");

	a.sure = false;
	if (!a.closed)
		brings(&a, EV_NOTE, NULL, 0);
}

static void
attach(struct world *w, struct request *q)
{
	struct seat *seat = &w->team.seats[seat_of(w, q->con)];

	*seat = (struct seat){ .on = true,
		.keys_lo = w->now.steady_ms,
		.keys_hi = w->now.steady_ms };
	w->team.people[team_number(q->who)].consoles++;
}

static void
detach(struct world *w, struct request *q)
{
	struct person *p = &w->team.people[team_number(q->who)];

	w->team.seats[seat_of(w, q->con)].on = false;
	if (--p->consoles > 0)
		return;
	p->left_ms = w->now.steady_ms;
	p->away = false;
	q->last = true;
}

/* A key was pressed at its console. */
static void
is_active(struct world *w, struct request *q)
{
	if (q->rq.console != NULL)
		w->team.seats[seat_of(w, q->con)].keys_hi = w->now.steady_ms;
}

/* Something is said, whether or not it is stored. */
static void
is_heard(struct world *w, uint64_t sid)
{
	struct session *s = store_session(w, sid);

	if (s != NULL)
		s->heard_ms = w->now.steady_ms;
}

void
team_before(struct world *w, struct request *q)
{
	q->expected = (struct expected){ .fate = UNSURE };
	q->owned = q->mine = q->picks = q->last = false;
	switch (q->rq.rq) {
	case DESK_RQ_SAID:
		is_heard(w, q->cu->sid);
		break;
	case DESK_RQ_OPENED:
		ban_opened(w, q);
		break;
	case DESK_RQ_ATTACH:
		attach(w, q);
		break;
	case DESK_RQ_DETACH:
		detach(w, q);
		break;
	case DESK_RQ_TYPES:
		expect_types(w, q);
		is_active(w, q);
		break;
	case DESK_RQ_REPLY:
		expect_reply(w, q);
		is_heard(w, q->rq.sid);
		is_active(w, q);
		break;
	case DESK_RQ_NOTE:
		expect_note(w, q);
		is_active(w, q);
		break;
	case DESK_RQ_COMMAND:
		expect_command(w, q);
		is_active(w, q);
		break;
	case DESK_RQ_REOPEN:
		expect_reopen(w, q);
		break;
	case DESK_RQ_NEXT:
		expect_next(w, q);
		is_active(w, q);
		break;
	default:
		break;
	}
}

/*
 * What they did.
 */

/* Kinds that nothing but a request of an operator brings. */
static bool
is_asked_for(const struct ev_event *ev)
{
	switch (ev->kind) {
	case EV_CLAIM:
	case EV_OFFER:
	case EV_KEEP:
	case EV_NOTE:
	case EV_MSG:
	case EV_REPLY:
	case EV_SAME:
	case EV_FREE:
	case EV_DECLINED:
	case EV_REOPENED:
		return true;
	case EV_UNBAN:
		return true;
	case EV_BAN:
		return *ev->who != '\0';
	case EV_AWAY:
		return strcmp(ev->why, "said") == 0;
	case EV_NAME:
		return *ev->why != '\0';
	default:
		return false;
	}
}

static bool
is_expected(const struct request *q, const struct ev_event *ev,
    const struct expected_event *x)
{
	/* There who is the customer. */
	if (ev->kind == EV_NAME)
		return x->kind == EV_NAME && ev->sid == x->sid &&
		    strcmp(ev->why, q->who) == 0;
	/* Of a ban the address is what matters. */
	if (ev->kind == EV_BAN || ev->kind == EV_UNBAN)
		return ev->kind == x->kind && ev->n == x->n &&
		    strcmp(ev->who, q->who) == 0 &&
		    strcmp(ev->addr, x->why) == 0;
	return ev->kind == x->kind && ev->sid == x->sid &&
	    (x->n == 0 || ev->n == x->n) && strcmp(ev->who, q->who) == 0 &&
	    (x->why == NULL || strcmp(ev->why, x->why) == 0 ||
		(ev->kind == EV_CLAIM && strcmp(x->why, "taken") == 0 &&
		    strcmp(ev->why, "taken") == 0));
}

/* An offer ends with the last console of whom it was made to. */
static bool
is_lost_offer(const struct request *q, const struct ev_event *ev)
{
	return q->rq.rq == DESK_RQ_DETACH && ev->kind == EV_DECLINED &&
	    strcmp(ev->why, "lost") == 0;
}

static void
check_back(struct world *w, const struct request *q, const struct ev_event *ev)
{
	if (q->who == NULL || strcmp(q->who, ev->who) != 0)
		sim_fail(w, "%s is back without having done anything", ev->who);
	if (w->team.people[team_number(ev->who)].away &&
	    q->rq.rq != DESK_RQ_ATTACH && q->rq.rq != DESK_RQ_DETACH)
		sim_fail(w, "%s said /away and is back by itself", ev->who);
}

void
team_after(struct world *w, struct request *q, size_t before)
{
	const struct expected *x = &q->expected;
	const struct ev_event *evs;
	size_t n, found = 0;

	evs = desk_events(w->desk, &n);
	if (q->rq.rq == DESK_RQ_BYE || q->rq.rq == DESK_RQ_DRAIN)
		return; /* all is over then */
	for (size_t i = before; i < n; i++) {
		if (evs[i].kind == EV_BAN)
			ban_decided(w, evs[i].addr);
		if (evs[i].kind == EV_BACK)
			check_back(w, q, &evs[i]);
		if (!is_asked_for(&evs[i]) || is_lost_offer(q, &evs[i]))
			continue;
		if (evs[i].kind == EV_CLAIM && q->rq.console != NULL)
			unreserve(w, q, evs[i].sid);
		if (found == x->nevs ||
		    !is_expected(q, &evs[i], &x->evs[found++]))
			sim_fail(w,
			    "a request of %s brings %s of %" PRIu64
			    " by %s because of %s",
			    q->who != NULL ? q->who : "a customer",
			    ev_word(&ev_kinds, evs[i].kind), evs[i].sid,
			    evs[i].who, evs[i].why);
	}
	if (found != x->nevs && (found != 0 || x->fate == FINE))
		sim_fail(w, "a request of %s brings no %s of %" PRIu64, q->who,
		    ev_word(&ev_kinds, x->evs[found].kind), x->evs[found].sid);
	if (q->rq.rq == DESK_RQ_NEXT && !x->is_next)
		check_next(w, q);
}

/* Is it of a request of the last round, in which its key was pressed? */
static void
key_is_stored(struct world *w, const struct request *q)
{
	struct session *s = store_session(w, q->rq.sid);

	if (q->rq.console == NULL || q->rq.rq == DESK_RQ_DETACH ||
	    q->rq.rq == DESK_RQ_ATTACH || q->rq.rq == DESK_RQ_LOOK)
		return;
	w->team.seats[seat_of(w, q->con)].keys_lo = w->now.steady_ms;
	if (q->rq.rq == DESK_RQ_TYPES && q->mine && s != NULL)
		s->keys_lo = w->now.steady_ms;
}

void
team_answered(struct world *w, struct request *q, const struct desk_answer *a)
{
	const struct expected *x = &q->expected;
	bool undone = w->phase == UNDO;

	if (!undone)
		key_is_stored(w, q);
	if (x->is_next && !undone &&
	    (a->code != EV_CODE_OK || a->sid != x->sid))
		sim_fail(w, "next is answered %s, %" PRIu64 ", not %" PRIu64,
		    ev_word(&ev_codes, a->code), a->sid, x->sid);
	if (a->code == EV_CODE_TAKEN && !q->owned)
		sim_fail(w,
		    "%s is told that %" PRIu64
		    " is a colleague's, and it is not",
		    q->who, q->rq.sid);
	w->counts.taken += a->code == EV_CODE_TAKEN;
	if (x->fate == FINE && a->code != EV_CODE_OK &&
	    !(undone && a->code == EV_CODE_NOT_STORED))
		sim_fail(w, "%s of %s is answered %s",
		    q->message.text != NULL ? q->message.text : "a request",
		    q->who, ev_word(&ev_codes, a->code));
	if (x->fate == REFUSED && a->code == EV_CODE_OK)
		sim_fail(w, "%s of %s is not refused", q->message.text, q->who);
	if (x->fate == REFUSED && x->code != EV_CODE_OK && a->code != x->code &&
	    !(undone && a->code == EV_CODE_NOT_STORED))
		sim_fail(w, "%s of %s is refused with %s, not %s",
		    q->message.text, q->who, ev_word(&ev_codes, a->code),
		    ev_word(&ev_codes, x->code));
}

void
team_undone(struct world *w)
{
	for (int i = 0; i < OPERATORS; i++) {
		struct person *p = &w->team.people[i];

		if (p->consoles == 0)
			p->stored = p->told = false;
		p->away = p->stored;
	}
	/* Nobody was told who is reserved. */
	for (int i = 0; i < CONSOLES; i++) {
		const struct seat *was = &w->before.seats[i];

		w->team.seats[i].reserved = was->on ? was->reserved : 0;
		w->team.seats[i].reserved_ms = was->reserved_ms;
	}
}

/*
 * What time does.
 */

/* When a lease ends: not before lo, and by hi. */
static void
lease(const struct world *w, const struct session *s, int64_t *lo, int64_t *hi)
{
	const struct ev_session *f = &s->f;
	int64_t since = f->owned_at.steady_ms;
	int64_t timeout = w->config.claim_timeout_ms;
	int64_t least = f->kept_at.steady_ms;
	int64_t grace = w->store.began_ms + w->config.lost_grace_ms;

	if (f->unanswered > 0 && f->said_at.steady_ms > since)
		since = f->said_at.steady_ms;
	if (f->owned_at.seq <= w->store.born && grace > least)
		least = grace;
	*lo = (s->keys_lo > since ? s->keys_lo : since) + timeout;
	*hi = (s->keys_hi > since ? s->keys_hi : since) + timeout;
	*lo = *lo > least ? *lo : least;
	*hi = *hi > least ? *hi : least;
}

static bool
lease_runs(const struct ev_session *f)
{
	return *f->owner != '\0' && f->unanswered > 0;
}

/* Its owner hears of it half a minute before, while there is a round. */
void
team_warned(struct world *w, const char *who, uint64_t sid, int64_t left_s)
{
	struct session *s = store_session(w, sid);
	int64_t lo, hi;

	if (s == NULL || strcmp(s->f.owner, who) != 0 || !lease_runs(&s->f))
		sim_fail(w, "%s is warned of %" PRIu64 ", which is %s's", who,
		    sid, s != NULL ? s->f.owner : "nobody");
	lease(w, s, &lo, &hi);
	s->warned_ms = w->now.steady_ms + left_s * 1000;
	if (s->warned_ms < lo - 1000 || s->warned_ms > hi + 1000 || left_s > 31)
		sim_fail(w,
		    "the lease of %" PRIu64 " is said to end in %" PRId64
		    " s, not %" PRId64,
		    sid, left_s, (lo - w->now.steady_ms) / 1000);
	w->counts.warned++;
}

static void
freed(struct world *w, const struct session *s, const struct ev_event *ev)
{
	const struct ev_session *f = &s->f;
	const struct person *p = &w->team.people[team_number(ev->who)];
	int64_t lo, hi;

	if (strcmp(ev->who, f->owner) != 0)
		sim_fail(w, "%s has not had %" PRIu64, ev->who, ev->sid);
	lease(w, s, &lo, &hi);
	if (strcmp(ev->why, "silent") == 0 && !lease_runs(f))
		sim_fail(w, "a lease of %" PRIu64 " ends while nobody waits",
		    ev->sid);
	if (strcmp(ev->why, "silent") == 0 && ev->steady_ms < lo)
		sim_fail(w,
		    "the lease of %" PRIu64 " ends %" PRId64 " ms early",
		    ev->sid, lo - ev->steady_ms);
	if (strcmp(ev->why, "lost") == 0 &&
	    (p->consoles > 0 ||
		ev->steady_ms < p->left_ms + w->config.lost_grace_ms))
		sim_fail(w, "%s is not lost, but loses %" PRIu64, ev->who,
		    ev->sid);
	/* What it was told is long ago. */
	if (s->cu != NULL)
		s->cu->place.at = 0;
	w->counts.frees[0] += strcmp(ev->why, "silent") == 0;
	w->counts.frees[1] += strcmp(ev->why, "lost") == 0;
	w->counts.frees[2] += strcmp(ev->why, "released") == 0;
	w->counts.frees[3]++;
}

static void
declined(struct world *w, const struct session *s, const struct ev_event *ev)
{
	const struct ev_session *f = &s->f;
	int to = team_number(f->offered);

	if (to < 0)
		sim_fail(w, "no offer of %" PRIu64 " ends", ev->sid);
	if (strcmp(ev->why, "timeout") == 0 &&
	    ev->steady_ms < f->offered_at.steady_ms + OFFER_MS)
		sim_fail(w, "an offer of %" PRIu64 " ends early", ev->sid);
	if (strcmp(ev->why, "lost") == 0 && w->team.people[to].consoles > 0)
		sim_fail(w, "an offer to %s ends, who is there", f->offered);
	w->counts.declined[0] += strcmp(ev->why, "timeout") == 0;
	w->counts.declined[1] += strcmp(ev->why, "lost") == 0;
	w->counts.declined[2] += strcmp(ev->why, "declined") == 0;
}

static bool
is_picked(struct world *w, const struct ev_event *ev)
{
	for (unsigned i = 0; i < w->nbatch; i++) {
		struct request *q = &w->batch[i];

		if (q->expected.nevs == 0 || !q->picks || q->answered ||
		    q->expected.evs[0].kind != EV_CLAIM ||
		    q->expected.evs[0].sid != ev->sid ||
		    strcmp(q->who, ev->who) != 0)
			continue;
		q->picks = false;
		return true;
	}
	return false;
}

/* Two never have one customer without a row that says so. */
static void
claimed(struct world *w, struct session *s, const struct ev_event *ev)
{
	const char *owner = s->f.owner;
	bool stolen = strcmp(ev->why, "stolen") == 0;
	bool accepted = strcmp(ev->why, "accepted") == 0;

	if (team_number(ev->who) < 0 || strcmp(owner, ev->who) == 0)
		sim_fail(w, "%s claims %" PRIu64 " of %s", ev->who, ev->sid,
		    owner);
	if (*owner != '\0' && !stolen && !accepted)
		sim_fail(w, "%s just takes %" PRIu64 " from %s", ev->who,
		    ev->sid, owner);
	if (*owner == '\0' && (stolen || accepted))
		sim_fail(w, "%" PRIu64 " is %s, and was nobody's", ev->sid,
		    ev->why);
	if (accepted && strcmp(s->f.offered, ev->who) != 0)
		sim_fail(w, "%s accepts %" PRIu64 " of another", ev->who,
		    ev->sid);
	s->keys_lo = s->keys_hi = 0;
	if (accepted)
		snprintf(s->accepted, sizeof s->accepted, "%s", ev->who);
	w->counts.claims[0] += strcmp(ev->why, "taken") == 0;
	w->counts.claims[1] += strcmp(ev->why, "answer") == 0;
	w->counts.claims[2] += accepted;
	w->counts.claims[3] += stolen;
	if (is_picked(w, ev))
		place_picked(w, s, ev);
}

/* Nobody answers a customer of somebody else. */
static void
replied(struct world *w, const struct session *s, const struct ev_event *ev)
{
	if (strcmp(s->f.owner, ev->who) != 0)
		sim_fail(w, "%s answers %" PRIu64 ", which is %s's", ev->who,
		    ev->sid, *s->f.owner != '\0' ? s->f.owner : "nobody");
}

static void
went_away(struct world *w, const struct ev_event *ev)
{
	int i = team_number(ev->who);
	struct person *p = &w->team.people[i];

	if (strcmp(ev->why, "idle") == 0) {
		if (p->told || p->consoles == 0 || team_present(w, i, false))
			sim_fail(w, "%s is not idle", ev->who);
		w->counts.idles++;
	} else {
		p->stored = true;
		w->counts.aways++;
	}
	p->told = true;
}

static void
came_back(struct world *w, const struct ev_event *ev)
{
	struct person *p = &w->team.people[team_number(ev->who)];

	p->told = p->stored = false;
	w->counts.backs++;
}

static void
went_off(struct world *w, const struct ev_event *ev)
{
	struct person *p = &w->team.people[team_number(ev->who)];

	for (unsigned i = 0; i < w->nbatch; i++)
		if (w->batch[i].who == ev->who && w->batch[i].last)
			p->stored = p->told = false;
}

void
team_stored(struct world *w, struct session *s, const struct ev_event *ev)
{
	if (ev->kind == EV_AWAY)
		went_away(w, ev);
	ban_stored(w, s, ev);
	if (ev->kind == EV_OFF)
		went_off(w, ev);
	if (ev->kind == EV_BACK)
		came_back(w, ev);
	w->counts.msgs += ev->kind == EV_MSG;
	w->counts.sames += ev->kind == EV_SAME;
	w->counts.names_given += ev->kind == EV_NAME && *ev->why != '\0';
	if (s == NULL)
		return;
	if (ev->kind == EV_CLAIM)
		claimed(w, s, ev);
	if (ev->kind == EV_FREE)
		freed(w, s, ev);
	if (ev->kind == EV_DECLINED)
		declined(w, s, ev);
	if (ev->kind == EV_REPLY)
		replied(w, s, ev);
	w->counts.offers += ev->kind == EV_OFFER;
	w->counts.keeps += ev->kind == EV_KEEP;
	w->counts.notes += ev->kind == EV_NOTE;
	team_fold(&s->f, ev);
}

/* The desk itself only ends things. */
void
team_settled(struct world *w, size_t before)
{
	const struct ev_event *evs;
	size_t n;

	evs = desk_events(w->desk, &n);
	for (size_t i = before; i < n; i++) {
		const struct ev_event *ev = &evs[i];
		bool ends = (ev->kind == EV_FREE &&
				(strcmp(ev->why, "silent") == 0 ||
				    strcmp(ev->why, "lost") == 0)) ||
		    (ev->kind == EV_DECLINED &&
			(strcmp(ev->why, "timeout") == 0 ||
			    strcmp(ev->why, "lost") == 0));

		if (ev->kind == EV_BACK &&
		    w->team.people[team_number(ev->who)].consoles == 0)
			sim_fail(w, "%s is back, and is not there", ev->who);
		if (is_asked_for(ev) && !ends)
			sim_fail(w,
			    "the desk itself brings %s of %" PRIu64
			    " because of %s",
			    ev_word(&ev_kinds, ev->kind), ev->sid, ev->why);
	}
}

static void
check_owned(const struct world *w, const struct session *s)
{
	const struct ev_session *f = &s->f;
	const struct person *p = &w->team.people[team_number(f->owner)];
	int64_t now = w->now.steady_ms, lost = p->left_ms, lo, hi;

	/* Its last answer may come when its console has gone already. */
	if (lost < f->owned_at.steady_ms)
		lost = f->owned_at.steady_ms;
	lease(w, s, &lo, &hi);
	if (lease_runs(f) && !f->gone && now > late(w, hi))
		sim_fail(w, "the lease of %" PRIu64 " never ends", f->sid);
	if (p->consoles == 0 && now > late(w, lost + w->config.lost_grace_ms))
		sim_fail(w, "%" PRIu64 " stays with %s, who is lost", f->sid,
		    f->owner);
	if (*f->offered != '\0' &&
	    now > late(w, f->offered_at.steady_ms + OFFER_MS))
		sim_fail(w, "an offer of %" PRIu64 " never ends", f->sid);
}

/* It is closed in time; so long the journal may fail. */
static void
check_quiet(const struct world *w, const struct session *s)
{
	int64_t since = s->spoke_ms > s->heard_ms ? s->spoke_ms : s->heard_ms;

	if (s->f.state == EV_STATE_OPEN && is_connected(w, &s->f) &&
	    s->f.unanswered == 0 && s->f.sent == s->f.out &&
	    w->now.steady_ms > since + w->config.quiet_after_ms +
		    w->config.quiet_warning_ms + QUIET_SLACK_MS)
		sim_fail(w, "session %" PRIu64 " is quiet for ever", s->f.sid);
}

static void
check_person(const struct world *w, int i)
{
	const struct person *p = &w->team.people[i];

	if (p->consoles == 0 || p->away)
		return;
	if (p->told && team_present(w, i, false) &&
	    w->now.steady_ms > late(w, 0))
		sim_fail(w, "op%d is never back", i);
	if (!p->told && !team_present(w, i, true))
		sim_fail(w, "op%d is never idle", i);
}

void
team_check(struct world *w)
{
	if (w->draining)
		return;
	for (size_t i = 0; i < w->store.nlive; i++) {
		const struct session *s = session(w, w->store.live[i]);

		if (*s->f.owner != '\0')
			check_owned(w, s);
		if (w->config.quiet_after_ms != 0)
			check_quiet(w, s);
	}
	for (int i = 0; i < OPERATORS; i++)
		check_person(w, i);
}

/* Nobody has a console yet; who owns somebody has the grace from now on. */
void
team_restart(struct world *w)
{
	memset(&w->team, 0, sizeof w->team);
	for (int i = 0; i < OPERATORS; i++)
		w->team.people[i].left_ms = w->now.steady_ms;
	w->bad_ms = 0;
	w->nwaits = w->fresh_waits = 0; /* only the last desk knew them */
	w->store.born = w->store.seq;
	ban_restart(w);
	ban_note_ended(w);
	for (uint64_t sid = 1; sid <= w->store.sid; sid++) {
		struct session *s = store_session(w, sid);

		s->keys_lo = s->keys_hi = 0;
	}
}
