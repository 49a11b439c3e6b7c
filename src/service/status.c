/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the desk says of itself when an operator asks: rows "word: value" that
 * people can read and a script can.  The words are never translated, and a row
 * that a later version adds is no change of the others.
 */
#include "config.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "service/operator.h"

/* What may be wrong for as long as it is. */
static void
add_problem(struct dw_buf *out, const char *text)
{
	if (text[0] != '\0')
		dw_buf_addf(out, "\nproblem: %s", text);
}

/* As RFC 3339 has it, in UTC. */
static void
add_since(struct dw_buf *out, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	char at[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
	dw_buf_addf(out, "\nsince: %s", at);
}

static void
add_listeners(struct dw_buf *out, const struct svc *svc)
{
	dw_buf_adds(out, "\nlisteners:");
	for (size_t i = 0; i < svc->nlisteners; i++)
		dw_buf_addf(out, "%s %s", i > 0 ? "," : "",
		    svc->listener_names[i]);
}

static uint64_t
count_state(const struct desk *d, enum ev_state state)
{
	uint64_t n = 0;

	for (unsigned m = EV_MODE_LINE; m <= EV_MODE_CLASSIC; m++)
		n += desk_count(d, state, m);
	return n;
}

static void
add_sessions(struct dw_buf *out, const struct svc *svc)
{
	const char *before = "\nsessions:";

	for (unsigned i = EV_STATE_WAITING; i < EV_STATE_CLOSED; i++) {
		dw_buf_addf(out, "%s %" PRIu64 " %s", before,
		    count_state(svc->desk, i), ev_word(&ev_states, i));
		before = ",";
	}
	dw_buf_addf(out, "\nconnected: %u", atomic_load(&svc->live));
}

static void
count_one(void *arg, const struct desk_person *p)
{
	uint64_t *n = arg;

	(void)p;
	++*n;
}

static void
add_operators(struct dw_buf *out, const struct svc *svc)
{
	uint64_t n = 0;

	desk_each_person(svc->desk, count_one, &n);
	dw_buf_addf(out, "\noperators: %" PRIu64, n);
}

/* An administrator has said when it is to stop. */
static void
add_stop(struct dw_buf *out, const struct svc *svc)
{
	if (svc->stop_text[0] != '\0')
		dw_buf_addf(out, "\nstop: %s", svc->stop_text);
}

/* Where it answers who watches it. */
static void
add_watchers(struct dw_buf *out, const struct svc *svc)
{
	for (size_t i = 0; i < svc->nwatchers; i++)
		dw_buf_addf(out, "%s %s",
		    i > 0 ? "," : "\nmetrics:", svc->watchers[i].name);
}

static void
add_problems(struct dw_buf *out, const struct svc *svc)
{
	if (svc->disk_failing)
		add_problem(out,
		    _("the journal cannot be written: nothing new is accepted "
		      "until it can"));
	if (svc->held_back)
		add_problem(out,
		    _("another program reads the journal and does not let go: "
		      "its -wal grows for as long, and is beyond 64 MiB now"));
	add_problem(out, svc->damage);
	add_problem(out, svc->socket_text);
	if (svc->log_losing || svc->talk_losing)
		add_problem(out,
		    _("rows of the log are lost, because it takes none"));
}

static void
status(struct dw_buf *out, struct svc *svc)
{
	dw_buf_addf(out, "desk: %s\nversion: " PACKAGE_VERSION "\npid: %ld",
	    svc->held->name, (long)getpid());
	dw_buf_addf(out, "\nstate: %s",
	    atomic_load(&svc->quits) > 0 || svc->closing ? "stopping" :
		atomic_load(&svc->closes)                ? "closing" :
							   "working");
	add_since(out, svc->began_ms);
	add_stop(out, svc);
	add_listeners(out, svc);
	add_watchers(out, svc);
	add_sessions(out, svc);
	add_operators(out, svc);
	dw_buf_addf(out,
	    "\njournal: %" PRIu64 " events, verified up to %" PRIu64,
	    desk_last_seq(svc->desk), store_checked(svc->store));
	add_problems(out, svc);
}

/* The answer's text ends its last row by itself. */
static void
metrics(struct dw_buf *out, struct svc *svc)
{
	if (svc_metrics_page(svc, out, SVC_METRICS_TEXT) == 0)
		out->data[--out->len] = '\0';
}

typedef void report_fn(struct dw_buf *out, struct svc *svc);

static report_fn *const reports[] = {
	[DESK_REPORT_STATUS] = status,
	[DESK_REPORT_METRICS] = metrics,
};

void
svc_report(struct svc *svc, struct svc_node *n, enum desk_report what)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct desk_answer a = { .code = EV_CODE_OK };

	reports[what](&out, svc);
	a.text = dw_buf_str(&out);
	if (out.failed) {
		a.code = EV_CODE_NOT_STORED;
		a.text = _("out of memory");
	}
	svc_answer(svc, n, &a);
	dw_buf_fini(&out);
}
