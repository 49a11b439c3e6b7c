/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is not let in, and until when: by an operator, or by the desk itself for
 * whom too many floods came from.  They are facts, which the journal keeps; so
 * a round that fails puts back the list as it was.  They end by the wall clock,
 * as they outlive the desk.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "desk/internal.h"

#define SHOWN_MAX   100
#define V4_BITS_MIN 8 /* what is wider was a slip */
#define V6_BITS_MIN 16
#define DAY_S       INT64_C(86400)
#define TIME_MAX_S  (365 * DAY_S)

#define FLOODS       1024
#define FIRST_BAN_S  INT64_C(60)
#define AGAIN        4 /* times as long as the last one */
#define FIRST_WITHIN (3600 * INT64_C(1000))
#define AGAIN_WITHIN (DAY_S * 1000)

/* ---- the list ---- */

static void
drop(struct desk_bans *b, size_t i)
{
	memmove(&b->all[i], &b->all[i + 1], (--b->n - i) * sizeof b->all[0]);
}

static void
drop_net(struct desk_bans *b, const struct desk_net *net)
{
	for (size_t i = 0; i < b->n; i++)
		if (desk_net_is(&b->all[i].net, net)) {
			drop(b, i);
			return;
		}
}

static void
drop_ended(struct desk_bans *b, int64_t now_ms)
{
	for (size_t i = b->n; i-- > 0;)
		if (b->all[i].until_ms <= now_ms)
			drop(b, i);
}

static void
drop_first_to_end(struct desk_bans *b)
{
	size_t first = 0;

	for (size_t i = 1; i < b->n; i++)
		if (b->all[i].until_ms < b->all[first].until_ms)
			first = i;
	drop(b, first);
}

static void
add(struct desk_bans *b, const struct desk_net *net, const struct ev_event *ev)
{
	struct desk_ban *ban;
	size_t len = ev->len < sizeof ban->why ? ev->len : sizeof ban->why - 1;

	drop_net(b, net);
	if (b->n == DESK_BANS)
		drop_first_to_end(b);
	ban = &b->all[b->n++];
	memset(ban, 0, sizeof *ban);
	ban->net = *net;
	/* A journal may say anything. */
	ban->until_ms = ev->t_ms +
	    1000 * (ev->n < TIME_MAX_S ? (int64_t)ev->n : TIME_MAX_S);
	ban->flood = strcmp(ev->why, EV_WHY_FLOOD) == 0;
	desk_net_format(net, ban->addr);
	snprintf(ban->who, sizeof ban->who, "%s", ev->who);
	memcpy(ban->why, ev->body, dw_text_cut(ev->body, len, len));
}

static int
make_room(struct desk_bans *b)
{
	return b->n < b->cap || b->n == DESK_BANS ?
	    0 :
	    desk_grow(&b->all, &b->cap, b->n + 1, sizeof b->all[0]);
}

int
desk_bans_replay(struct desk *d, const struct ev_event *ev)
{
	struct desk_net net;
	int r;

	if (!desk_net_parse(&net, ev->addr))
		return 0; /* its address is erased */
	if (ev->kind == EV_UNBAN) {
		drop_net(&d->bans, &net);
		return 0;
	}
	if ((r = make_room(&d->bans)) == 0)
		add(&d->bans, &net, ev);
	return r;
}

void
desk_bans_begin(struct desk *d, struct desk_time now)
{
	drop_ended(&d->bans, now.ms);
}

void
desk_bans_fini(struct desk *d)
{
	free(d->bans.all);
	free(d->bans_before.all);
	free(d->floods);
}

void
desk_each_ban(const struct desk *d,
    void (*fn)(void *arg, const struct desk_ban *ban), void *arg)
{
	for (size_t i = 0; i < d->bans.n; i++)
		fn(arg, &d->bans.all[i]);
}

static const struct desk_ban *
find(const struct desk *d, const struct desk_net *net, struct desk_time now)
{
	for (size_t i = 0; i < d->bans.n; i++)
		if (desk_net_is(&d->bans.all[i].net, net) &&
		    d->bans.all[i].until_ms > now.ms)
			return &d->bans.all[i];
	return NULL;
}

const struct desk_ban *
desk_ban_of(const struct desk *d, const char *addr, struct desk_time now)
{
	struct desk_net peer;

	if (d->bans.n == 0 || !desk_net_of_peer(&peer, addr))
		return NULL;
	for (size_t i = 0; i < d->bans.n; i++)
		if (d->bans.all[i].until_ms > now.ms &&
		    desk_net_has(&d->bans.all[i].net, &peer))
			return &d->bans.all[i];
	return NULL;
}

/* ---- a round that changes it ---- */

/* As it was before the round, and room for one more. */
static int
prepare(struct desk *d)
{
	struct desk_bans *before = &d->bans_before;

	if (make_room(&d->bans) < 0)
		return -ENOMEM;
	if (d->bans_changed)
		return 0;
	if (desk_grow(&before->all, &before->cap, d->bans.n + 1,
		sizeof before->all[0]) < 0)
		return -ENOMEM;
	before->n = d->bans.n;
	if (before->n > 0)
		memcpy(before->all, d->bans.all,
		    before->n * sizeof before->all[0]);
	d->bans_changed = true;
	return 0;
}

void
desk_bans_keep(struct desk *d)
{
	d->bans_changed = false;
}

void
desk_bans_restore(struct desk *d)
{
	struct desk_bans was = d->bans_before;

	if (!d->bans_changed)
		return;
	d->bans_before = d->bans;
	d->bans = was;
	d->bans_changed = false;
}

/* An event of the list, and what it does to that.  The address is the event's
 * own.  Returns the event, or -ENOMEM. */
static int
change(struct desk *d, const struct desk_net *net, struct ev_event ev,
    struct desk_time now)
{
	char text[DESK_NET_SIZE], *addr;
	size_t event;

	desk_net_format(net, text);
	if (prepare(d) < 0 || (addr = strdup(text)) == NULL)
		return -ENOMEM;
	ev.addr = addr;
	event = desk_emit(d, NULL, ev, now);
	d->effects[d->neffects - 1].owned = addr;
	if (ev.kind == EV_BAN) {
		drop_ended(&d->bans, now.ms);
		add(&d->bans, net, &d->events[event]);
	} else {
		drop_net(&d->bans, net);
	}
	return 0;
}

/* ---- the commands ---- */

/* Cuts the first word off. */
static const char *
take_word(const char **arg, char *word, size_t size)
{
	size_t len = strcspn(*arg, " ");

	snprintf(word, size, "%.*s", (int)len, *arg);
	*arg += len;
	*arg += strspn(*arg, " ");
	return len < size ? word : "";
}

static bool
is_number(const char *word)
{
	return *word != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* The address of a session.  Whoever comes through this machine, by a relay, has
 * an address that is everybody's.  Returns false after answering. */
static bool
net_of_session(struct desk *d, const struct desk_request *rq, const char *word,
    struct desk_net *net)
{
	const struct desk_session *s = desk_command_session(d, rq, word);

	if (s == NULL)
		return false;
	if (!desk_net_of_peer(net, s->facts.addr)) {
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that customer has no address that could be banned"));
		return false;
	}
	if (desk_net_is_loopback(net)) {
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that customer comes from this machine, as others may; "
		      "name the address if you mean them all"));
		return false;
	}
	desk_net_narrow(net);
	return true;
}

static bool
net_named(struct desk *d, const struct desk_request *rq, const char *word,
    struct desk_net *net)
{
	if (!desk_net_parse(net, word)) {
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("whom? Say /ban WHO TIME WHY: the number of a session, "
		      "an address, or a network as 192.0.2.0/24; and 10m, 2h "
		      "or 7d"));
		return false;
	}
	if (net->bits < (net->v6 ? V6_BITS_MIN : V4_BITS_MIN)) {
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that network is too large: it has at least /8, and /16 "
		      "with IPv6"));
		return false;
	}
	return true;
}

/* What they are told who are thrown out.  NULL: no memory. */
static char *
bye_text(const char *why)
{
	char *text;
	int n = *why == '\0' ?
	    asprintf(&text, "%s", _("You are banned from this desk.")) :
	    asprintf(&text, _("You are banned from this desk: %s."), why);

	return n < 0 ? NULL : text;
}

static void
end_conn(struct desk *d, struct desk_conn *c, const char *who, const char *bye,
    struct desk_time now)
{
	if (desk_session_is_open(c->session))
		desk_session_end(d, c->session, who, EV_WHY_BANNED, bye, now);
	else
		desk_fx_bye(d, DESK_FX_BYE_STORED, c, bye);
}

struct ended {
	unsigned n;
	bool more; /* than one round should end */
};

/* Looks at every connection, as nothing but this does. */
static struct ended
end_conns(struct desk *d, const struct desk_net *net, const char *who,
    const char *bye, struct desk_time now)
{
	struct ended ended = { 0, false };
	struct desk_net peer;

	DW_LIST_EACH(at, &d->conns) {
		struct desk_conn *c = DW_LIST_OF(at, struct desk_conn, node);

		if (c->ending || c->leaving ||
		    !desk_net_of_peer(&peer, c->addr) ||
		    !desk_net_has(net, &peer))
			continue;
		ended.more =
		    ended.n == DESK_ENDED_AT_ONCE || desk_reserve(d, 2, 4) < 0;
		if (ended.more)
			break;
		end_conn(d, c, who, bye, now);
		ended.n++;
	}
	return ended;
}

/* NULL: no memory. */
static char *
banned_text(const struct desk_net *net, int64_t s, struct ended ended)
{
	char addr[DESK_NET_SIZE], span[DESK_SPAN_SIZE], *text;
	int n;

	desk_net_format(net, addr);
	desk_span(span, s * 1000);
	if (ended.more)
		n = asprintf(&text,
		    _("%s is banned for %s; %u conversations ended, and there "
		      "are more: say it again"),
		    addr, span, ended.n);
	else
		n = asprintf(&text,
		    DW_PLURAL("%s is banned for %s; %u conversation ended",
			"%s is banned for %s; %u conversations ended", ended.n),
		    addr, span, ended.n);
	return n < 0 ? NULL : text;
}

static int
ban(struct desk *d, const struct desk_request *rq, const struct desk_net *net,
    int64_t s, const char *why, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_BAN);
	char *bye = bye_text(why);
	struct ended ended;

	if (bye == NULL)
		return -ENOMEM;
	ev.who = rq->who;
	ev.n = (uint64_t)s;
	ev.body = why;
	ev.len = strlen(why);
	if (change(d, net, ev, now) < 0) {
		free(bye);
		return -ENOMEM;
	}
	ended = end_conns(d, net, rq->who, bye, now);
	desk_fx_answer_owned(d, rq, EV_CODE_OK, banned_text(net, s, ended), "");
	desk_effect_add(d, DESK_FX_KEEP)->owned = bye;
	return 0;
}

int
desk_command_ban(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	char who[DESK_NET_SIZE];
	struct desk_net net;
	size_t len;
	int64_t s;

	take_word(&arg, who, sizeof who);
	if (is_number(who) ? !net_of_session(d, rq, who, &net) :
			     !net_named(d, rq, who, &net))
		return 0;
	len = strcspn(arg, " ");
	if ((s = desk_parse_span(arg, len, TIME_MAX_S)) == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("for how long? Say 10m, 2h or 7d, at most 365d"));
	arg += len;
	arg += strspn(arg, " ");
	if (strlen(arg) >= DESK_BAN_WHY)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that reason is too long; the customer reads it"));
	return ban(d, rq, &net, s, arg, now);
}

int
desk_command_unban(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_UNBAN);
	struct desk_net net;

	if (!desk_net_parse(&net, arg))
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("whom? Say /unban with an address or a network; /bans "
		      "lists them"));
	if (find(d, &net, now) == NULL)
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("that address is not banned; /bans lists those that "
		      "are"));
	ev.who = rq->who;
	if (change(d, &net, ev, now) < 0)
		return -ENOMEM;
	desk_fx_done(d, rq);
	return 0;
}

static void
add_row(struct dw_buf *out, const struct desk_ban *b, struct desk_time now)
{
	char span[DESK_SPAN_SIZE];

	if (out->len > 0)
		dw_buf_addc(out, '\n');
	desk_span(span, b->until_ms - now.ms);
	if (b->flood)
		dw_buf_addf(out,
		    _("%s for %s more, by the desk: it wrote too fast"),
		    b->addr, span);
	else
		dw_buf_addf(out, _("%s for %s more, by %s"), b->addr, span,
		    b->who);
	if (b->why[0] != '\0')
		dw_buf_addf(out, ": %s", b->why);
}

int
desk_command_bans(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	size_t shown = 0, more = 0;

	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/bans takes nothing behind it"));
	for (size_t i = 0; i < d->bans.n; i++) {
		if (d->bans.all[i].until_ms <= now.ms)
			continue;
		if (shown < SHOWN_MAX)
			add_row(&out, &d->bans.all[i], now);
		shown++;
	}
	more = shown > SHOWN_MAX ? shown - SHOWN_MAX : 0;
	if (more > 0)
		dw_buf_addf(&out,
		    DW_PLURAL("\nand %zu more", "\nand %zu more", more), more);
	if (shown == 0)
		dw_buf_adds(&out, _("nobody is banned"));
	desk_fx_answer_owned(d, rq, EV_CODE_OK, dw_buf_take(&out), "");
	return 0;
}

/* ---- floods ---- */

static bool
is_forgotten(const struct desk_flood *f, struct desk_time now)
{
	return f->owed_s == 0 &&
	    now.steady_ms - f->last_ms >
	    (f->ban_s == 0 ? FIRST_WITHIN : AGAIN_WITHIN);
}

/* The entry of this address, or the one that it may have; NULL: all wait to be
 * banned. */
static struct desk_flood *
flood_of(struct desk *d, const struct desk_net *net)
{
	struct desk_flood *oldest = NULL;

	for (size_t i = 0; i < FLOODS; i++) {
		struct desk_flood *f = &d->floods[i];

		if (f->floods > 0 && desk_net_is(&f->net, net))
			return f;
		if (f->owed_s == 0 &&
		    (oldest == NULL || f->last_ms < oldest->last_ms))
			oldest = f;
	}
	if (oldest != NULL)
		*oldest = (struct desk_flood){ .net = *net };
	return oldest;
}

static void
count_flood(struct desk *d, struct desk_flood *f, struct desk_time now)
{
	int64_t max_s = d->config->max_ban_ms / 1000;

	if (is_forgotten(f, now)) {
		f->floods = 0;
		f->ban_s = 0;
	}
	f->last_ms = now.steady_ms;
	if (++f->floods < 2 || f->owed_s != 0)
		return;
	f->ban_s = f->ban_s == 0 ? FIRST_BAN_S : f->ban_s * AGAIN;
	if (f->ban_s > max_s)
		f->ban_s = max_s;
	if ((f->owed_s = f->ban_s) > 0)
		d->floods_owed++;
}

/* A session ended for one. */
void
desk_flood_count(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk *d = r->d;
	struct desk_flood *f;
	struct desk_net net;

	if (d->config->max_ban_ms == 0 ||
	    !desk_net_of_peer(&net, fx->session->facts.addr) ||
	    (desk_net_is_loopback(&net) && !d->config->bans_loopback))
		return;
	if (d->floods == NULL &&
	    (d->floods = calloc(FLOODS, sizeof *d->floods)) == NULL)
		return;
	desk_net_narrow(&net);
	if ((f = flood_of(d, &net)) != NULL)
		count_flood(d, f, r->now);
}

/* Its ban is stored, or a longer one is. */
void
desk_flood_banned(const struct desk_round *r, const struct desk_effect *fx)
{
	r->d->floods[fx->ms].owed_s = 0;
	r->d->floods_owed--;
}

/* An operator may have banned it for longer meanwhile. */
static bool
is_banned_anyway(const struct desk *d, const struct desk_flood *f,
    struct desk_time now)
{
	const struct desk_ban *ban = find(d, &f->net, now);

	return ban != NULL && ban->until_ms >= now.ms + f->owed_s * 1000;
}

static int
ban_flood(struct desk *d, size_t i, struct desk_time now)
{
	const struct desk_flood *f = &d->floods[i];
	struct ev_event ev = ev_event_of(EV_BAN);

	ev.why = EV_WHY_FLOOD;
	ev.n = (uint64_t)f->owed_s;
	if (desk_reserve(d, 1, 1) < 0 ||
	    (!is_banned_anyway(d, f, now) && change(d, &f->net, ev, now) < 0))
		return -ENOMEM;
	desk_effect_add(d, DESK_FX_BANNED)->ms = (int64_t)i;
	return 0;
}

void
desk_floods_settle(struct desk *d, struct desk_time now)
{
	for (size_t i = 0; i < FLOODS && d->floods_owed > 0; i++)
		if (d->floods[i].owed_s != 0 && ban_flood(d, i, now) < 0) {
			d->retry_ns = now.ns + d->config->retry_ns;
			return;
		}
}
