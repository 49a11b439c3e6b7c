/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may come in as an operator, and what is said to the others.  The thread
 * that accepts them knows whether anybody but the desk's own user may; who that is
 * the worker finds out.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "service/identity.h"
#include "service/internal.h"
#include "wire/op.h"

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

const char *
svc_not_an_operator(const struct svc_people *people)
{
	return svc_people_any(people) ?
	    _("you may not answer customers here: you are not among the "
	      "operators of this desk; who runs it can say who is") :
	    _("you may not answer customers here: only the user who runs this "
	      "desk may, and root");
}

void
svc_refuse_operator(struct svc *svc, uid_t uid)
{
	svc_refused_as(svc, SVC_REFUSED_OPERATOR, NULL,
	    _("user %lu may not answer customers here: "
	      "refused"),
	    (unsigned long)uid);
}

/* The console in this process comes over a socketpair and has our own id, too.
 * Who may not come whoever it is, takes no place for a moment. */
static int
operator_verify(struct sks_server *srv, struct sks_request *req)
{
	struct svc *svc = svc_of(sks_server_user(srv));
	struct svc_settings *settings;
	uid_t uid;
	int may;

	if (sks_peercred(sks_request_socket(req), &uid, NULL, NULL) < 0)
		return 0;
	settings = svc_settings_take(svc);
	may = uid == geteuid() || uid == 0 || svc_people_any(settings->people);
	if (!may) {
		say_bye(req, EV_CODE_DENIED,
		    svc_not_an_operator(settings->people));
		svc_refuse_operator(svc, uid);
	}
	svc_settings_drop(settings);
	return may;
}

static void
say_no_room(struct sks_request *req, enum sks_overload why)
{
	say_bye(req, EV_CODE_LIMIT,
	    why == SKS_OVER_SESSIONS ?
		_("this desk has as many operators as it may; try again "
		  "later") :
		_("this desk has no room for another operator now; try again "
		  "later"));
}

static void
operator_refused(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	svc_refused(svc_of(sks_server_user(srv)),
	    why == SKS_OVER_SESSIONS  ? SVC_REFUSED_OPERATORS :
		why == SKS_OVER_FILES ? SVC_REFUSED_FILES :
					SVC_REFUSED_THREADS,
	    NULL);
	say_no_room(req, why);
}

/* Only setup fails, and only for want of memory. */
static int
operator_finish_request(struct sks_server *srv, struct sks_request *req)
{
	int r = sks_default_finish_request(srv, req);

	if (r < 0) {
		svc_refused(svc_of(sks_server_user(srv)), SVC_REFUSED_MEMORY,
		    NULL);
		say_no_room(req, SKS_OVER_THREADS);
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
	.handle_error = svc_request_failed,
};
