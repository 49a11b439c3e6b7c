/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each request of an operator should bring: before it is decided it is said
 * here, from how things stand then, and afterwards what it did is compared.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim.h"

/*
 * Next.
 */

/* Of those whom a console may get: who comes first, and who comes first behind
 * the one that it was given and has not touched. */
struct choice {
	uint64_t offered, first, left;
	uint64_t offered_seq, first_seq, left_seq;
	enum { FROM_NOWHERE, FROM_LINE, FROM_LEFT } from;
	uint64_t from_seq, from_waiting; /* those behind are later than these */
	uint64_t behind, behind_seq, left_behind, left_behind_seq;
	uint64_t last_seq; /* of all in line, the last */
};

static bool
is_listed(const struct world *w, const struct ev_session *f)
{
	const struct session *s = team_session(w, f->sid);

	return s != NULL && !s->unlisted && s->cu == NULL &&
	    s->f.state == EV_STATE_LEFT && s->f.sent >= s->sent_n;
}

/* Nobody takes an offer that is over, though that is not stored yet. */
static bool
is_expired(const struct world *w, const struct ev_session *f)
{
	return w->now.steady_ms >= f->offered_at.steady_ms + OFFER_MS;
}

/* Nobody's, or its own. */
static bool
is_for(const struct request *q, const struct ev_session *f)
{
	return *f->owner == '\0' || strcmp(f->owner, q->who) == 0;
}

static bool
waits_here(const struct world *w, const struct ev_session *f)
{
	return f->waiting_at.seq != 0 && team_connected(w, f);
}

static void
earlier(uint64_t *sid, uint64_t *seq, uint64_t its_sid, uint64_t its_seq)
{
	if (*sid != 0 && its_seq >= *seq)
		return;
	*sid = its_sid;
	*seq = its_seq;
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
	if (!is_for(q, f))
		return;
	if (waits_here(w, f) && f->waiting_at.seq > c->last_seq)
		c->last_seq = f->waiting_at.seq;
	if (f->sid == q->rq.sid ||
	    team_reserved(w, f->sid, team_seat(w, q->con)))
		return;
	if (waits_here(w, f)) {
		earlier(&c->first, &c->first_seq, f->sid, f->waiting_at.seq);
		if (c->from != FROM_NOWHERE &&
		    f->waiting_at.seq > c->from_waiting)
			earlier(&c->behind, &c->behind_seq, f->sid,
			    f->waiting_at.seq);
	}
	if (is_listed(w, f) && f->state == EV_STATE_LEFT) {
		earlier(&c->left, &c->left_seq, f->sid, f->gone_at.seq);
		if (c->from == FROM_LEFT && f->gone_at.seq > c->from_seq)
			earlier(&c->left_behind, &c->left_behind_seq, f->sid,
			    f->gone_at.seq);
	}
}

/* Where its console is on its way. */
static void
begin_behind(const struct world *w, const struct request *q, struct choice *c)
{
	const struct seat *seat = &w->team.seats[team_seat(w, q->con)];
	struct ev_session f = team_view(w, q->rq.sid);

	if (q->rq.sid == 0 || seat->reserved != q->rq.sid || !is_for(q, &f))
		return;
	if (waits_here(w, &f)) {
		c->from = FROM_LINE;
		c->from_waiting = f.waiting_at.seq;
	} else if (f.state == EV_STATE_LEFT && is_listed(w, &f)) {
		c->from = FROM_LEFT;
		c->from_seq = f.gone_at.seq;
		c->from_waiting = seat->passed;
	}
}

static struct choice
choose(const struct world *w, const struct request *q)
{
	struct choice c = { 0 };
	struct ev_session f;

	begin_behind(w, q, &c);
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

/* One who left later than `after`, if nobody knows of an older one that the list
 * has: first, or 0. */
static bool
is_old_enough(const struct world *w, const struct request *q, uint64_t sid,
    uint64_t after, uint64_t first, uint64_t first_seq)
{
	struct ev_session f = team_view(w, sid);

	return sid != 0 && f.state == EV_STATE_LEFT && is_for(q, &f) &&
	    f.gone_at.seq > after && sid != q->rq.sid &&
	    !team_reserved(w, sid, team_seat(w, q->con)) &&
	    (first == 0 || f.gone_at.seq <= first_seq);
}

static bool
is_first(const struct world *w, const struct request *q, const struct choice *c,
    uint64_t got)
{
	if (c->first != 0)
		return got == c->first;
	return got == 0 ? c->left == 0 :
			  is_old_enough(w, q, got, 0, c->left, c->left_seq);
}

/* From one in line it goes on to those behind, and then to those who left; from
 * one of these to whoever has come into the line since, and else to those
 * behind; and then it begins again. */
static bool
is_right(const struct world *w, const struct request *q, const struct choice *c,
    uint64_t got)
{
	if (c->behind != 0)
		return got == c->behind;
	if (c->from == FROM_LINE &&
	    is_old_enough(w, q, got, 0, c->left, c->left_seq))
		return true;
	if (c->from == FROM_LEFT &&
	    is_old_enough(w, q, got, c->from_seq, c->left_behind,
		c->left_behind_seq))
		return true;
	return (c->from == FROM_LINE ? c->left : c->left_behind) == 0 &&
	    is_first(w, q, c, got);
}

/* Has it looked for the first of those who left? */
static bool
has_passed_all(const struct world *w, const struct choice *c, uint64_t got)
{
	if (c->from == FROM_LINE)
		return c->behind == 0;
	if (c->first != 0)
		return false;
	return c->from == FROM_NOWHERE || got == 0 ||
	    team_view(w, got).gone_at.seq <= c->from_seq;
}

/* What the desk has reserved now is the right one. */
static void
check_next(struct world *w, struct request *q)
{
	struct seat *seat = &w->team.seats[team_seat(w, q->con)];
	struct choice c = choose(w, q);
	uint64_t got = q->con->desk->reserved;

	if (!is_right(w, q, &c, got))
		sim_fail(w,
		    "%s is given %" PRIu64 " behind %" PRIu64
		    ", and first is %" PRIu64 ", behind it %" PRIu64
		    ", of those who left %" PRIu64 ", behind it %" PRIu64,
		    q->who, got, q->rq.sid, c.first, c.behind, c.left,
		    c.left_behind);
	if (has_passed_all(w, &c, got))
		seat->passed = c.last_seq;
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
	a.sure = team_connected(w, &a.f);
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
	{ "stop", stop_expect },
};

static enum ev_role
role_for(const char *text)
{
	if (strcmp(text, "quit") == 0 || strcmp(text, "reload") == 0 ||
	    strncmp(text, "stop", 4) == 0)
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
	struct seat *seat = &w->team.seats[team_seat(w, q->con)];

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
	struct seat *seat = &w->team.seats[team_seat(w, q->con)];
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
	const struct session *s = team_session(w, q->rq.sid);
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
	struct seat *seat = &w->team.seats[team_seat(w, q->con)];
	struct person *p = &w->team.people[team_number(q->who)];

	*seat = (struct seat){ .on = true,
		.keys_lo = w->now.steady_ms,
		.keys_hi = w->now.steady_ms };
	if (p->consoles++ == 0)
		p->came_ms = w->now.steady_ms;
}

static void
detach(struct world *w, struct request *q)
{
	struct person *p = &w->team.people[team_number(q->who)];

	w->team.seats[team_seat(w, q->con)].on = false;
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
		w->team.seats[team_seat(w, q->con)].keys_hi = w->now.steady_ms;
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
expect_before(struct world *w, struct request *q)
{
	q->expected = (struct expected){ .fate = UNSURE };
	q->claim_seq = 0;
	q->owned = q->mine = q->picks = q->last = false;
	switch (q->rq.rq) {
	case DESK_RQ_SAID:
		is_heard(w, q->cu->sid);
		break;
	case DESK_RQ_OPENED:
		ban_opened(w, q);
		stop_opened(w, q);
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

/* A key was pressed for it, also if the claim is not stored. */
static void
has_claimed(struct world *w, struct request *q, const struct ev_event *ev)
{
	struct session *s = store_session(w, ev->sid);

	q->claim_seq = ev->seq;
	if (q->rq.console != NULL)
		unreserve(w, q, ev->sid);
	if (s != NULL)
		s->keys_hi = w->now.steady_ms;
}

/* What is its own stays so for a grace from then on, if it has no console. */
static void
has_acted(struct world *w, const struct request *q)
{
	enum desk_rq rq = q->rq.rq;

	if (q->rq.console == NULL && q->who != NULL &&
	    (rq == DESK_RQ_REPLY || rq == DESK_RQ_NOTE ||
		rq == DESK_RQ_COMMAND))
		w->team.people[team_number(q->who)].acted_ms = w->now.steady_ms;
}

void
expect_after(struct world *w, struct request *q, size_t before)
{
	const struct expected *x = &q->expected;
	const struct ev_event *evs;
	size_t n, found = 0;

	has_acted(w, q);
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
		if (evs[i].kind == EV_CLAIM)
			has_claimed(w, q, &evs[i]);
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
	w->team.seats[team_seat(w, q->con)].keys_lo = w->now.steady_ms;
	if (q->rq.rq == DESK_RQ_TYPES && q->mine && s != NULL)
		s->keys_lo = w->now.steady_ms;
}

void
expect_answered(struct world *w, struct request *q, const struct desk_answer *a)
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

/* The desk itself only ends things. */
void
expect_settled(struct world *w, size_t before)
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
