/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may come in as an operator, and what is said to the others.  All of this
 * is on the thread that accepts them.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "service/internal.h"
#include "wire/op.h"

#define LOG_NS DW_SECOND /* between two rows about refusals */

/* One frame, if the socket takes it at once: it has taken none before. */
static void
say_bye(struct sks_request *req, enum ev_code code, const char *text)
{
	struct wire_frame f = wire_frame_of(WIRE_BYE);
	struct dw_buf out = DW_BUF_INITIALIZER;

	f.code = code;
	f.text = text;
	f.len = strlen(text);
	if (wire_frame_encode(&out, &f) == 0 &&
	    sks_send_now(sks_request_socket(req), out.data, out.len) < 0)
		dw_buf_reset(&out); /* who has gone hears nothing */
	dw_buf_fini(&out);
}

/* A program that tries again and again fills no disk. */
static void
log_refusal(struct svc *svc, uid_t uid)
{
	int64_t now = dw_clock_ns();

	if (now < svc->refusal_ns) {
		svc->refusals++;
		return;
	}
	svc_log_refusals(svc);
	svc->refusal_ns = now + LOG_NS;
	dw_log(svc->config->log,
	    _("user %lu may not answer customers here: "
	      "refused"),
	    (unsigned long)uid);
}

void
svc_log_refusals(struct svc *svc)
{
	unsigned long n = svc->refusals;

	svc->refusals = 0;
	if (n > 0)
		dw_log(svc->config->log,
		    DW_PLURAL("%lu more operator was refused",
			"%lu more operators were refused", n),
		    n);
}

/* Only this user, and root, may answer customers here; the console in this
 * process comes over a socketpair and has our own id too. */
static int
operator_verify(struct sks_server *srv, struct sks_request *req)
{
	struct svc *svc = svc_of(sks_server_user(srv));
	uid_t uid;

	if (sks_peercred(sks_request_socket(req), &uid, NULL, NULL) < 0)
		return 0;
	if (uid == geteuid() || uid == 0)
		return 1;
	say_bye(req, EV_CODE_DENIED,
	    _("you may not answer customers here: only the user who runs this "
	      "desk may, and root"));
	log_refusal(svc, uid);
	return 0;
}

static void
operator_refused(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	(void)srv;
	say_bye(req, EV_CODE_LIMIT,
	    why == SKS_OVER_SESSIONS ?
		_("this desk has as many operators as it may; try again "
		  "later") :
		_("this desk has no room for another operator now; try again "
		  "later"));
}

/* Only setup fails, and only for want of memory. */
static int
operator_finish_request(struct sks_server *srv, struct sks_request *req)
{
	int r = sks_default_finish_request(srv, req);

	if (r < 0) {
		operator_refused(srv, req, SKS_OVER_THREADS);
		svc_read_on(svc_of(sks_server_user(srv)),
		    sks_request_socket(req));
	}
	return r;
}

const struct sks_server_ops svc_operator_server_ops = {
	SKS_SERVER_OPS,
	.verify_request = operator_verify,
	.on_overload = operator_refused,
	.finish_request = operator_finish_request,
};
