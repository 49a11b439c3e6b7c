/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file writes the rows of the desk's own log, no more of each kind than its
 * rate allows.
 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "desk/net.h"
#include "service/internal.h"
#include "service/log.h"

#define V4_NET     24 /* bits of a customer's address that a log shows */
#define V6_NET     48
#define SUMMARY_NS DW_SECOND

static const struct {
	const char *word;
	enum dw_log_level level;
	int burst, per_s;
} kinds[SVC_LOG_ROWS] = {
#define LOG_ROW(name, word, level, burst, per_s) \
	[SVC_LOG_##name] = { word, DW_LOG_##level, burst, per_s },
#include "service/log_rows.def"
#undef LOG_ROW
};

static const struct {
	const char *word, *sentence;
} refusals[SVC_REFUSALS] = {
#define REFUSAL(name, word, sentence) [SVC_REFUSED_##name] = { word, sentence },
#include "service/refusals.def"
#undef REFUSAL
};

const char *
svc_refusal_word(enum svc_refusal why)
{
	assert(why < SVC_REFUSALS);
	return refusals[why].word;
}

/* ---- rates: one for each kind, and behind them one for each refusal ---- */

static enum svc_log_what
what_of(size_t rate)
{
	return rate < SVC_LOG_ROWS ? (enum svc_log_what)rate : SVC_LOG_REFUSED;
}

static const char *
why_of(size_t rate)
{
	return rate < SVC_LOG_ROWS ? NULL : refusals[rate - SVC_LOG_ROWS].word;
}

/* A rate remembers when it would be as if it had never been used.  Of several
 * threads each takes its own turn of it. */
static bool
may_write(struct svc_log_rate *rate, enum svc_log_what what, int64_t now)
{
	const int64_t period = DW_SECOND / kinds[what].per_s;
	int64_t fresh = atomic_load(&rate->fresh_ns), from;

	do {
		from = fresh > now ? fresh : now;
		if (from - now > (kinds[what].burst - 1) * period)
			return false;
	} while (!atomic_compare_exchange_weak(&rate->fresh_ns, &fresh,
	    from + period));
	return true;
}

/* The first one that is left out: the desk thread says how many those were, if
 * no other row does before. */
static void
begin_leaving_out(struct svc *svc, int64_t now)
{
	int64_t never = DW_NEVER;

	if (atomic_compare_exchange_strong(&svc->log_due_ns, &never,
		now + SUMMARY_NS))
		svc_post_again(&svc->inbox, &svc->log_due);
}

static void
leave_out(struct svc *svc, struct svc_log_rate *rate, int64_t now)
{
	if (atomic_fetch_add(&rate->left_out, 1) == 0)
		begin_leaving_out(svc, now);
}

/* ---- what a row has ---- */

static const char *
network_of(const struct sks_addr *addr, char buf[SKS_ADDR_TEXT])
{
	struct desk_net net;

	sks_addr_format(addr, SKS_STYLE_PLAIN, buf, SKS_ADDR_TEXT);
	if (sks_addr_family(addr) == SKS_UNIX)
		return "unix";
	if (!desk_net_of_peer(&net, buf))
		return NULL;
	desk_net_shorten(&net, net.v6 ? V6_NET : V4_NET);
	_Static_assert(DESK_NET_SIZE <= SKS_ADDR_TEXT, "it fits");
	desk_net_format(&net, buf);
	return buf;
}

/* As much of it as may be shown; NULL: nothing. */
static const char *
shown_address(const struct svc *svc, const struct sks_addr *addr,
    char buf[SKS_ADDR_TEXT])
{
	if (addr != NULL && sks_addr_family(addr) == SKS_UNSPEC)
		return SVC_NO_ADDRESS;
	if (addr == NULL || svc->config->log_addresses == SVC_LOG_NONE)
		return NULL;
	if (svc->config->log_addresses == SVC_LOG_NET)
		return network_of(addr, buf);
	return sks_addr_format(addr, SKS_STYLE_PLAIN, buf, SKS_ADDR_TEXT);
}

struct facts {
	struct dw_log_field all[DW_LOG_FIELDS];
	size_t n;
};

static void
add_word(struct facts *f, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		f->all[f->n++] = (struct dw_log_field){ key, text, 0 };
}

static void
add_number(struct facts *f, const char *key, uint64_t n)
{
	if (n != 0)
		f->all[f->n++] = (struct dw_log_field){ key, NULL, n };
}

static void
write_row(struct svc *svc, enum svc_log_what what,
    const struct svc_log_about *about, const char *text, size_t len)
{
	char addr[SKS_ADDR_TEXT];
	struct facts f = { .n = 0 };

	add_word(&f, "what", kinds[what].word);
	add_word(&f, "addr", shown_address(svc, about->addr, addr));
	add_number(&f, "sid", about->sid);
	add_word(&f, "who", about->who);
	add_word(&f, "why", about->why);
	dw_log_row(svc->config->log, kinds[what].level, f.all, f.n, text, len);
}

/* How many rows of this kind were left out so far. */
static void
write_summary(struct svc *svc, size_t rate)
{
	unsigned long n = atomic_exchange(&svc->log_rates[rate].left_out, 0);
	enum svc_log_what what = what_of(rate);
	struct facts f = { .n = 0 };
	char text[200];

	if (n == 0)
		return;
	add_word(&f, "what", kinds[what].word);
	add_word(&f, "why", why_of(rate));
	add_number(&f, "suppressed", n);
	snprintf(text, sizeof text,
	    DW_PLURAL("%lu row like this was left out",
		"%lu rows like this were left out", n),
	    n);
	dw_log_row(svc->config->log, kinds[what].level, f.all, f.n, text,
	    strlen(text));
}

/* ---- rows ---- */

static void
row(struct svc *svc, size_t rate, const struct svc_log_about *about,
    const char *text, size_t len)
{
	static const struct svc_log_about nobody = { .sid = 0 };
	struct svc_log_rate *r = &svc->log_rates[rate];
	int64_t now = dw_clock_ns();

	assert(rate < SVC_LOG_RATES);
	if (svc->config->log == NULL)
		return;
	if (!may_write(r, what_of(rate), now)) {
		leave_out(svc, r, now);
		return;
	}
	write_summary(svc, rate);
	write_row(svc, what_of(rate), about != NULL ? about : &nobody, text,
	    len);
}

__attribute__((format(printf, 4, 0))) static void
row_format(struct svc *svc, size_t rate, const struct svc_log_about *about,
    const char *format, va_list ap)
{
	char *text;
	int n = vasprintf(&text, format, ap);

	if (n < 0)
		return;
	row(svc, rate, about, text, (size_t)n);
	free(text);
}

void
svc_log_text(struct svc *svc, enum svc_log_what what,
    const struct svc_log_about *about, const char *text, size_t len)
{
	row(svc, what, about, text, len);
}

void
svc_log(struct svc *svc, enum svc_log_what what,
    const struct svc_log_about *about, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	row_format(svc, what, about, format, ap);
	va_end(ap);
}

void
svc_refused_as(struct svc *svc, enum svc_refusal why,
    const struct sks_addr *addr, const char *format, ...)
{
	struct svc_log_about about = { .addr = addr,
		.why = svc_refusal_word(why) };
	va_list ap;

	atomic_fetch_add(&svc->refused[why], 1);
	va_start(ap, format);
	row_format(svc, (size_t)SVC_LOG_ROWS + why, &about, format, ap);
	va_end(ap);
}

void
svc_refused(struct svc *svc, enum svc_refusal why, const struct sks_addr *addr)
{
	svc_refused_as(svc, why, addr, "%s", _(refusals[why].sentence));
}

/* ---- what was left out ---- */

void
svc_log_init(struct svc *svc)
{
	for (size_t i = 0; i < SVC_LOG_RATES; i++) {
		atomic_init(&svc->log_rates[i].fresh_ns, 0);
		atomic_init(&svc->log_rates[i].left_out, 0);
	}
	atomic_init(&svc->log_due_ns, DW_NEVER);
	svc_node_init(&svc->log_due, DESK_RQ_NONE, NULL, NULL);
}

int64_t
svc_log_due(const struct svc *svc)
{
	return atomic_load(&svc->log_due_ns);
}

/* What is left out from here on is due anew. */
void
svc_log_summaries(struct svc *svc)
{
	atomic_store(&svc->log_due_ns, DW_NEVER);
	for (size_t i = 0; i < SVC_LOG_RATES; i++)
		write_summary(svc, i);
}
