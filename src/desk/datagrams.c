/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams from whoever writes over UDP, and operators' answers.  The
 * desk sends nothing there by itself, so that nobody can make it answer an
 * address that is not the sender's.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/internal.h"

#define DATAGRAMS_SHOWN 20
#define DIGITS          "0123456789"

/* What is known of a peer changes only once its datagram is stored: it is then
 * that an operator sees it. */
void
desk_peer_heard(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct ev_event *ev = &r->d->events[fx->event];
	struct desk_peer *p;

	if ((ev->flags & EV_FLAG_PEER_QUIT) != 0) {
		desk_peers_forget(&r->d->peers, ev->addr);
		return;
	}
	p = desk_peers_heard(&r->d->peers, ev->addr, r->now.ns);
	if (p == NULL)
		return;
	memcpy(p->route, fx->route, sizeof p->route);
	if (ev->why[0] != '\0')
		p->charset = dw_charset_find(ev->why, strlen(ev->why));
}

static unsigned
datagram_flags(const struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	unsigned flags = rq->flags & EV_FLAG_TRUNCATED;

	if (!desk_on_duty(d, now))
		flags |= EV_FLAG_UNATTENDED;
	if ((flags & EV_FLAG_TRUNCATED) == 0 && dw_is_quit(rq->text, rq->len))
		flags |= EV_FLAG_PEER_QUIT;
	else if (desk_peers_find(&d->peers, rq->addr, now.ns) == NULL)
		flags |= EV_FLAG_PEER_NEW;
	return flags;
}

int
desk_decide_datagram(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_UDP);
	struct desk_effect *fx;
	size_t at;

	ev.addr = rq->addr;
	ev.n = rq->whole;
	ev.body = rq->text;
	ev.len = rq->len;
	ev.flags = datagram_flags(d, rq, now);
	if (d->config->charset != NULL &&
	    dw_text_valid(rq->text, rq->len) != rq->len)
		ev.why = d->config->charset->name;
	at = desk_emit(d, NULL, ev, now);
	d->unread += (ev.flags & EV_FLAG_UNATTENDED) != 0;
	fx = desk_effect_add(d, DESK_FX_HEARD);
	fx->event = at;
	fx->route = rq->route;
	desk_fx_done(d, rq);
	return 0;
}

/* ---- answers ---- */

void
desk_send_datagram(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct ev_event *ev = &r->d->events[fx->event];
	const struct desk_peer *to = fx->peer;
	struct desk_udp_sent *sent = &r->d->udp_sent[r->d->nudp_sent++];
	const char *why = r->sink->datagram(r->arg, to, ev->body, ev->len);
	struct desk_peer *known =
	    desk_peers_find(&r->d->peers, to->addr, r->now.ns);

	sent->seq = ev->seq;
	sent->why = why != NULL ? why : "";
	memcpy(sent->addr, to->addr, sizeof sent->addr);
	if (known != NULL)
		known->answered = true;
}

/* Bytes of UTF-8 for which one datagram has room: no character takes more than
 * twice as many in another encoding. */
static size_t
max_answer(const struct desk *d, const struct desk_peer *to)
{
	bool grows = to->charset != NULL && to->charset->grows;

	return grows ? d->config->max_answer / 2 : d->config->max_answer;
}

static int
refuse_long(struct desk *d, const struct desk_request *rq, size_t max,
    size_t len)
{
	char *text;

	if (asprintf(&text,
		_("an answer over UDP may have %zu bytes, and this "
		  "one has %zu: it was not sent"),
		max, len) < 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that is too long for one "
		      "message"));
	desk_fx_answer(d, rq, EV_CODE_USAGE, text)->owned = text;
	return 0;
}

/* Events and effects are reserved; what is noticed when they are published
 * needs memory too. */
static int
answer(struct desk *d, const struct desk_request *rq,
    const struct desk_peer *to, const char *text, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_UDP_REPLY);
	struct desk_effect *fx;
	struct desk_peer *copy;
	size_t at;

	if (strlen(text) > max_answer(d, to))
		return refuse_long(d, rq, max_answer(d, to), strlen(text));
	if (desk_charset_refuses(d, rq, to->charset, text, strlen(text)))
		return 0;
	copy = malloc(sizeof *copy);
	if (copy == NULL ||
	    desk_grow(&d->udp_sent, &d->cap_udp_sent,
		d->nudp_sent + d->neffects + 1, sizeof *d->udp_sent) < 0) {
		free(copy);
		return desk_refuse(d, rq, EV_CODE_NOT_STORED,
		    _("out of memory"));
	}
	*copy = *to;
	ev.addr = copy->addr;
	ev.who = rq->who;
	ev.body = text;
	ev.len = strlen(text);
	at = desk_emit(d, NULL, ev, now);
	fx = desk_effect_add(d, DESK_FX_UDP_ANSWER);
	fx->event = at;
	fx->peer = fx->owned = copy;
	desk_fx_done(d, rq);
	return 0;
}

/* "127.0.0.1:5000" or "[::1]:5000", and nothing that a sentence begins with. */
static bool
is_address(const char *word, size_t len)
{
	const char *colon = dw_memrchr(word, ':', len);
	size_t port = colon != NULL ? len - (size_t)(colon + 1 - word) : 0;
	size_t dots = 0;

	if (port == 0 || strspn(colon + 1, DIGITS) < port)
		return false;
	if (word[0] == '[')
		return colon[-1] == ']';
	for (const char *c = word; c < colon; c++)
		dots += *c == '.';
	return dots == 3 && strspn(word, DIGITS ".") == (size_t)(colon - word);
}

static struct desk_peer *
peer_at(const struct desk *d, const char *word, size_t len,
    struct desk_time now)
{
	char addr[EV_ADDR_SIZE];

	if (len >= sizeof addr)
		return NULL;
	memcpy(addr, word, len);
	addr[len] = '\0';
	return desk_peers_find(&d->peers, addr, now.ns);
}

/* Who is meant when none is named.  Never one of several: another one may
 * write, and the first one leave, while the answer is being typed. */
static int
answer_only(struct desk *d, const struct desk_request *rq, const char *text,
    struct desk_time now)
{
	bool several;
	struct desk_peer *p = desk_peers_only(&d->peers, now.ns, &several);

	if (several)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("several have written over "
		      "UDP: /udp ADDR TEXT says whom you mean"));
	if (p == NULL)
		return desk_refuse(d, rq, EV_CODE_GONE,
		    _("nobody has written over "
		      "UDP lately"));
	return answer(d, rq, p, text, now);
}

static int
answer_at(struct desk *d, const struct desk_request *rq, const char *word,
    size_t len, const char *text, struct desk_time now)
{
	struct desk_peer *p = peer_at(d, word, len, now);

	if (p == NULL)
		return desk_refuse(d, rq, EV_CODE_GONE,
		    _("nobody has written from "
		      "there lately, and only who has can be answered"));
	return answer(d, rq, p, text, now);
}

int
desk_command_udp(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	size_t word = strcspn(arg, " \t\n");
	bool named = is_address(arg, word);
	const char *text =
	    named ? arg + word + strspn(arg + word, " \t\n") : arg;

	const struct ev_past last = { .of = EV_PAST_DATAGRAMS,
		.count = DATAGRAMS_SHOWN };

	if (*arg == '\0') {
		desk_fx_past(d, rq, &last);
		return 0;
	}
	if (dw_text_is_blank(text, strlen(text)))
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("there is nothing to send"));
	if (strlen(text) > d->config->max_answer)
		return refuse_long(d, rq, d->config->max_answer, strlen(text));
	return named ? answer_at(d, rq, arg, word, text, now) :
		       answer_only(d, rq, text, now);
}

void
desk_settle_udp_sent(struct desk *d, struct desk_time now)
{
	while (d->udp_sent_emitted < d->nudp_sent) {
		const struct desk_udp_sent *sent =
		    &d->udp_sent[d->udp_sent_emitted];
		struct ev_event ev = ev_event_of(EV_UDP_SENT);

		if (desk_reserve(d, 1, 0) < 0) {
			d->retry_ns = now.ns + d->config->retry_ns;
			return;
		}
		ev.addr = sent->addr;
		ev.n = sent->seq;
		ev.why = sent->why;
		desk_emit(d, NULL, ev, now);
		d->udp_sent_emitted++;
	}
}

/* ---- rounds ---- */

/* Called when the effects of this round, which notice new ones behind those
 * that were emitted, have been published. */
void
desk_datagrams_keep(struct desk *d)
{
	d->stored_unread = d->unread;
	assert(d->udp_sent_emitted <= d->nudp_sent);
	if (d->udp_sent_emitted == 0)
		return;
	d->nudp_sent -= d->udp_sent_emitted;
	memmove(d->udp_sent, d->udp_sent + d->udp_sent_emitted,
	    d->nudp_sent * sizeof *d->udp_sent);
	d->udp_sent_emitted = 0;
}

void
desk_datagrams_restore(struct desk *d)
{
	d->unread = d->stored_unread;
	d->udp_sent_emitted = 0;
}
