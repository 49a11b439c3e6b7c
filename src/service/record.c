/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log of what is said, in the words of the tutorial's servers, each row
 * with the session's number and address.  Customers' text is made harmless by
 * the log itself.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/quit.h"
#include "base/text.h"
#include "service/internal.h"

struct record {
	struct dw_log *log;
	bool one_at_a_time;
	bool classic;                     /* set for events of sessions */
	const struct dw_charset *charset; /* the same */
	char id[EV_ADDR_SIZE + 32];       /* "[3] 127.0.0.1:5" */
};

static void
begin(struct record *r, const struct svc *svc, uint64_t sid, const char *addr)
{
	r->log = svc->config->talk;
	r->one_at_a_time = svc->config->one_at_a_time;
	snprintf(r->id, sizeof r->id, "[%llu] %s", (unsigned long long)sid,
	    addr);
}

/* The words of both are protocol: the tutorial's, in every language. */
static void
record_text(const struct record *r, const char *what, int64_t t_ms,
    const char *text, size_t len)
{
	char stamp[DW_CLOCK_STAMP], before[EV_ADDR_SIZE + 128];

	dw_clock_stamp(t_ms, stamp);
	snprintf(before, sizeof before, "%s Server %s %s - ", r->id, what,
	    stamp);
	dw_log_bytes(r->log, before, text, len);
}

static void
record_arrived(const struct record *r, const struct ev_event *ev,
    const struct desk_conn *c)
{
	char tuple[SKS_ADDR_TEXT];

	sks_addr_format(svc_customer_address(c), SKS_STYLE_PYTHON, tuple,
	    sizeof tuple);
	if (!r->one_at_a_time)
		dw_log(r->log,
		    _("%s New connection in a thread of its "
		      "own..."),
		    r->id);
	dw_log(r->log, _("%s Customer connected:%s"), r->id, tuple);
	if (r->classic)
		record_text(r, "received ==>", ev->t_ms, EV_CLIENT_HELLO,
		    strlen(EV_CLIENT_HELLO));
}

static void
record_said(const struct record *r, const struct ev_event *ev)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	if (dw_charset_decode(&text, r->charset, ev->body, ev->len) == 0)
		record_text(r, "received ==>", ev->t_ms, dw_buf_str(&text),
		    text.len);
	else
		record_text(r, "received ==>", ev->t_ms, ev->body, ev->len);
	dw_buf_fini(&text);
	if ((ev->flags & EV_FLAG_CUT_SHORT) != 0)
		dw_log(r->log, _("%s The connection ended inside that message"),
		    r->id);
	if ((ev->flags & EV_FLAG_REST_LOST) != 0)
		dw_log(r->log,
		    _("%s More may have followed that message, and is lost"),
		    r->id);
	dw_log(r->log, _("%s Please reply to the customer:"), r->id);
}

static void
record_charset(const struct record *r, const struct ev_event *ev)
{
	dw_log(r->log, _("%s From here on the customer's text is read as %s"),
	    r->id, ev->why);
}

static void
record_end(const struct record *r, const struct ev_event *ev)
{
	const char *addr = strchr(r->id, ' ') + 1;

	/* Its last word is the reason, and no message. */
	if (r->classic && strcmp(ev->why, DW_QUIT) == 0)
		record_text(r, "received ==>", ev->t_ms, DW_QUIT,
		    strlen(DW_QUIT));
	dw_log(r->log, _("%s Connection closed (%s)"), r->id, ev->why);
	dw_log(r->log, _("%s Disconnected from customer %s"), r->id, addr);
	if (ev->kind == EV_GONE)
		dw_log(r->log,
		    _("%s Left without an answer: it stays on the list"),
		    r->id);
	if (r->one_at_a_time)
		dw_log(r->log, _("Waiting for customers..."));
}

/* Of one that left its connection was recorded then. */
static void
record_closed(const struct record *r, const struct ev_event *ev,
    const struct desk_session *s)
{
	if (!s->facts.gone)
		record_end(r, ev);
	else
		dw_log(r->log, _("%s Off the list (%s)"), r->id, ev->why);
}

static void
begin_udp(struct record *r, const struct svc *svc, const char *addr)
{
	r->log = svc->config->talk;
	r->one_at_a_time = svc->config->one_at_a_time;
	snprintf(r->id, sizeof r->id, "[udp] %s", addr);
}

void
svc_record(struct svc *svc, const struct ev_event *ev,
    const struct desk_session *s, const struct desk_conn *c)
{
	struct record r;

	if (svc->config->talk == NULL)
		return;
	if (s != NULL) {
		begin(&r, svc, s->facts.sid, s->facts.addr);
		r.classic = s->facts.mode == EV_MODE_CLASSIC;
		r.charset = s->facts.charset;
	}
	switch (ev->kind) {
	case EV_ARRIVED:
		record_arrived(&r, ev, c);
		break;
	case EV_SAID:
		record_said(&r, ev);
		break;
	case EV_CHARSET:
		record_charset(&r, ev);
		break;
	case EV_GONE:
		record_end(&r, ev);
		break;
	case EV_CLOSED:
		record_closed(&r, ev, s);
		break;
	case EV_REPLY: /* recorded when it goes: svc_record_put() */
	case EV_UDP:   /* recorded with its address: svc_record_datagram() */
	case EV_UDP_REPLY:
	case EV_SENT:
	case EV_UDP_SENT:
	case EV_NAME:
	case EV_EOF:
	case EV_ON:
	case EV_OFF:
	case EV_CLAIM:
	case EV_FREE:
	case EV_OFFER:
	case EV_DECLINED:
	case EV_KEEP:
	case EV_NOTE:
	case EV_MSG:
	case EV_AWAY:
	case EV_BACK:
	case EV_SAME:
	case EV_REOPENED:
	case EV_BAN:
	case EV_UNBAN:
	case EV_ERASED:
	case EV_UNKNOWN:
		break;
	}
}

/* What an operator said when it goes, which for a classic client may be later,
 * even behind the row of its end; and everything that such a client reads. */
void
svc_record_put(struct svc *svc, const struct desk_conn *c,
    const struct desk_say *say)
{
	bool counts = c->mode == EV_MODE_CLASSIC ? say->raw : say->who != NULL;
	struct record r;

	if (svc->config->talk == NULL || !counts || c->sid == 0)
		return;
	begin(&r, svc, c->sid, c->addr);
	record_text(&r, "send -->", dw_clock_wall_ms(), say->text, say->len);
}

void
svc_record_udp_answer(struct svc *svc, const char *addr, const char *text,
    size_t len)
{
	struct record r;

	if (svc->config->talk == NULL)
		return;
	begin_udp(&r, svc, addr);
	record_text(&r, "send -->", dw_clock_wall_ms(), text, len);
}

void
svc_record_datagram(struct svc *svc, const struct sks_addr *from,
    const struct desk_request *rq)
{
	char tuple[SKS_ADDR_TEXT], before[EV_ADDR_SIZE + 2 * SKS_ADDR_TEXT];
	struct dw_buf text = DW_BUF_INITIALIZER;
	const struct dw_charset *cs = NULL;
	struct record r;

	if (svc->config->talk == NULL)
		return;
	begin_udp(&r, svc, rq->addr);
	sks_addr_format(from, SKS_STYLE_PYTHON, tuple, sizeof tuple);
	snprintf(before, sizeof before,
	    _("%s Received from customer -> %s the message: "), r.id, tuple);
	if (svc->config->charset != NULL &&
	    dw_text_valid(rq->text, rq->len) != rq->len)
		cs = svc->config->charset;
	if (dw_charset_decode(&text, cs, rq->text, rq->len) == 0)
		dw_log_bytes(r.log, before, dw_buf_str(&text), text.len);
	dw_buf_fini(&text);
	if ((rq->flags & EV_FLAG_TRUNCATED) != 0)
		dw_log(r.log,
		    _("%s That message was cut: %lu bytes of it are "
		      "kept"),
		    r.id, (unsigned long)rq->len);
}
