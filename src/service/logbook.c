/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happens at the desk, in its own log: who comes and goes, which limits end
 * a session, and only if that is asked for what is said.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "service/internal.h"

/* What ended a session because it was too much. */
static const struct {
	const char *why, *sentence;
} limits[] = {
	{ EV_WHY_FLOOD, N_("it wrote faster than it may, for too long") },
	{ EV_WHY_SLOW, N_("too much waits for it, or it takes nothing") },
	{ EV_WHY_TOO_LONG, N_("its lines are too long") },
	{ EV_WHY_MEMORY, N_("there was no memory for it") },
};

static void
log_limit(struct svc *svc, const struct ev_event *ev)
{
	const struct svc_log_about about = { .sid = ev->sid, .why = ev->why };

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (strcmp(ev->why, limits[i].why) == 0)
			svc_log(svc, SVC_LOG_LIMIT, &about, "%s",
			    _(limits[i].sentence));
}

static void
log_arrived(struct svc *svc, const struct ev_event *ev,
    const struct desk_conn *c)
{
	const struct svc_log_about about = { .addr = c != NULL ?
		    svc_customer_address(c) :
		    NULL,
		.sid = ev->sid };

	svc_log(svc, SVC_LOG_CONNECTED, &about, "%s",
	    ev->mode == EV_MODE_CLASSIC ?
		_("a customer came, with a client of the tutorial") :
		_("a customer came"));
}

static void
log_reopened(struct svc *svc, const struct ev_event *ev)
{
	const struct svc_log_about about = { .sid = ev->sid, .who = ev->who };

	svc_log(svc, SVC_LOG_CONNECTED, &about, "%s",
	    _("an operator lets the session go on"));
}

static void
log_ended(struct svc *svc, const struct ev_event *ev, const char *sentence)
{
	/* Of closed alone it is an operator who did it. */
	const struct svc_log_about about = { .sid = ev->sid,
		.who = ev->kind == EV_CLOSED ? ev->who : NULL,
		.why = ev->why };

	svc_log(svc, SVC_LOG_ENDED, &about, "%s", sentence);
}

static void
log_gone(struct svc *svc, const struct ev_event *ev)
{
	log_limit(svc, ev);
	log_ended(svc, ev,
	    _("the customer is not connected any more, and stays on the "
	      "list"));
}

static void
log_closed(struct svc *svc, const struct ev_event *ev,
    const struct desk_session *s)
{
	if (s->facts.gone) {
		log_ended(svc, ev, _("the session is off the list"));
		return;
	}
	log_limit(svc, ev);
	log_ended(svc, ev, _("the session has ended"));
}

/* Only the desk's own: what operators do is no limit. */
static void
log_ban(struct svc *svc, const struct ev_event *ev)
{
	struct svc_log_about about = { .why = ev->why };
	struct sks_addr addr;

	if (ev->who[0] != '\0')
		return;
	if (sks_addr_parse(ev->addr, 1, &addr) == 0)
		about.addr = &addr;
	svc_log(svc, SVC_LOG_LIMIT, &about,
	    DW_PLURAL("nobody is let in from one address for %llu second",
		"nobody is let in from one address for %llu seconds",
		(unsigned long)ev->n),
	    (unsigned long long)ev->n);
}

/* In UTF-8, if its customer writes something else. */
static void
log_words(struct svc *svc, const struct ev_event *ev,
    const struct dw_charset *cs)
{
	struct svc_log_about about = { .sid = ev->sid };
	struct dw_buf text = DW_BUF_INITIALIZER;
	struct sks_addr addr;

	if (ev->kind != EV_SAID && ev->kind != EV_UDP)
		about.who = ev->who;
	if (ev->sid == 0 && sks_addr_parse(ev->addr, 1, &addr) == 0)
		about.addr = &addr;
	if (cs != NULL && dw_charset_decode(&text, cs, ev->body, ev->len) == 0)
		svc_log_text(svc, SVC_LOG_SAID, &about, dw_buf_str(&text),
		    text.len);
	else
		svc_log_text(svc, SVC_LOG_SAID, &about, ev->body, ev->len);
	dw_buf_fini(&text);
}

void
svc_log_event(struct svc *svc, const struct ev_event *ev,
    const struct desk_session *s, const struct desk_conn *c)
{
	bool words = svc->config->log_words;

	if (svc->config->log == NULL)
		return;
	if (ev->kind == EV_ARRIVED)
		log_arrived(svc, ev, c);
	else if (ev->kind == EV_REOPENED)
		log_reopened(svc, ev);
	else if (ev->kind == EV_GONE)
		log_gone(svc, ev);
	else if (ev->kind == EV_CLOSED && s != NULL)
		log_closed(svc, ev, s);
	else if (ev->kind == EV_BAN)
		log_ban(svc, ev);
	else if (words && ev->kind == EV_SAID)
		log_words(svc, ev, s != NULL ? s->facts.charset : NULL);
	else if (words &&
	    (ev->kind == EV_REPLY || ev->kind == EV_UDP ||
		ev->kind == EV_UDP_REPLY))
		log_words(svc, ev, NULL);
}

/* ---- libsocketserver's rows ---- */

void
svc_server_says(void *user, enum sks_log_level level, const char *text)
{
	(void)level;
	svc_log(svc_of(user), SVC_LOG_SERVER, NULL, "%s", text);
}

/* Its own row would have the whole address. */
void
svc_log_failure(struct svc *svc, const struct sks_request *req,
    const struct sks_error *e)
{
	const struct svc_log_about about = {
		.addr = req != NULL ? sks_request_address(req) : NULL
	};
	char text[160];

	if (e->code == SKS_ERESET || e->code == SKS_EEOF)
		return;
	svc_log(svc, SVC_LOG_SERVER, &about, "%s",
	    sks_error_format(e, text, sizeof text));
}

void
svc_request_failed(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e)
{
	svc_log_failure(svc_of(sks_server_user(srv)), req, e);
}
