/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sessions of the desk as this console knows them.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "console/mirror.h"

void
con_mirror_init(struct con_mirror *m)
{
	memset(m, 0, sizeof *m);
	dw_list_init(&m->showing);
}

void
con_mirror_fini(struct con_mirror *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->all[i]);
	free(m->all);
	con_mirror_init(m);
}

/* ---- who counts as what ---- */

static bool
any_unread(const struct con_mirror *m, const struct con_session *s)
{
	return con_unread(s) > 0 && s->facts.sid != m->selected &&
	    !con_is_left(s);
}

/* What a colleague's customer says is the colleague's. */
static bool
any_unread_of_nobody(const struct con_mirror *m, const struct con_session *s)
{
	return any_unread(m, s) && !con_is_taken(s);
}

static enum con_group
group_of(const struct con_mirror *m, const struct con_session *s)
{
	if (s->facts.sid == m->selected)
		return CON_GROUP_NONE;
	if ((s->yours || s->watched) && any_unread(m, s))
		return CON_GROUP_UNREAD;
	if (con_is_taken(s))
		return CON_GROUP_NONE;
	if (con_is_left(s))
		return CON_GROUP_LEFT;
	return ev_waits(&s->facts) ? CON_GROUP_WAITING : CON_GROUP_NONE;
}

/* The event since which it waits. */
static uint64_t
waits_from(const struct con_session *s)
{
	return ev_waits_since(&s->facts).seq;
}

static void
ungroup(struct con_mirror *m, struct con_session *s)
{
	dw_order_del(&m->groups[s->group], &s->place);
	s->group = CON_GROUP_NONE;
}

/* After each change of the session, and of whether it is selected; the selected
 * one is in no group, whatever is read of it. */
static void
regroup(struct con_mirror *m, struct con_session *s)
{
	enum con_group group = group_of(m, s);

	if (group != s->group)
		ungroup(m, s);
	s->group = group;
	if (group != CON_GROUP_NONE)
		dw_order_put(&m->groups[group], &s->place,
		    (int64_t)waits_from(s));
}

static const struct con_session *
first_in(const struct con_mirror *m, enum con_group group)
{
	struct dw_order_node *n = dw_order_first(&m->groups[group]);

	return n == NULL ? NULL : DW_LIST_OF(n, struct con_session, place);
}

/* ---- the sessions ---- */

/* The empty name stays empty: such a session is shown by its number. */
static void
keep_name(char *dst, size_t size, const char *src)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	size_t n = 0;

	if (*src != '\0' && dw_text_name(&b, src, strlen(src)) == 0) {
		n = dw_text_cut(b.data, b.len, size - 1);
		memcpy(dst, b.data, n);
	}
	dst[n] = '\0';
	dw_buf_fini(&b);
}

static void
keep_line(char *dst, size_t size, const char *src)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	if (dw_text_line(&b, src, strlen(src), size - 8) < 0)
		dw_buf_reset(&b);
	snprintf(dst, size, "%s", dw_buf_str(&b));
	dw_buf_fini(&b);
}

/* The index of sid, or of the first that is greater. */
static size_t
place_of(const struct con_mirror *m, uint64_t sid)
{
	size_t lo = 0, hi = m->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (m->all[mid]->facts.sid < sid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct con_session *
con_mirror_find(const struct con_mirror *m, uint64_t sid)
{
	size_t i = place_of(m, sid);

	return i < m->n && m->all[i]->facts.sid == sid ? m->all[i] : NULL;
}

static int
reserve_one(struct con_mirror *m)
{
	size_t cap = m->cap == 0 ? 16 : 2 * m->cap;
	struct con_session **all;

	if (m->n < m->cap)
		return 0;
	if ((all = realloc(m->all, cap * sizeof *all)) == NULL)
		return -ENOMEM;
	m->all = all;
	m->cap = cap;
	return 0;
}

static struct con_session *
add(struct con_mirror *m, uint64_t sid)
{
	size_t at = place_of(m, sid);
	struct con_session *s;

	if (at < m->n && m->all[at]->facts.sid == sid)
		return m->all[at];
	if (reserve_one(m) < 0 || (s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	s->facts.sid = sid;
	dw_list_init(&s->showing);
	dw_list_init(&s->flood);
	memmove(m->all + at + 1, m->all + at, (m->n - at) * sizeof *m->all);
	m->all[at] = s;
	m->n++;
	/* Searches rely on the order. */
	assert(at == 0 || m->all[at - 1]->facts.sid < sid);
	assert(at + 1 == m->n || sid < m->all[at + 1]->facts.sid);
	return s;
}

/* Takes out a closed session that nobody here looks at any more. */
static void
drop_if_done(struct con_mirror *m, uint64_t sid)
{
	size_t at = place_of(m, sid);
	struct con_session *s;

	if (at == m->n || (s = m->all[at])->facts.sid != sid)
		return;
	if (!con_is_closed(s) || s->keep || m->selected == sid)
		return;
	memmove(m->all + at, m->all + at + 1, (m->n - at - 1) * sizeof *m->all);
	m->n--;
	ungroup(m, s);
	dw_list_del(&s->showing);
	dw_list_del(&s->flood);
	free(s);
}

/* The desk knows it no more, unless the snapshot says otherwise. */
static void
forget(struct con_mirror *m, struct con_session *s)
{
	s->facts.state = EV_STATE_CLOSED;
	s->facts.waiting_ms = 0;
	s->facts.waiting_at = (struct ev_moment){ 0, 0 };
	regroup(m, s);
}

static void
make_name_harmless(char name[EV_NAME_SIZE])
{
	char harmless[EV_NAME_SIZE];

	keep_name(harmless, sizeof harmless, name);
	memcpy(name, harmless, sizeof harmless);
}

static void
make_addr_harmless(char addr[EV_ADDR_SIZE])
{
	char harmless[EV_ADDR_SIZE];

	keep_line(harmless, sizeof harmless, addr);
	memcpy(addr, harmless, sizeof harmless);
}

/* What others wrote is made harmless once, where it comes in: a second time
 * would change it again. */
static void
make_harmless(struct ev_session *f)
{
	make_name_harmless(f->name);
	make_addr_harmless(f->addr);
	make_name_harmless(f->by);
	make_name_harmless(f->owner);
	make_name_harmless(f->offered);
}

void
con_make_harmless(struct ev_session *f, const struct ev_event *ev)
{
	if (ev->kind == EV_ARRIVED)
		make_addr_harmless(f->addr);
	if (ev->kind == EV_ARRIVED || ev->kind == EV_NAME)
		make_name_harmless(f->name);
	if (ev->kind == EV_REPLY)
		make_name_harmless(f->by);
	if (ev->kind == EV_CLAIM)
		make_name_harmless(f->owner);
	if (ev->kind == EV_OFFER)
		make_name_harmless(f->offered);
}

/* Of a session that is new to this console all that nobody has answered is not
 * read; what others have answered, any page of the past shows. */
static void
meet(struct con_mirror *m, struct con_session *s, const struct ev_session *now,
    uint64_t seq)
{
	con_read_guess(&s->read, now->in, now->unanswered);
	s->news = (unsigned)now->unanswered;
	if (now->out > 0)
		con_seen_missed(con_mirror_seen(m, s), 1, seq, CON_SEEN_ANY);
}

static uint64_t
more(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

/* What a snapshot has more than this console knows was not shown here. */
static void
count_missed(struct con_mirror *m, struct con_session *s,
    const struct ev_session *now, uint64_t seq)
{
	uint64_t out = more(now->out, s->facts.out);

	s->news += (unsigned)more(now->in, s->facts.in);
	if (now->in > s->read.n)
		s->replies += out;
	if (out > 0)
		con_seen_missed(con_mirror_seen(m, s), m->seq + 1, seq,
		    s->facts.in + s->facts.out);
}

static bool
is_me(const struct con_mirror *m, const char *who)
{
	return *who != '\0' && strcmp(who, m->me) == 0;
}

static int
take_session(struct con_mirror *m, const struct ev_session *facts, uint64_t seq)
{
	struct con_session *s = add(m, facts->sid);

	if (s == NULL)
		return -ENOMEM;
	if (s->facts.began_ms == 0)
		meet(m, s, facts, seq);
	else
		count_missed(m, s, facts, seq);
	s->facts = *facts;
	s->yours = ev_is_owned_by(facts, m->me);
	s->offered = is_me(m, facts->offered);
	make_harmless(&s->facts);
	regroup(m, s);
	return 0;
}

static size_t
peer_at(const struct con_mirror *m, const char *addr)
{
	size_t i = 0;

	while (i < m->npeers && strcmp(m->peers[i], addr) != 0)
		i++;
	return i;
}

static void
forget_peer(struct con_mirror *m, size_t i)
{
	memmove(m->peers[i], m->peers[i + 1],
	    (m->npeers - i - 1) * sizeof m->peers[0]);
	m->npeers--;
}

/* Who wrote over UDP comes first; when there are too many the last goes. */
static void
add_peer(struct con_mirror *m, const char *addr)
{
	if (m->npeers == CON_PEERS)
		m->npeers--;
	memmove(m->peers[1], m->peers[0], m->npeers * sizeof m->peers[0]);
	snprintf(m->peers[0], sizeof m->peers[0], "%s", addr);
	m->npeers++;
}

static void
on_udp(struct con_mirror *m, const struct ev_event *ev)
{
	char addr[CON_ADDR_MAX];
	size_t i;

	keep_line(addr, sizeof addr, ev->addr);
	if ((i = peer_at(m, addr)) < m->npeers)
		forget_peer(m, i);
	if ((ev->flags & EV_FLAG_PEER_QUIT) == 0)
		add_peer(m, addr);
}

static void
take_peers(struct con_mirror *m, const struct wire_frame *f)
{
	char addr[CON_ADDR_MAX];

	m->npeers = 0;
	for (size_t i = 0; i < f->npeers && i < CON_PEERS; i++) {
		keep_line(addr, sizeof addr, f->peers[i]);
		add_peer(m, addr);
	}
}

void
con_mirror_clock(struct con_mirror *m, const struct wire_frame *f,
    int64_t steady_ms)
{
	int64_t at = f->now_ms != 0 ? f->now_ms : f->ev.steady_ms;

	if (at == 0)
		return;
	if (f->op == WIRE_WELCOME || at - steady_ms > m->ahead_ms)
		m->ahead_ms = at - steady_ms;
}

int64_t
con_mirror_now_ms(const struct con_mirror *m, int64_t steady_ms)
{
	return steady_ms + m->ahead_ms;
}

static void
take_moments(struct ev_session *to, const struct ev_session *from)
{
	to->began_at.steady_ms = from->began_at.steady_ms;
	to->waiting_at.steady_ms = from->waiting_at.steady_ms;
	to->said_at.steady_ms = from->said_at.steady_ms;
	to->gone_at.steady_ms = from->gone_at.steady_ms;
	to->owned_at.steady_ms = from->owned_at.steady_ms;
	to->offered_at.steady_ms = from->offered_at.steady_ms;
	to->kept_at.steady_ms = from->kept_at.steady_ms;
}

void
con_mirror_live(struct con_mirror *m, const struct wire_frame *f)
{
	con_people_live(&m->people, f);
	for (size_t i = 0; i < f->nsessions; i++) {
		struct con_session *s = con_mirror_find(m, f->sessions[i].sid);

		if (s != NULL)
			take_moments(&s->facts, &f->sessions[i]);
	}
}

int
con_mirror_welcome(struct con_mirror *m, const struct wire_frame *f)
{
	snprintf(m->me, sizeof m->me, "%s", f->name);
	m->nlookers = 0; /* the desk tells them anew, and the marks */
	for (size_t i = 0; i < m->n; i++) {
		m->all[i]->read.told = 0;
		m->all[i]->stuck_ms = 0;
	}
	con_people_welcome(&m->people, f);
	if (f->replay)
		return 0;
	m->unlisted = f->unlisted;
	take_peers(m, f);
	for (size_t i = 0; i < m->n; i++)
		forget(m, m->all[i]);
	for (size_t i = 0; i < f->nsessions; i++) {
		if (take_session(m, &f->sessions[i], f->seq) < 0)
			return -ENOMEM;
	}
	for (size_t i = m->n; i > 0; i--)
		if (con_is_closed(m->all[i - 1]))
			drop_if_done(m, m->all[i - 1]->facts.sid);
	m->seq = f->seq;
	return 0;
}

bool
con_is_own_key(const struct con_mirror *m, const struct ev_key *key)
{
	return ev_key_is_set(key) && ev_key_is_of(key, &m->key);
}

static bool
is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* Its text would look different in another encoding. */
static bool
is_doubtful(const struct con_session *s, const struct ev_event *ev)
{
	return s->facts.charset == NULL ?
	    dw_text_valid(ev->body, ev->len) != ev->len :
	    !is_ascii(ev->body, ev->len);
}

static void
take_said(struct con_mirror *m, struct con_session *s,
    const struct ev_event *ev)
{
	if (m->selected != ev->sid)
		s->news++;
	if (!s->doubtful && is_doubtful(s, ev)) {
		s->doubtful = true;
		s->clear = s->facts.in + s->facts.out - 1;
	}
}

uint64_t
con_mirror_doubtful(const struct con_mirror *m, const struct ev_event *ev)
{
	const struct con_session *s = con_mirror_find(m, ev->sid);

	/* What a customer says of itself is no correction of what it said
	 * before. */
	if (s == NULL || !s->doubtful ||
	    (s->facts.charset != NULL && *ev->who == '\0'))
		return 0;
	return s->facts.in + s->facts.out - s->clear;
}

/* What a reply means here besides what it does to the facts. */
static void
take_reply(struct con_mirror *m, struct con_session *s,
    const struct ev_event *ev)
{
	s->mine = is_me(m, ev->who);
	if (s->mine)
		s->news = 0;
	if (con_unread(s) > 0)
		s->replies++;
	if (!con_is_own_key(m, &ev->key))
		con_seen_reply(con_mirror_seen(m, s), ev->seq,
		    s->facts.in + s->facts.out - 1);
}

/* A colleague has claimed it, or written a note: who answers from now on should
 * have seen that. */
static void
take_colleague(struct con_mirror *m, struct con_session *s,
    const struct ev_event *ev)
{
	bool row = ev->kind == EV_NOTE ||
	    (ev->kind == EV_CLAIM && strcmp(ev->why, EV_WHY_ANSWER) != 0);

	if (row && !is_me(m, ev->who))
		con_seen_reply(con_mirror_seen(m, s), ev->seq,
		    s->facts.in + s->facts.out);
}

/* Whose it is is asked by the names that the desk says, before they are made
 * harmless. */
static void
take_owner(struct con_mirror *m, struct con_session *s,
    const struct ev_event *ev)
{
	if (ev->kind == EV_CLAIM)
		s->yours = is_me(m, ev->who);
	if (ev->kind == EV_OFFER)
		s->offered = is_me(m, ev->why);
	s->yours = s->yours && s->facts.owner[0] != '\0';
	s->offered = s->offered && s->facts.offered[0] != '\0';
}

static int
apply(struct con_mirror *m, const struct ev_event *ev)
{
	struct con_session *s = con_mirror_find(m, ev->sid);

	if (s == NULL && ev->kind == EV_ARRIVED &&
	    (s = add(m, ev->sid)) == NULL)
		return -ENOMEM;
	if (s == NULL)
		return 0;
	ev_apply(&s->facts, ev);
	take_owner(m, s, ev);
	con_make_harmless(&s->facts, ev);
	take_colleague(m, s, ev);
	if (ev->kind == EV_SAID)
		take_said(m, s, ev);
	/* An operator's may be corrected once more. */
	if (ev->kind == EV_CHARSET && *ev->who == '\0')
		s->doubtful = false;
	if (ev->kind == EV_REPLY)
		take_reply(m, s, ev);
	regroup(m, s);
	return 0;
}

int
con_mirror_event(struct con_mirror *m, const struct ev_event *ev)
{
	int r;

	if (ev->seq <= m->seq)
		return 0;
	r = apply(m, ev);
	con_people_event(&m->people, ev);
	if (ev->kind == EV_UDP)
		on_udp(m, ev);
	m->seq = ev->seq;
	drop_if_done(m, ev->sid);
	return r;
}

struct con_seen *
con_mirror_seen(struct con_mirror *m, struct con_session *s)
{
	dw_list_del(&s->showing);
	dw_list_add(&m->showing, &s->showing);
	return &s->seen;
}

/* What the terminal dropped may be anybody's. */
static void
show_all(struct con_mirror *m)
{
	for (size_t i = 0; i < m->n; i++)
		(void)con_mirror_seen(m, m->all[i]);
}

void
con_mirror_painted(struct con_mirror *m, bool whole, int64_t pause_ns,
    int64_t now_ns)
{
	struct con_session *s = con_mirror_find(m, m->selected);
	struct dw_list *n;

	if (!whole)
		show_all(m);
	while ((n = dw_list_take(&m->showing)) != NULL)
		con_seen_painted(&DW_LIST_OF(n, struct con_session, showing)
				     ->seen,
		    whole, pause_ns, now_ns);
	if (s != NULL)
		con_read_painted(&s->read, whole);
}

/* How many replies stand among what is unread is only known when that is
 * nothing; there may be so many as before, or all when it has grown. */
static void
count_replies(struct con_session *s, uint64_t unread_before)
{
	uint64_t unread = con_unread(s);

	if (unread == 0)
		s->replies = 0;
	else if (unread > unread_before)
		s->replies = s->facts.out;
}

struct con_session *
con_mirror_attended(struct con_mirror *m)
{
	struct con_session *s = con_mirror_find(m, m->selected);
	uint64_t before;

	if (s == NULL)
		return NULL;
	before = con_unread(s);
	if (!con_read_key(&s->read))
		return NULL;
	count_replies(s, before);
	return s;
}

void
con_mirror_read(struct con_mirror *m, const struct wire_frame *f)
{
	struct con_session *s = con_mirror_find(m, f->sid);
	uint64_t before;

	if (s == NULL)
		return;
	before = con_unread(s);
	con_read_told(&s->read, f->seq, f->n);
	count_replies(s, before);
	regroup(m, s);
}

uint64_t
con_unread_rows(const struct con_session *s)
{
	uint64_t unread = con_unread(s);

	return unread > 0 ? unread + s->replies : 0;
}

int
con_mirror_select(struct con_mirror *m, uint64_t sid)
{
	struct con_session *s = con_mirror_find(m, sid);
	struct con_session *old = con_mirror_find(m, m->selected);
	uint64_t was = m->selected;

	if (sid != 0 && s == NULL)
		return -ENOENT;
	if (s != NULL) {
		s->news = 0;
		s->been = true;
	}
	if (sid == was)
		return 0;
	if (s != NULL)
		con_read_begin(&s->read);
	m->selected = sid;
	m->previous = was;
	if (s != NULL)
		regroup(m, s);
	if (old != NULL)
		regroup(m, old);
	drop_if_done(m, was);
	return 0;
}

void
con_mirror_keep(struct con_mirror *m, uint64_t sid, bool keep)
{
	struct con_session *s = con_mirror_find(m, sid);

	if (s == NULL)
		return;
	s->keep = keep;
	drop_if_done(m, sid);
}

static int
lookup_number(const struct con_mirror *m, const char *digits, uint64_t *sid)
{
	char *end;

	errno = 0;
	*sid = strtoull(digits, &end, 10);
	if (errno != 0 || *end != '\0' || con_mirror_find(m, *sid) == NULL)
		return -ENOENT;
	return 0;
}

/* Does the name begin with the folded text?  2: it is the text. */
static int
match_name(const struct con_session *s, const struct dw_buf *text)
{
	struct dw_buf name = DW_BUF_INITIALIZER;
	int match = 0;

	if (dw_text_fold(&name, s->facts.name, strlen(s->facts.name)) == 0 &&
	    strncmp(dw_buf_str(&name), dw_buf_str(text), text->len) == 0)
		match = name.len == text->len ? 2 : 1;
	dw_buf_fini(&name);
	return match;
}

/* What was found so far: the best match, and how many there are as good. */
struct found {
	int match;
	size_t n;
	uint64_t sid;
};

/* An open session comes before a closed one, the whole name before its
 * beginning. */
static void
consider(struct found *found, const struct con_session *s, int match)
{
	if (match > 0 && !con_is_closed(s))
		match += 2;
	if (match == 0 || match < found->match)
		return;
	found->n = match > found->match ? 1 : found->n + 1;
	found->match = match;
	found->sid = s->facts.sid;
}

static int
lookup_name(const struct con_mirror *m, const char *text, uint64_t *sid)
{
	struct dw_buf folded = DW_BUF_INITIALIZER;
	struct found found = { 0, 0, 0 };

	if (dw_text_fold(&folded, text, strlen(text)) < 0)
		return -ENOENT;
	for (size_t i = 0; i < m->n; i++)
		consider(&found, m->all[i], match_name(m->all[i], &folded));
	dw_buf_fini(&folded);
	*sid = found.sid;
	if (found.n == 0)
		return -ENOENT;
	return found.n == 1 ? 0 : -EEXIST;
}

int
con_mirror_lookup(const struct con_mirror *m, const char *text, uint64_t *sid)
{
	if (*text == '#')
		text++;
	if (*text == '\0')
		return -ENOENT;
	if (text[strspn(text, "0123456789")] == '\0')
		return lookup_number(m, text, sid);
	return lookup_name(m, text, sid);
}

static bool
is_new(const struct con_mirror *m, const struct con_session *s)
{
	return ev_waits(&s->facts) && s->facts.sid != m->selected &&
	    !con_is_taken(s) && !con_is_left(s) && (!s->been || s->news > 0);
}

/* Of those that `which` is true for, the one that waits longest. */
static const struct con_session *
first_of(const struct con_mirror *m,
    bool (*which)(const struct con_mirror *m, const struct con_session *s))
{
	const struct con_session *first = NULL;

	for (size_t i = 0; i < m->n; i++) {
		const struct con_session *s = m->all[i];

		if (which(m, s) &&
		    (first == NULL || waits_from(s) < waits_from(first)))
			first = s;
	}
	return first;
}

/* Who is connected, then who left; each by since when it waits. */
static bool
comes_before(const struct con_session *x, const struct con_session *y)
{
	uint64_t wx = waits_from(x), wy = waits_from(y);

	if (con_is_left(x) != con_is_left(y))
		return con_is_left(y);
	return wx != wy ? wx < wy : x->facts.sid < y->facts.sid;
}

/* The first who waits and comes behind `after` (NULL: the first of all). */
static const struct con_session *
first_after(const struct con_mirror *m, const struct con_session *after)
{
	const struct con_session *first = NULL;

	for (size_t i = 0; i < m->n; i++) {
		const struct con_session *s = m->all[i];

		if (!ev_waits(&s->facts) || s->facts.sid == m->selected ||
		    con_is_taken(s) ||
		    (after != NULL && !comes_before(after, s)))
			continue;
		if (first == NULL || comes_before(s, first))
			first = s;
	}
	return first;
}

uint64_t
con_mirror_oldest(const struct con_mirror *m)
{
	const struct con_session *now = con_mirror_find(m, m->selected);
	const struct con_session *next = NULL;

	if (now != NULL && ev_waits(&now->facts)) {
		next = first_of(m, is_new);
		if (next == NULL)
			next = first_after(m, now);
	}
	if (next == NULL)
		next = first_after(m, NULL);
	return next == NULL ? 0 : next->facts.sid;
}

uint64_t
con_mirror_next(const struct con_mirror *m)
{
	const struct con_session *s = first_in(m, CON_GROUP_UNREAD);

	if (s == NULL)
		s = first_of(m, any_unread_of_nobody);
	return s == NULL ? con_mirror_oldest(m) : s->facts.sid;
}

uint64_t
con_mirror_previous(const struct con_mirror *m)
{
	return con_mirror_find(m, m->previous) == NULL ? 0 : m->previous;
}

/* Where it stands in the list: the less, the more it is ours to do. */
static int
rank_of(const struct con_session *s)
{
	bool waits = ev_waits(&s->facts);

	if (con_is_left(s))
		return 3;
	if (s->yours && (waits || con_unread(s) > 0))
		return 0;
	if (!waits)
		return 4;
	return con_is_taken(s) ? 2 : 1;
}

static int
list_order(const void *a, const void *b)
{
	const struct con_session *x = *(const struct con_session *const *)a;
	const struct con_session *y = *(const struct con_session *const *)b;
	int rx = rank_of(x), ry = rank_of(y);

	if (x == y)
		return 0;
	if (rx != ry)
		return rx - ry;
	return comes_before(x, y) ? -1 : 1;
}

const struct con_session **
con_mirror_list(const struct con_mirror *m, size_t *n)
{
	const struct con_session **all = malloc((m->n + 1) * sizeof *all);

	*n = m->n;
	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < m->n; i++)
		all[i] = m->all[i];
	qsort(all, m->n, sizeof *all, list_order);
	return all;
}

size_t
con_mirror_present(const struct con_mirror *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += !con_is_closed(m->all[i]) && !con_is_left(m->all[i]);
	return n;
}

size_t
con_mirror_left(const struct con_mirror *m)
{
	const struct con_session *s = con_mirror_find(m, m->selected);

	return dw_order_size(&m->groups[CON_GROUP_LEFT]) +
	    (s != NULL && con_is_left(s));
}

size_t
con_mirror_unread(const struct con_mirror *m)
{
	return dw_order_size(&m->groups[CON_GROUP_UNREAD]);
}

size_t
con_mirror_unattended(const struct con_mirror *m, int64_t *oldest_ms)
{
	const struct con_session *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct con_session *s = m->all[i];

		if (!s->facts.unattended)
			continue;
		n += (size_t)s->facts.unanswered;
		if (first == NULL || waits_from(s) < waits_from(first))
			first = s;
	}
	if (first != NULL)
		*oldest_ms = ev_waits_since(&first->facts).steady_ms;
	return n;
}

void
con_mirror_watch(struct con_mirror *m, struct con_session *s, bool on)
{
	s->watched = on;
	regroup(m, s);
}

void
con_mirror_unlist(struct con_mirror *m, uint64_t sid)
{
	struct con_session *s = con_mirror_find(m, sid);

	if (s == NULL)
		return;
	forget(m, s);
	m->unlisted++;
	drop_if_done(m, sid);
}

static void
forget_looker(struct con_mirror *m, uint64_t n)
{
	for (size_t i = 0; i < m->nlookers; i++)
		if (m->lookers[i].n == n) {
			m->lookers[i] = m->lookers[--m->nlookers];
			return;
		}
}

void
con_mirror_looks(struct con_mirror *m, const struct wire_frame *f)
{
	struct con_looker *l;

	forget_looker(m, f->n);
	if (f->sid == 0 || m->nlookers == CON_LOOKERS)
		return;
	l = &m->lookers[m->nlookers++];
	l->n = f->n;
	l->sid = f->sid;
	keep_name(l->name, sizeof l->name, f->name);
}

void
con_mirror_types(struct con_mirror *m, const struct wire_frame *f,
    int64_t steady_ms)
{
	con_people_types(&m->people, f, con_mirror_now_ms(m, steady_ms));
}

void
con_mirror_reads(struct con_mirror *m, const struct wire_frame *f)
{
	struct con_session *s = con_mirror_find(m, f->sid);

	if (s != NULL)
		s->stuck_ms = f->since_ms;
}

void
con_mirror_facts(const struct con_mirror *m, struct con_facts *out)
{
	const struct con_session *s = con_mirror_find(m, m->selected);
	const struct con_session *first = first_in(m, CON_GROUP_WAITING);

	memset(out, 0, sizeof *out);
	if (s != NULL) {
		out->sid = s->facts.sid;
		out->left = con_is_left(s);
		out->closed = con_is_closed(s);
		memcpy(out->name, s->facts.name, sizeof out->name);
		out->yours = s->yours;
		if (con_is_taken(s))
			memcpy(out->owner, s->facts.owner, sizeof out->owner);
	}
	out->away = con_people_is_away(&m->people, m->me);
	out->waiting = dw_order_size(&m->groups[CON_GROUP_WAITING]);
	out->leavers = dw_order_size(&m->groups[CON_GROUP_LEFT]);
	out->unread = dw_order_size(&m->groups[CON_GROUP_UNREAD]);
	if (first != NULL)
		out->oldest_ms = ev_waits_since(&first->facts).steady_ms;
}

void
con_session_label(const struct con_session *s, char out[CON_LABEL_MAX])
{
	snprintf(out, CON_LABEL_MAX, "%" PRIu64 "%s%s", s->facts.sid,
	    *s->facts.name == '\0' ? "" : " ", s->facts.name);
}

void
con_mirror_label(const struct con_mirror *m, uint64_t sid,
    char out[CON_LABEL_MAX])
{
	const struct con_session unknown = { .facts = { .sid = sid } };
	const struct con_session *s = con_mirror_find(m, sid);

	con_session_label(s == NULL ? &unknown : s, out);
}
