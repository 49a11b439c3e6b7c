/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model journal, and what its events say of each session in our own
 * reading of src/desk/event.h.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define SLACK_MS (10 * 60 * 1000) /* the journal may fail */

/* Sessions are kept by number for good: none may come twice. */
struct session *
store_session(struct world *w, uint64_t sid)
{
	if (sid == 0 || sid > w->store.sid)
		return NULL;
	return &w->store.sessions[sid - 1];
}

static const struct ev_moment never = { 0, 0 };

static struct ev_moment
at(const struct ev_event *ev)
{
	return (struct ev_moment){ ev->seq, ev->steady_ms };
}

static const char *
keep_string(char **at, const char *s)
{
	char *kept = *at;

	memcpy(kept, s, strlen(s) + 1);
	*at += strlen(s) + 1;
	return kept;
}

static void
date(const struct world *w, struct ev_moment *at, int64_t t_ms)
{
	if (at->seq != 0)
		at->steady_ms = w->now.steady_ms -
		    (t_ms < w->now.ms ? w->now.ms - t_ms : 0);
}

/* All that a new desk has is the wall clock. */
static void
date_anew(const struct world *w, struct ev_session *f)
{
	date(w, &f->began_at, f->began_ms);
	date(w, &f->waiting_at, f->waiting_ms);
	date(w, &f->said_at, f->said_ms);
	date(w, &f->gone_at, f->gone_ms);
	date(w, &f->owned_at, f->owned_ms);
	date(w, &f->offered_at, f->offered_ms);
	/* A time that was asked for goes on. */
	if (f->kept_at.seq != 0)
		f->kept_at.steady_ms =
		    w->now.steady_ms + (f->kept_ms - w->now.ms);
}

static void
copy(struct stored *to, const struct ev_event *ev)
{
	char *at = malloc(strlen(ev->who) + strlen(ev->addr) + strlen(ev->why) +
	    ev->len + 3);

	to->ev = *ev;
	to->bytes = at;
	to->ev.who = keep_string(&at, ev->who);
	to->ev.addr = keep_string(&at, ev->addr);
	to->ev.why = keep_string(&at, ev->why);
	memcpy(at, ev->body, ev->len);
	to->ev.body = at;
}

static void
append(struct store *st, const struct ev_event *ev)
{
	if (st->n == st->cap) {
		st->cap = st->cap != 0 ? 2 * st->cap : 64;
		st->evs = realloc(st->evs, st->cap * sizeof *st->evs);
	}
	copy(&st->evs[st->n++], ev);
}

static struct customer *
at_address(struct world *w, const char *addr)
{
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL &&
		    strcmp(w->customers[i].c->addr, addr) == 0)
			return &w->customers[i];
	sim_fail(w, "a session from %s, where nobody is", addr);
}

static void
add_live(struct store *st, uint64_t sid)
{
	size_t at = st->nlive;

	if (st->nlive == st->cap_live) {
		st->cap_live = 2 * st->cap_live + 64;
		st->live = realloc(st->live, st->cap_live * sizeof *st->live);
	}
	for (; at > 0 && st->live[at - 1] > sid; at--)
		;
	if (at > 0 && st->live[at - 1] == sid)
		return;
	memmove(st->live + at + 1, st->live + at,
	    (st->nlive++ - at) * sizeof *st->live);
	st->live[at] = sid;
}

static bool
is_live(const struct session *s)
{
	return s->f.state != EV_STATE_CLOSED && !s->unlisted;
}

static void
drop_ended(struct store *st)
{
	size_t kept = 0;

	for (size_t i = 0; i < st->nlive; i++)
		if (is_live(&st->sessions[st->live[i] - 1]))
			st->live[kept++] = st->live[i];
	st->nlive = kept;
}

static void
find_live(struct store *st)
{
	st->nlive = 0;
	for (uint64_t sid = 1; sid <= st->sid; sid++)
		if (is_live(&st->sessions[sid - 1]))
			add_live(st, sid);
}

static void
arrived(struct world *w, const struct ev_event *ev)
{
	struct store *st = &w->store;
	struct session *s;

	if (ev->sid != st->sid + 1)
		sim_fail(w, "session %" PRIu64 " after %" PRIu64, ev->sid,
		    st->sid);
	if (st->sid == st->cap_sessions) {
		st->cap_sessions = 2 * st->cap_sessions + 64;
		st->sessions = realloc(st->sessions,
		    st->cap_sessions * sizeof *st->sessions);
	}
	s = &st->sessions[st->sid++];
	memset(s, 0, sizeof *s);
	add_live(st, ev->sid);
	s->f.sid = ev->sid;
	s->f.state = EV_STATE_WAITING;
	s->f.mode = ev->mode;
	s->f.began_ms = ev->t_ms;
	s->f.began_at = at(ev);
	snprintf(s->f.name, sizeof s->f.name, "%s", ev->who);
	snprintf(s->f.addr, sizeof s->f.addr, "%s", ev->addr);
	s->cu = at_address(w, ev->addr);
	if (s->cu->sid != 0)
		sim_fail(w, "a second session for one connection");
	if (s->cu->mode != s->f.mode)
		sim_fail(w, "a session in the wrong mode");
	s->cu->sid = ev->sid;
}

const struct replied *
store_reply(struct world *w, uint64_t sid, const struct ev_key *key)
{
	const struct session *s = store_session(w, sid);

	for (size_t i = 0; s != NULL && i < s->nreplies; i++)
		if (ev_key_is_set(key) &&
		    memcmp(&s->replies[i].key, key, sizeof *key) == 0)
			return &s->replies[i];
	return NULL;
}

static bool
same_console(const struct ev_key *a, const struct ev_key *b)
{
	return ev_key_is_set(a) && ev_key_is_set(b) &&
	    memcmp(a->bytes, b->bytes, EV_KEY_CONSOLE) == 0;
}

/* A reply is of its console, a note or a claim of its person. */
bool
store_is_own(const struct replied *r, const struct request *q)
{
	return r->kind == EV_REPLY ? same_console(&r->key, &q->rq.key) :
				     strcmp(r->who, q->who) == 0;
}

const struct replied *
store_unseen(struct world *w, uint64_t sid, const struct request *q)
{
	const struct session *s = store_session(w, sid);

	for (size_t i = s != NULL ? s->nreplies : 0; i-- > 0;)
		if (s->replies[i].seq > q->rq.seen &&
		    !store_is_own(&s->replies[i], q))
			return &s->replies[i];
	return NULL;
}

static bool
is_keyed(const struct ev_event *ev)
{
	return (ev->kind == EV_REPLY || ev->kind == EV_NOTE) &&
	    ev_key_is_set(&ev->key);
}

bool
store_refuses(struct world *w, const struct ev_event *evs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_keyed(&evs[i]))
			continue;
		if (store_reply(w, evs[i].sid, &evs[i].key) != NULL)
			return true;
		for (size_t k = 0; k < i; k++)
			if (is_keyed(&evs[k]) && evs[k].sid == evs[i].sid &&
			    memcmp(&evs[k].key, &evs[i].key,
				sizeof evs[i].key) == 0)
				return true;
	}
	return false;
}

/* The message of this round's batch that the event stores. */
static void
said(struct world *w, struct session *s, const struct ev_event *ev)
{
	if (ev->n != ++s->f.in)
		sim_fail(w, "said %" PRIu64 " is not the next", ev->n);
	if (s->f.eof)
		sim_fail(w, "something is said behind the end");
	for (unsigned i = 0; i < w->nbatch; i++) {
		struct request *q = &w->batch[i];
		const struct message *m = &q->message;

		if (q->rq.rq != DESK_RQ_SAID || q->cu != s->cu || !m->plain ||
		    q->stored || q->answered)
			continue;
		if (!q->unclear &&
		    ((ev->flags & EV_FLAG_UNATTENDED) != 0) != q->unattended)
			sim_fail(w, "said while %s was on duty",
			    q->unattended ? "nobody" : "somebody");
		if (ev->len != m->len - m->skip ||
		    memcmp(ev->body, m->text + m->skip, ev->len) != 0)
			sim_fail(w, "said is not what the customer said");
		q->stored = true;
		if (s->f.unanswered++ == 0) {
			s->f.waiting_ms = ev->t_ms;
			s->f.waiting_at = at(ev);
		}
		s->f.said_ms = ev->t_ms;
		s->f.said_at = at(ev);
		s->f.unattended |= (ev->flags & EV_FLAG_UNATTENDED) != 0;
		/* Nobody here says more than the list has room for. */
		snprintf(s->f.words, sizeof s->f.words, "%.*s", (int)ev->len,
		    ev->body);
		return;
	}
	sim_fail(w, "session %" PRIu64 " said what nobody said", ev->sid);
}

static void
note_reply(struct world *w, struct session *s, const struct ev_event *ev,
    const struct request *by)
{
	if (store_reply(w, ev->sid, &ev->key) != NULL)
		sim_fail(w, "a reply is stored twice");
	if (s->nreplies == s->cap_replies) {
		s->cap_replies = 2 * s->cap_replies + 16;
		s->replies =
		    realloc(s->replies, s->cap_replies * sizeof *s->replies);
	}
	s->replies[s->nreplies] = (struct replied){ .key = ev->key,
		.seq = ev->seq,
		.n = ev->n,
		.step = w->step,
		.by = by,
		.kind = ev->kind };
	snprintf(s->replies[s->nreplies++].who, sizeof s->replies->who, "%s",
	    ev->who);
}

/* The request that a text came with. */
static struct request *
request_of(struct world *w, const struct ev_event *ev, enum desk_rq rq)
{
	for (unsigned i = 0; i < w->nbatch; i++)
		if (w->batch[i].rq.rq == rq && !w->batch[i].answered &&
		    w->batch[i].rq.text == ev->body)
			return &w->batch[i];
	return NULL;
}

static void
noted(struct world *w, struct session *s, const struct ev_event *ev)
{
	struct request *q = request_of(w, ev, DESK_RQ_NOTE);

	if (q != NULL) {
		if (q->rq.sid != ev->sid)
			sim_fail(w, "a note to another session");
		if (memcmp(&q->rq.key, &ev->key, sizeof ev->key) != 0)
			sim_fail(w, "a note with another's key");
		q->stored = true;
		w->counts.late_stored += q->link == 0;
	}
	if (memmem(ev->body, ev->len, SECRET, strlen(SECRET)) == NULL &&
	    (q == NULL || strcmp(q->message.text, "again") != 0))
		sim_fail(w, "a note that is none");
	note_reply(w, s, ev, q);
}

/* It may make somebody's text stale, and has no key. */
static void
owned_now(struct world *w, struct session *s, const struct ev_event *ev)
{
	note_reply(w, s, ev, NULL);
}

static void
reply(struct world *w, struct session *s, const struct ev_event *ev)
{
	const struct request *by = NULL;
	struct customer *cu = s->cu;

	if (ev->n != ++s->f.out)
		sim_fail(w, "reply %" PRIu64 " is not the next", ev->n);
	s->f.waiting_ms = 0;
	s->f.waiting_at = never;
	s->f.unanswered = 0;
	s->f.unattended = false;
	s->f.state = EV_STATE_OPEN;
	snprintf(s->f.by, sizeof s->f.by, "%s", ev->who);
	w->counts.replies++;
	for (unsigned i = 0; i < w->nbatch; i++) {
		struct request *q = &w->batch[i];

		if (q->rq.rq != DESK_RQ_REPLY || q->rq.text != ev->body ||
		    q->answered)
			continue;
		if (q->rq.sid != ev->sid)
			sim_fail(w, "a reply to another session");
		if (memcmp(&q->rq.key, &ev->key, sizeof ev->key) != 0)
			sim_fail(w, "a reply with another's key");
		if (q->rq.seen != 0 && store_unseen(w, ev->sid, q) != NULL)
			sim_fail(w, "a reply passes over a colleague's");
		q->stored = true;
		by = q;
		w->counts.late_stored += q->link == 0;
	}
	note_reply(w, s, ev, by);
	if (cu == NULL)
		sim_fail(w, "a reply to nobody");
	if (stream_is_quit(ev->body, ev->len))
		cu->said_quit = true;
	stream_add(&cu->stream, ev->body, ev->len);
}

/* Replies up to n have arrived: they must have been put, and be there. */
static void
sent(struct world *w, struct session *s, const struct ev_event *ev)
{
	uint64_t put;

	if (ev->n <= s->f.sent || ev->n > s->put_n)
		sim_fail(w, "sent %" PRIu64 " after %" PRIu64 ", put %" PRIu64,
		    ev->n, s->f.sent, s->put_n);
	s->f.sent = ev->n;
	w->counts.sent++;
	if (s->cu == NULL)
		return;
	memcpy(&put, s->cu->stream.puts.data + (ev->n - 1) * sizeof put,
	    sizeof put);
	if (put > s->cu->taken)
		sim_fail(w, "sent %" PRIu64 " has not arrived", ev->n);
}

static void
named(struct world *w, struct session *s, const struct ev_event *ev)
{
	for (unsigned i = 0; i < w->nbatch; i++) {
		struct request *q = &w->batch[i];

		if (q->rq.rq == DESK_RQ_COMMAND && !q->answered &&
		    strcmp(q->who, ev->why) == 0 && !q->stored &&
		    strncmp(q->message.text, "name ", 5) == 0) {
			q->stored = true;
			snprintf(s->f.name, sizeof s->f.name, "%s", ev->who);
			return;
		}
		if (*ev->why != '\0' || q->rq.rq != DESK_RQ_SAID ||
		    q->cu != s->cu || q->stored || q->answered ||
		    strncmp(q->message.text, "/name a", 7) != 0)
			continue;
		if (strcmp(q->message.text + 6, ev->who) != 0)
			sim_fail(w, "named %s, not %s", ev->who,
			    q->message.text + 6);
		q->stored = true;
		snprintf(s->f.name, sizeof s->f.name, "%s", ev->who);
		w->counts.names++;
		return;
	}
	sim_fail(w, "a name that nobody gave");
}

static void
at_eof(struct world *w, struct session *s, const struct ev_event *ev)
{
	(void)ev;
	if (s->f.eof || s->cu == NULL || !s->cu->eof)
		sim_fail(w, "an end that was none");
	s->f.eof = true;
	w->counts.eofs++;
}

/* The last reply that is with the customer's machine, which has so much. */
static uint64_t
arrived_n(const struct customer *cu, uint64_t taken)
{
	uint64_t n = 0, put;

	for (; n < stream_whole(&cu->stream); n++) {
		memcpy(&put, cu->stream.puts.data + n * sizeof put, sizeof put);
		if (put > taken)
			break;
	}
	return n;
}

/* Its conversation is: what has left by now is noted before that. */
static void
over(struct world *w, struct session *s)
{
	struct customer *cu = s->cu;

	if (cu == NULL)
		return;
	if (!cu->closed && !cu->unsure && s->f.sent < arrived_n(cu, cu->known))
		sim_fail(w, "what has left is never sent");
	if (!cu->closed)
		cu->closed_ns = w->now.ns;
	cu->closed = cu->may_end = true;
}

/* An answer, or that one arrives. */
static bool
is_owed(const struct session *s)
{
	return s->f.unanswered > 0 || s->f.out > s->f.sent;
}

static void
gone(struct world *w, struct session *s, const struct ev_event *ev)
{
	if (s->f.gone)
		sim_fail(w, "gone twice");
	if (!is_owed(s))
		sim_fail(w, "session %" PRIu64 " stays, but is owed nothing",
		    ev->sid);
	s->f.gone = true;
	s->f.gone_ms = ev->t_ms;
	s->f.gone_at = at(ev);
	s->f.state = EV_STATE_LEFT;
	s->left_seq = ev->seq;
	w->counts.gone++;
	over(w, s);
}

/* Nobody is hurried: neither who waits, nor who has just read something. */
static void
quiet(struct world *w, const struct session *s, const struct ev_event *ev)
{
	if (s->f.state != EV_STATE_OPEN || s->f.gone ||
	    ev->steady_ms < s->spoke_ms + w->config.quiet_after_ms +
		    w->config.quiet_warning_ms)
		sim_fail(w, "session %" PRIu64 " is not quiet", ev->sid);
	w->rare.quiet++;
}

static void
closed(struct world *w, struct session *s, const struct ev_event *ev)
{
	if (s->unlisted)
		sim_fail(w, "one that is off the list is closed");
	if (*ev->who != '\0') {
		w->counts.closed_left += s->f.state == EV_STATE_LEFT;
	} else if (strcmp(ev->why, "gone") == 0) {
		if (ev->steady_ms <
		    s->f.gone_at.steady_ms + w->config.gone_after_ms)
			sim_fail(w, "closed too early");
		w->counts.expired++;
	} else if (is_owed(s)) {
		sim_fail(w, "the desk closes one that waits");
	}
	if (strcmp(ev->why, "quiet") == 0)
		quiet(w, s, ev);
	s->f.state = EV_STATE_CLOSED;
	s->f.waiting_ms = 0;
	s->f.waiting_at = never;
	if (s->cu != NULL && strcmp(ev->why, "kicked") == 0)
		s->cu->may_cut = true;
	over(w, s);
}

void
store_let_go(struct session *s)
{
	bool is_over =
	    s->f.state == EV_STATE_CLOSED || s->f.state == EV_STATE_LEFT;

	if (s->cu == NULL)
		return;
	if (is_over && !s->cu->unsure)
		s->sent_n = arrived_n(s->cu, s->cu->known_last);
	s->left_n = arrived_n(s->cu, s->cu->taken);
	s->unsure = s->cu->unsure;
	s->cu = NULL;
}

/* Of several replies the desk looks for the end of the last one only.  (The last
 * byte of one for a classic client, its line's end, may still wait for a turn,
 * and is no part of what is compared here.) */
static bool
last_arrived(const struct customer *cu)
{
	return cu->known >= cu->c->put_end;
}

/* When the desk knows that the last reply has arrived it tells so soon. */
void
store_check_sent(struct world *w)
{
	bool awake = desk_deadline(w->desk) <= w->now.ns + w->config.retry_ns;

	for (uint64_t sid = 1; sid <= w->store.sid && !awake; sid++) {
		const struct session *s = store_session(w, sid);

		if (s->cu != NULL && !s->cu->unsure && last_arrived(s->cu) &&
		    s->f.sent < s->cu->c->put_n)
			sim_fail(w,
			    "it is not told that replies of %" PRIu64
			    " arrived",
			    sid);
	}
}

void
store_check_ended(struct world *w)
{
	for (uint64_t sid = 1; sid <= w->store.sid; sid++) {
		const struct session *s = store_session(w, sid);

		if (s->f.sent < s->sent_n)
			sim_fail(w,
			    "nobody learns that the last words of %" PRIu64
			    " have left",
			    sid);
	}
}

static void
wrote_in(struct world *w, struct session *s, const struct ev_event *ev)
{
	for (unsigned i = 0; i < w->nbatch; i++) {
		struct request *q = &w->batch[i];

		if (q->rq.rq != DESK_RQ_SAID || q->cu != s->cu || q->stored ||
		    q->answered ||
		    strcmp(q->message.text, "/charset utf-8") != 0)
			continue;
		q->stored = true;
		if (strcmp(ev->why, "utf-8") != 0 || *ev->who != '\0')
			sim_fail(w, "another encoding than was said");
		s->f.charset = dw_charset_find("utf-8", 5);
		s->f.charsets++;
		return;
	}
	sim_fail(w, "an encoding that nobody named");
}

/* Its facts come from the journal, which knows the wall clock alone. */
static void
reopened(struct world *w, struct session *s, const struct ev_event *ev)
{
	struct ev_moment at = s->f.gone_at;

	if (s->f.state != EV_STATE_LEFT)
		sim_fail(w, "session %" PRIu64 " goes on by itself", ev->sid);
	date_anew(w, &s->f);
	s->f.gone_at = at;
	s->cu = NULL; /* it may still be reading its goodbye */
	s->left_seq = ev->seq;
	if (s->unlisted)
		w->store.unlisted--;
	s->unlisted = false;
	add_live(&w->store, ev->sid);
	s->unsure = false;
	s->sent_n = s->left_n = 0;
	w->counts.reopened++;
}

static void
apply(struct world *w, const struct ev_event *ev)
{
	static void (*const table[])(struct world *, struct session *,
	    const struct ev_event *) = {
		[EV_SAID] = said,
		[EV_REPLY] = reply,
		[EV_SENT] = sent,
		[EV_NAME] = named,
		[EV_CHARSET] = wrote_in,
		[EV_EOF] = at_eof,
		[EV_GONE] = gone,
		[EV_CLOSED] = closed,
		[EV_NOTE] = noted,
		[EV_CLAIM] = owned_now,
		[EV_REOPENED] = reopened,
	};
	struct session *s;

	if (ev->kind == EV_ARRIVED) {
		arrived(w, ev);
		store_session(w, ev->sid)->last = ev->seq;
		return;
	}
	udp_stored(w, ev);
	s = store_session(w, ev->sid);
	if (s == NULL && ev->sid != 0)
		sim_fail(w, "an event of unknown session %" PRIu64, ev->sid);
	if (s != NULL && s->f.state == EV_STATE_CLOSED && ev->kind != EV_SENT &&
	    ev->kind != EV_SAME && ev->kind != EV_REOPENED)
		sim_fail(w, "an event after the end of %" PRIu64, ev->sid);
	/* Before it: an answer that nobody has claimed is none. */
	lease_stored(w, s, ev);
	if (s == NULL)
		return;
	if (ev->kind < sizeof table / sizeof *table && table[ev->kind] != NULL)
		table[ev->kind](w, s, ev);
	s->last = ev->seq;
	if (ev->kind == EV_SAID || ev->kind == EV_REPLY)
		s->spoke_ms = ev->steady_ms;
	if (ev->kind == EV_SENT || ev->kind == EV_REPLY)
		s->heard_ms = ev->steady_ms;
}

void
store_commit(struct world *w, const struct ev_event *evs, size_t n)
{
	w->fresh_waits = w->told_waits = 0;
	for (size_t i = 0; i < n; i++) {
		if (evs[i].seq != w->store.seq + 1)
			sim_fail(w, "event %" PRIu64 " after %" PRIu64,
			    evs[i].seq, w->store.seq);
		w->store.seq++;
		append(&w->store, &evs[i]);
		apply(w, &evs[i]);
		w->counts.events++;
	}
	drop_ended(&w->store);
}

void
store_fini(struct store *st)
{
	for (size_t i = 0; i < st->n; i++)
		free(st->evs[i].bytes);
	for (uint64_t sid = 1; sid <= st->sid; sid++)
		free(st->sessions[sid - 1].replies);
	free(st->evs);
	free(st->live);
	free(st->sessions);
	memset(st, 0, sizeof *st);
}

/*
 * Who is on the list of those that left.
 */

/* Whose worker has gone as well, and of whom nothing is noticed and not stored
 * yet. */
static bool
is_on_list(const struct session *s)
{
	return s->f.state == EV_STATE_LEFT && s->cu == NULL && !s->unlisted &&
	    s->f.sent >= s->sent_n;
}

static bool
same_host(const struct session *a, const struct session *b)
{
	return strcspn(a->f.addr, ":") == strcspn(b->f.addr, ":") &&
	    strncmp(a->f.addr, b->f.addr, strcspn(a->f.addr, ":")) == 0;
}

/* How many are on the list, of this one's host (NULL: of any), and which of
 * them left first. */
static size_t
on_list(struct world *w, const struct session *host, struct session **first)
{
	size_t n = 0;

	*first = NULL;
	for (uint64_t sid = 1; sid <= w->store.sid; sid++) {
		struct session *s = store_session(w, sid);

		if (!is_on_list(s) || (host != NULL && !same_host(s, host)))
			continue;
		n++;
		if (!s->unsure &&
		    (*first == NULL || s->left_seq < (*first)->left_seq))
			*first = s;
	}
	return n;
}

/* Are there so many on the list, of this one's host or of any, that left after
 * it? */
static bool
is_surplus(struct world *w, const struct session *s, bool of_host, size_t most)
{
	size_t later = 0;

	for (uint64_t sid = 1; sid <= w->store.sid; sid++) {
		const struct session *o = store_session(w, sid);

		if (o == s || !is_on_list(o) || (of_host && !same_host(o, s)))
			continue;
		later += o->left_seq > s->left_seq;
	}
	return later >= most;
}

void
store_unlist(struct world *w, uint64_t sid)
{
	struct session *s = store_session(w, sid);

	if (s == NULL || !is_on_list(s))
		sim_fail(w, "session %" PRIu64 " was on no list", sid);
	if (is_surplus(w, s, true, w->config.max_gone_per_address))
		w->counts.off_host++;
	else if (!is_surplus(w, s, false, w->config.max_gone))
		sim_fail(w, "it was not the turn of %" PRIu64, sid);
	s->unlisted = true;
	drop_ended(&w->store);
	w->store.unlisted++;
	w->store.untold++;
	w->counts.unlisted++;
}

static size_t
count_unsure(struct world *w)
{
	size_t n = 0;

	for (uint64_t sid = 1; sid <= w->store.sid; sid++) {
		const struct session *s = store_session(w, sid);

		n += is_on_list(s) && (s->unsure || s->f.sent < s->left_n);
	}
	return n;
}

void
store_check_bounds(struct world *w)
{
	size_t slack = count_unsure(w);
	struct session *first;

	if (on_list(w, NULL, &first) > w->config.max_gone + slack)
		sim_fail(w, "too many who left are on the list");
	for (uint64_t sid = 1; sid <= w->store.sid; sid++) {
		const struct session *s = store_session(w, sid);

		if (is_on_list(s) &&
		    on_list(w, s, &first) >
			w->config.max_gone_per_address + slack)
			sim_fail(w, "too many of one address are on the list");
	}
}

/* It has left, or goes on: others may go off the list for it. */
static void
list_one(struct world *w, struct session *s, uint64_t seq)
{
	struct session *first;

	s->unlisted = false;
	s->left_seq = seq;
	if (on_list(w, s, &first) > w->config.max_gone_per_address ||
	    on_list(w, NULL, &first) > w->config.max_gone)
		first->unlisted = first->forgotten = true;
}

/*
 * One after the other they come on the list of a new desk, which knows nothing
 * any more of one that goes off it: neither that it went on later.
 */
static void
list_again(struct world *w, const struct ev_event *ev)
{
	struct session *s = store_session(w, ev->sid);

	if (s == NULL || s->f.state != EV_STATE_LEFT || s->forgotten)
		return;
	if (ev->kind == EV_CLOSED)
		s->unlisted = true;
	else if (ev->kind == EV_GONE || ev->kind == EV_REOPENED)
		list_one(w, s, ev->seq);
}

static void
list_anew(struct world *w)
{
	struct store *st = &w->store;

	st->unlisted = st->untold = 0;
	st->began_ms = w->now.steady_ms;
	for (uint64_t sid = 1; sid <= st->sid; sid++) {
		struct session *s = store_session(w, sid);

		date_anew(w, &s->f);
		s->unsure = s->forgotten = false;
		s->left_n = 0;
		s->unlisted = s->f.state == EV_STATE_LEFT;
	}
	for (size_t i = 0; i < st->n; i++)
		list_again(w, &st->evs[i].ev);
	for (uint64_t sid = 1; sid <= st->sid; sid++)
		st->unlisted += store_session(w, sid)->unlisted;
}

/*
 * Comparing.
 */

struct walk {
	struct world *w;
	uint64_t sid; /* the last one met */
};

static bool
same_moments(const struct ev_session *a, const struct ev_session *b)
{
	const struct ev_moment at[] = { a->began_at, a->waiting_at, a->said_at,
		a->gone_at, a->owned_at, a->offered_at, a->kept_at };
	const struct ev_moment bt[] = { b->began_at, b->waiting_at, b->said_at,
		b->gone_at, b->owned_at, b->offered_at, b->kept_at };

	for (int i = 0; i < 7; i++)
		if (at[i].seq != bt[i].seq ||
		    at[i].steady_ms != bt[i].steady_ms)
			return false;
	return true;
}

static bool
same(const struct ev_session *a, const struct ev_session *b)
{
	return a->sid == b->sid && a->mode == b->mode && a->state == b->state &&
	    a->eof == b->eof && a->gone == b->gone &&
	    strcmp(a->name, b->name) == 0 && strcmp(a->addr, b->addr) == 0 &&
	    a->began_ms == b->began_ms && a->waiting_ms == b->waiting_ms &&
	    a->gone_ms == b->gone_ms && a->said_ms == b->said_ms &&
	    same_moments(a, b) && strcmp(a->words, b->words) == 0 &&
	    strcmp(a->by, b->by) == 0 && a->unanswered == b->unanswered &&
	    a->unattended == b->unattended && a->in == b->in &&
	    a->out == b->out && a->sent == b->sent &&
	    strcmp(a->owner, b->owner) == 0 &&
	    strcmp(a->offered, b->offered) == 0 && a->owned_ms == b->owned_ms &&
	    a->offered_ms == b->offered_ms && a->reopened == b->reopened &&
	    a->kept_ms == b->kept_ms && a->notes == b->notes &&
	    memcmp(a->same, b->same, sizeof a->same) == 0;
}

/* Steps over the closed ones, which the desk has forgotten. */
static uint64_t
next_open(struct world *w, uint64_t sid)
{
	while (++sid <= w->store.sid)
		if (w->store.sessions[sid - 1].f.state != EV_STATE_CLOSED &&
		    !w->store.sessions[sid - 1].unlisted)
			return sid;
	return 0;
}

static void
compare(void *arg, const struct desk_session *s)
{
	struct walk *walk = arg;
	uint64_t want = next_open(walk->w, walk->sid);

	if (s->facts.sid != want)
		sim_fail(walk->w,
		    "the desk has session %" PRIu64 ", the journal %" PRIu64,
		    s->facts.sid, want);
	if (!same(&s->facts, &store_session(walk->w, want)->f))
		sim_fail(walk->w,
		    "session %" PRIu64 " is not what its events say", want);
	/* One that was off the list until now is seen to soon. */
	if (s->facts.gone &&
	    walk->w->now.steady_ms > walk->w->store.began_ms + SLACK_MS &&
	    walk->w->now.steady_ms > s->facts.gone_at.steady_ms +
		    walk->w->config.gone_after_ms + SLACK_MS)
		sim_fail(walk->w, "session %" PRIu64 " is never closed", want);
	walk->sid = want;
}

/* Those that are open by the events, one by one. */
static void
compare_counts(struct world *w, const struct desk *d)
{
	uint64_t counts[EV_STATE_CLOSED][EV_MODE_CLASSIC + 1] = { { 0 } };

	for (uint64_t sid = next_open(w, 0); sid != 0;
	    sid = next_open(w, sid)) {
		const struct ev_session *f = &store_session(w, sid)->f;

		counts[f->state][f->mode]++;
	}
	for (unsigned state = 0; state < EV_STATE_CLOSED; state++)
		for (unsigned mode = 0; mode <= EV_MODE_CLASSIC; mode++)
			if (desk_count(d, state, mode) != counts[state][mode])
				sim_fail(w,
				    "%" PRIu64 " sessions are counted as %s, "
				    "not %" PRIu64,
				    desk_count(d, state, mode),
				    ev_word(&ev_states, state),
				    counts[state][mode]);
}

static void
compare_desk(struct world *w, const struct desk *d)
{
	struct walk walk = { w, 0 };

	compare_counts(w, d);

	ban_compare(w, d);
	desk_each(d, compare, &walk);
	if (next_open(w, walk.sid) != 0)
		sim_fail(w, "the desk lost session %" PRIu64,
		    next_open(w, walk.sid));
	if (desk_unlisted(d) != w->store.unlisted)
		sim_fail(w, "%" PRIu64 " are off the list, not %" PRIu64,
		    desk_unlisted(d), w->store.unlisted);
	if (desk_last_seq(d) != w->store.seq)
		sim_fail(w,
		    "the desk stands at %" PRIu64 ", the journal at %" PRIu64,
		    desk_last_seq(d), w->store.seq);
}

void
store_compare(struct world *w)
{
	compare_desk(w, w->desk);
}

/* A new desk knows nothing of the ended ones. */
static void
forget_ended(struct store *st)
{
	for (uint64_t sid = 1; sid <= st->sid; sid++)
		st->sessions[sid - 1].sent_n = 0;
}

/* Is it still needed? */
static bool
is_replayed(struct world *w, const struct ev_event *ev)
{
	const struct session *s = store_session(w, ev->sid);

	return ev->kind == EV_BAN || ev->kind == EV_UNBAN ||
	    (s != NULL && s->f.state != EV_STATE_CLOSED);
}

struct desk *
store_restart(struct world *w)
{
	struct desk *d;

	w->published = w->store.n;
	forget_ended(&w->store);
	list_anew(w);
	find_live(&w->store);
	team_restart(w);
	if (desk_new(&w->config, &d) < 0)
		sim_fail(w, "no desk");
	for (size_t i = 0; i < w->store.n; i++)
		if (is_replayed(w, &w->store.evs[i].ev) &&
		    desk_replay(d, &w->store.evs[i].ev) < 0)
			sim_fail(w, "a stored event cannot be replayed");
	desk_missed(d, w->store.datagrams);
	desk_begin(d, w->store.seq, w->store.sid, w->now);
	compare_desk(w, d);
	return d;
}
