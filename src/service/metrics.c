/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file counts what happens, and writes the numbers down in the two forms
 * that programs read.  The table of families says what each means; its words
 * are never translated.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "service/metrics.h"

#define MS_NS UINT64_C(1000000)

/* ---- counting ---- */

/* A bucket has what took no longer than this.  The words are the same in both
 * forms, so that one series goes on when a scraper changes its form. */
struct bound {
	const char *word; /* in seconds */
	uint64_t ns;
};

static const struct bound waits[] = { { "5.0", 5000 * MS_NS },
	{ "10.0", 10000 * MS_NS }, { "15.0", 15000 * MS_NS },
	{ "30.0", 30000 * MS_NS }, { "60.0", 60000 * MS_NS },
	{ "120.0", 120000 * MS_NS }, { "300.0", 300000 * MS_NS },
	{ "600.0", 600000 * MS_NS }, { "900.0", 900000 * MS_NS },
	{ "1800.0", 1800000 * MS_NS }, { "3600.0", 3600000 * MS_NS } };
static const struct bound commits[] = { { "0.0005", MS_NS / 2 },
	{ "0.001", MS_NS }, { "0.0025", 5 * MS_NS / 2 }, { "0.005", 5 * MS_NS },
	{ "0.01", 10 * MS_NS }, { "0.025", 25 * MS_NS }, { "0.05", 50 * MS_NS },
	{ "0.1", 100 * MS_NS }, { "0.25", 250 * MS_NS }, { "0.5", 500 * MS_NS },
	{ "1.0", 1000 * MS_NS }, { "2.5", 2500 * MS_NS },
	{ "5.0", 5000 * MS_NS }, { "10.0", 10000 * MS_NS },
	{ "30.0", 30000 * MS_NS }, { "60.0", 60000 * MS_NS },
	{ "300.0", 300000 * MS_NS } };

#define N_WAITS   (sizeof waits / sizeof waits[0])
#define N_COMMITS (sizeof commits / sizeof commits[0])
_Static_assert(N_WAITS <= SVC_BUCKETS && N_COMMITS <= SVC_BUCKETS,
    "a histogram has room for its buckets");

static void
observe(struct svc_histogram *h, const struct bound *bounds, size_t n,
    int64_t ns)
{
	uint64_t took = ns > 0 ? (uint64_t)ns : 0;
	size_t i = 0;

	while (i < n && took > bounds[i].ns)
		i++;
	h->counts[i == n ? SVC_BUCKETS : i]++;
	h->sum_ns += took;
}

void
svc_metrics_waited(struct svc_metrics *m, int64_t ms)
{
	observe(&m->wait, waits, N_WAITS, ms * DW_MS);
}

void
svc_metrics_committed(struct svc_metrics *m, int64_t ns, bool failed)
{
	observe(&m->commit, commits, N_COMMITS, ns);
	m->commits_failed += failed;
}

/* Of a session that was reopened the first answer is long ago. */
static void
count_reply(struct svc_metrics *m, const struct ev_event *ev,
    const struct ev_session *facts)
{
	m->messages[SVC_OUT]++;
	if (ev->n == 1 && facts != NULL && facts->began_at.seq != 0)
		observe(&m->first_reply, waits, N_WAITS,
		    (ev->steady_ms - facts->began_at.steady_ms) * DW_MS);
}

static void
count_free(struct svc_metrics *m, const struct ev_event *ev)
{
	m->released += strcmp(ev->why, EV_WHY_RELEASED) == 0;
	m->silent += strcmp(ev->why, EV_WHY_SILENT) == 0;
	m->lost += strcmp(ev->why, EV_WHY_LOST) == 0;
}

void
svc_metrics_event(struct svc_metrics *m, const struct ev_event *ev,
    const struct ev_session *facts)
{
	if (ev->kind == EV_ARRIVED)
		m->sessions_begun++;
	else if (ev->kind == EV_SAID)
		m->messages[SVC_IN]++;
	else if (ev->kind == EV_REPLY)
		count_reply(m, ev, facts);
	else if (ev->kind == EV_FREE)
		count_free(m, ev);
	else if (ev->kind == EV_UDP)
		m->datagrams[SVC_IN]++;
	else if (ev->kind == EV_UDP_REPLY)
		m->datagrams[SVC_OUT]++;
}

/* ---- writing it down ---- */

struct page {
	struct dw_buf *out;
	const struct svc_metrics *m;
	bool open; /* OpenMetrics */
};

/* What a family is. */
enum type { COUNTER, GAUGE, HISTOGRAM, INFO };

static const char *const type_words[] = { "counter", "gauge", "histogram",
	"info" };

struct family {
	const char *name; /* without "deskwire_", and what its type adds */
	enum type type;
	const char *unit; /* "": none */
	const char *help; /* without quotes and backslashes */
	void (*add)(struct page *p, const struct family *f);
};

/* What the samples of this family are called. */
static const char *
suffix(const struct family *f)
{
	return f->type == COUNTER ? "_total" : f->type == INFO ? "_info" : "";
}

/* labels: "" or "{…}". */
static void
add_sample(struct page *p, const struct family *f, const char *labels,
    uint64_t value)
{
	dw_buf_addf(p->out, "deskwire_%s%s%s %" PRIu64 "\n", f->name, suffix(f),
	    labels, value);
}

static void
add_labelled(struct page *p, const struct family *f, const char *label,
    const char *word, uint64_t value)
{
	dw_buf_addf(p->out, "deskwire_%s%s{%s=\"%s\"} %" PRIu64 "\n", f->name,
	    suffix(f), label, word, value);
}

/* No locale has a say in this. */
static void
add_seconds(struct page *p, uint64_t ns)
{
	dw_buf_addf(p->out, " %" PRIu64 ".%09" PRIu64 "\n",
	    ns / UINT64_C(1000000000), ns % UINT64_C(1000000000));
}

static void
add_histogram(struct page *p, const struct family *f,
    const struct svc_histogram *h, const struct bound *bounds, size_t n)
{
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		count += h->counts[i];
		dw_buf_addf(p->out,
		    "deskwire_%s_bucket{le=\"%s\"} %" PRIu64 "\n", f->name,
		    bounds[i].word, count);
	}
	count += h->counts[SVC_BUCKETS];
	dw_buf_addf(p->out, "deskwire_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n",
	    f->name, count);
	dw_buf_addf(p->out, "deskwire_%s_sum", f->name);
	add_seconds(p, h->sum_ns);
	dw_buf_addf(p->out, "deskwire_%s_count %" PRIu64 "\n", f->name, count);
}

static void
add_version(struct page *p, const struct family *f)
{
	add_sample(p, f, "{version=\"" PACKAGE_VERSION "\"}", 1);
}

static void
add_began(struct page *p, const struct family *f)
{
	dw_buf_addf(p->out, "deskwire_%s", f->name);
	add_seconds(p, (uint64_t)p->m->now.began_ms * MS_NS);
}

static void
add_sessions(struct page *p, const struct family *f)
{
	for (unsigned s = EV_STATE_WAITING; s < EV_STATE_CLOSED; s++)
		for (unsigned m = EV_MODE_LINE; m <= EV_MODE_CLASSIC; m++)
			dw_buf_addf(p->out,
			    "deskwire_%s{state=\"%s\",mode=\"%s\"} %" PRIu64
			    "\n",
			    f->name, ev_word(&ev_states, s),
			    ev_word(&ev_modes, m), p->m->now.sessions[s][m]);
}

static void
add_both_ways(struct page *p, const struct family *f,
    const uint64_t counts[SVC_DIRECTIONS])
{
	add_labelled(p, f, "dir", "in", counts[SVC_IN]);
	add_labelled(p, f, "dir", "out", counts[SVC_OUT]);
}

static void
add_messages(struct page *p, const struct family *f)
{
	add_both_ways(p, f, p->m->messages);
}

static void
add_datagrams(struct page *p, const struct family *f)
{
	add_both_ways(p, f, p->m->datagrams);
}

static void
add_wait(struct page *p, const struct family *f)
{
	add_histogram(p, f, &p->m->wait, waits, N_WAITS);
}

static void
add_first_reply(struct page *p, const struct family *f)
{
	add_histogram(p, f, &p->m->first_reply, waits, N_WAITS);
}

static void
add_commit(struct page *p, const struct family *f)
{
	add_histogram(p, f, &p->m->commit, commits, N_COMMITS);
}

static void
add_longest_wait(struct page *p, const struct family *f)
{
	dw_buf_addf(p->out, "deskwire_%s", f->name);
	add_seconds(p, (uint64_t)p->m->now.longest_wait_ms * MS_NS);
}

static void
add_returned(struct page *p, const struct family *f)
{
	add_labelled(p, f, "why", EV_WHY_LOST, p->m->lost);
	add_labelled(p, f, "why", EV_WHY_RELEASED, p->m->released);
	add_labelled(p, f, "why", EV_WHY_SILENT, p->m->silent);
}

static void
add_refused(struct page *p, const struct family *f)
{
	for (unsigned i = 0; i < SVC_REFUSALS; i++)
		add_labelled(p, f, "why", svc_refusal_word(i),
		    p->m->now.refused[i]);
}

/* Most are one number and nothing else. */
#define ONE(fn, value)                                         \
	static void fn(struct page *p, const struct family *f) \
	{                                                      \
		add_sample(p, f, "", (uint64_t)(p->m->value)); \
	}
ONE(add_begun, sessions_begun)
ONE(add_unlisted, now.unlisted)
ONE(add_connections, now.connections)
ONE(add_present, now.present)
ONE(add_consoles, now.consoles)
ONE(add_failed, commits_failed)
ONE(add_seq, now.seq)
ONE(add_verified, now.verified)
ONE(add_disk_failing, now.disk_failing)
ONE(add_damaged, now.damaged)
ONE(add_log_losing, now.log_losing)
ONE(add_closing, now.closing)
#undef ONE

/* clang-format off */
static const struct family families[] = {
	{ "build", INFO, "", "Which version of the desk runs.", add_version },
	{ "start_time_seconds", GAUGE, "seconds",
	    "When the desk began to work, since 1970.", add_began },
	{ "sessions", GAUGE, "",
	    "Sessions that have not ended, by state (waiting: not answered yet; open: answered once; left: not connected any more, and an answer is owed) and by what the customer speaks.",
	    add_sessions },
	{ "sessions_begun", COUNTER, "",
	    "Sessions that began.", add_begun },
	{ "sessions_unlisted", COUNTER, "",
	    "Sessions of customers who left that are off the list, as too many have left.", add_unlisted },
	{ "connections", GAUGE, "",
	    "Connections of customers, with those that have not said anything yet.", add_connections },
	{ "operators_present", GAUGE, "",
	    "Operators who are at a console and not away.", add_present },
	{ "consoles", GAUGE, "", "Consoles that are attached.", add_consoles },
	{ "messages", COUNTER, "",
	    "Messages of customers (in) and answers of operators (out) that were stored.", add_messages },
	{ "datagrams", COUNTER, "",
	    "Datagrams that were stored (in) and answers to them (out).", add_datagrams },
	{ "wait_seconds", HISTOGRAM, "seconds",
	    "How long customers were in line, each time that an operator took or answered one: since the oldest message that had no answer.",
	    add_wait },
	{ "longest_wait_seconds", GAUGE, "seconds",
	    "For how long the first in line waits now; 0 when nobody does.", add_longest_wait },
	{ "first_reply_seconds", HISTOGRAM, "seconds",
	    "How long it took from the beginning of a session to its first answer by an operator; once for each session that was answered.",
	    add_first_reply },
	{ "leases_returned", COUNTER, "",
	    "How often a customer whom an operator answered went back in line: the operator gave it back, was silent for too long, or was lost.",
	    add_returned },
	{ "refused", COUNTER, "",
	    "Connections that were not let in, by why.", add_refused },
	{ "commit_seconds", HISTOGRAM, "seconds",
	    "How long it took to store what was decided in one round.", add_commit },
	{ "commits_failed", COUNTER, "",
	    "Rounds that could not be stored.", add_failed },
	{ "disk_failing", GAUGE, "",
	    "1 while the journal cannot be written, so that nothing new is accepted.", add_disk_failing },
	{ "journal_seq", GAUGE, "",
	    "The number of the last event in the journal.", add_seq },
	{ "journal_verified_seq", GAUGE, "",
	    "Up to which event the journal was found sound since it was written.", add_verified },
	{ "journal_damaged", GAUGE, "",
	    "1 when a damaged event was found in the journal.", add_damaged },
	{ "log_losing", GAUGE, "",
	    "1 while a log takes no rows, so that they are lost.", add_log_losing },
	{ "closing", GAUGE, "",
	    "1 while the desk lets nobody new in, because it is to stop.", add_closing },
};
/* clang-format on */

/* A counter's name has _total in the old form, and not in the new one; and only
 * the new form has units, and a type for what never changes. */
static void
add_head(struct page *p, const struct family *f)
{
	const char *more = p->open ? "" : suffix(f);
	const char *type =
	    type_words[f->type == INFO && !p->open ? GAUGE : f->type];

	dw_buf_addf(p->out, "# HELP deskwire_%s%s %s\n", f->name, more,
	    f->help);
	dw_buf_addf(p->out, "# TYPE deskwire_%s%s %s\n", f->name, more, type);
	if (p->open && f->unit[0] != '\0')
		dw_buf_addf(p->out, "# UNIT deskwire_%s %s\n", f->name,
		    f->unit);
}

int
svc_metrics_render(struct dw_buf *out, const struct svc_metrics *m,
    enum svc_metrics_form form)
{
	struct page p = { out, m, form == SVC_METRICS_OPEN };

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		add_head(&p, &families[i]);
		families[i].add(&p, &families[i]);
	}
	if (p.open)
		dw_buf_adds(out, "# EOF\n");
	return out->failed ? -ENOMEM : 0;
}

const char *
svc_metrics_type(enum svc_metrics_form form)
{
	return form == SVC_METRICS_OPEN ?
	    "application/openmetrics-text; version=1.0.0; charset=utf-8" :
	    "text/plain; version=0.0.4; charset=utf-8";
}
