/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file runs a desk on the main thread: it makes the service's
 * configuration of the options, and takes everything down in order.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "bin/console_thread.h"
#include "bin/desk.h"
#include "bin/endpoints.h"
#include "bin/notify.h"
#include "bin/paths.h"
#include "bin/verbs.h"
#include "bin/watchdog.h"

#define GREETING_MAX 900 /* fits a classic client's one read */
#define IDLE_ONE     60  /* seconds, with --one-at-a-time */
#define STATUS_SIZE  256
#define STATUS_NS    DW_SECOND   /* between two of them */
#define ENDING_S     INT64_C(30) /* to end, beside the drain */

struct desk_process {
	const struct desk_setup *setup;
	struct svc_config config;
	struct endpoints endpoints;
	/* What holds, after a reload; before one it is the setup's. */
	struct options *reread;
	struct svc *svc;
	struct dw_wake wake; /* desk and console ring it */
	struct dw_signals signals;
	struct console_thread console;
	/* Of whoever manages this service, if somebody does. */
	struct notify notify;
	struct watchdog watchdog;
	bool managed;             /* by a service manager's unit */
	bool told_slow;           /* the disk, by the status */
	char status[STATUS_SIZE]; /* as it was told last, */
	int64_t status_ns;        /* then */
	atomic_bool hup; /* the console's terminal, or somebody, said so */
	char *greeting, *history, *login;
};

char *
read_greeting(const char *path, struct dw_buf *why)
{
	char *text;
	FILE *f;
	size_t n;
	int r;

	if ((f = path_open(path)) == NULL) {
		dw_buf_addf(why, _("cannot read the greeting %s: %s"), path,
		    path_error(errno));
		return NULL;
	}
	text = calloc(1, GREETING_MAX);
	n = text != NULL ? fread(text, 1, GREETING_MAX, f) : 0;
	r = text == NULL      ? ENOMEM :
	    ferror(f)         ? errno :
	    n == GREETING_MAX ? EFBIG :
				0;
	fclose(f);
	if (r != 0) {
		dw_buf_addf(why,
		    _("cannot take the greeting %s, which may have %d "
		      "bytes: %s"),
		    path, GREETING_MAX - 1, strerror(r));
		free(text);
		return NULL;
	}
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	return text;
}

static int
open_logs(struct desk_process *p)
{
	const char *path = p->setup->options->log_file;
	unsigned form = dw_log_stderr_form();
	int r;

	if (p->setup->options->log_json)
		form |= DW_LOG_JSON;
	/* In a terminal the console speaks; the log would run into it. */
	if (!p->setup->console &&
	    (r = dw_log_open_as(NULL, form, &p->wake, &p->config.log)) < 0) {
		print_error(_("the log cannot be started: %s"), strerror(-r));
		return DW_STATUS_FAILED;
	}
	if (path == NULL ||
	    (r = dw_log_open(path, &p->wake, &p->config.talk)) == 0)
		return DW_STATUS_OK;
	print_error(_("cannot open the log %s: %s; choose another with --log "
		      "FILE"),
	    path, strerror(-r));
	return DW_STATUS_CONFIG;
}

static int
fit_limits(struct desk_process *p)
{
	const struct options *o = p->setup->options;
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r = svc_limits_fit(&p->config.limits, p->config.nlisten,
	    o->sessions_given, &why);

	if (r != 0)
		print_error("%s", dw_buf_str(&why));
	dw_buf_fini(&why);
	return r < 0 ? DW_STATUS_CONFIG : DW_STATUS_OK;
}

/* Before anything is opened, as it would fail in the middle of that. */
static int
check_files(const struct endpoints *e)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r =
	    svc_limits_check_files(e->nlisten + e->nudp + e->nmetrics, &why);

	if (r < 0)
		print_error("%s", dw_buf_str(&why));
	dw_buf_fini(&why);
	return r < 0 ? DW_STATUS_CONFIG : DW_STATUS_OK;
}

/* What a reload changes, too.  *greeting is a file's, for as long as c.  Returns 0
 * or -EINVAL, and why. */
static int
configure_live(struct svc_config *c, const struct options *o, char **greeting,
    struct dw_buf *why)
{
	*greeting = NULL;
	if (o->greeting_file != NULL &&
	    (*greeting = read_greeting(o->greeting_file, why)) == NULL)
		return -EINVAL;
	c->name = o->name != NULL ? o->name : "deskwire";
	c->greeting = *greeting != NULL ? *greeting : o->greeting;
	c->nobody_on_duty = o->nobody_on_duty;
	c->closed = o->closed;
	c->hours = o->hours;
	c->people = &o->people;
	c->limits = o->limits;
	if (c->one_at_a_time && c->limits.idle_timeout == 0)
		c->limits.idle_timeout = IDLE_ONE;
	return 0;
}

static int
configure_live_first(struct desk_process *p)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r =
	    configure_live(&p->config, p->setup->options, &p->greeting, &why);

	if (r < 0)
		print_error("%s", dw_buf_str(&why));
	dw_buf_fini(&why);
	return r < 0 ? DW_STATUS_CONFIG : DW_STATUS_OK;
}

static int
configure(struct desk_process *p)
{
	struct options *o = p->setup->options;
	struct svc_config *c = &p->config;
	int r;

	c->listen = p->endpoints.listen;
	c->nlisten = p->endpoints.nlisten;
	c->udp = p->endpoints.udp;
	c->nudp = p->endpoints.nudp;
	c->metrics = p->endpoints.metrics;
	c->nmetrics = p->endpoints.nmetrics;
	c->operator_fd = p->endpoints.operator_fd;
	c->reach = p->endpoints.reach;
	c->proxy_from = o->proxy_from.all;
	c->nproxy_from = o->proxy_from.n;
	c->log_addresses = o->log_addresses;
	c->log_words = o->log_words;
	c->state_dir = p->setup->state_dir;
	c->operator_socket = p->endpoints.operator_path != NULL ?
	    p->endpoints.operator_path :
	    p->setup->operator_socket;
	c->tells_counts = notify_is_heard(&p->notify);
	c->charset = o->charset;
	c->every_address = o->per_address_given;
	c->one_at_a_time = o->one_at_a_time;
	c->begin_new = o->begin_new;
	c->accepts_end = o->accepts_end;
	c->accepted_end = o->accepted_end;
	c->public_allowed = o->public_allowed;
	c->quit = &p->wake;
	if ((r = configure_live_first(p)) != 0 || (r = fit_limits(p)) != 0)
		return r;
	return open_logs(p);
}

/* ---- reading the configuration again ---- */

static const struct options *
options_now(const struct desk_process *p)
{
	return p->reread != NULL ? p->reread : p->setup->options;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Says what is different from before, and from the start.  Returns whether
 * anything is. */
static bool
describe(const struct desk_process *p, const struct options *next,
    const char *greeting, struct dw_buf *text)
{
	struct dw_buf live = DW_BUF_INITIALIZER, fixed = DW_BUF_INITIALIZER,
		      unused = DW_BUF_INITIALIZER;
	bool differs;

	options_compare(options_now(p), next, &live, &unused);
	options_compare(p->setup->options, next, &unused, &fixed);
	/* The same file may have another text. */
	if (live.len == 0 && !same_text(p->greeting, greeting))
		dw_buf_adds(&live, "greeting");
	differs = live.len > 0 || fixed.len > 0;
	if (live.len > 0)
		dw_buf_addf(text,
		    _("the configuration was read again; this holds from now "
		      "on: %s"),
		    live.data);
	else
		dw_buf_adds(text,
		    _("the configuration was read again; nothing that can "
		      "change now is different"));
	if (fixed.len > 0)
		dw_buf_addf(text, _("; this from the next start: %s"),
		    fixed.data);
	dw_buf_fini(&live);
	dw_buf_fini(&fixed);
	dw_buf_fini(&unused);
	return differs;
}

static void
take_options(struct desk_process *p, struct options *next)
{
	if (p->reread != NULL)
		options_fini(p->reread);
	free(p->reread);
	p->reread = next;
}

/* All of it, or nothing.  asked: by an operator, who waits for an answer; no other
 * wants to hear that all is as it was, and whoever sent a signal reads the log. */
static void
read_again(struct desk_process *p, struct options *next, bool asked)
{
	struct svc_config config = p->config;
	struct dw_buf text = DW_BUF_INITIALIZER;
	char *greeting = NULL;

	if (options_reread(p->setup->options, next, &text) < 0 ||
	    configure_live(&config, next, &greeting, &text) < 0) {
		dw_buf_adds(&text, _("; nothing was changed"));
		svc_reload(p->svc, NULL, dw_buf_str(&text));
		options_fini(next);
		free(next);
	} else {
		if (describe(p, next, greeting, &text) || asked)
			svc_reload(p->svc, &config, dw_buf_str(&text));
		else
			svc_log(p->svc, SVC_LOG_RELOADED, NULL, "%s",
			    dw_buf_str(&text));
		take_options(p, next);
		free(p->greeting);
		p->greeting = greeting;
	}
	dw_buf_fini(&text);
}

static void
reload(struct desk_process *p)
{
	bool asked = svc_reload_asked(p->svc);
	struct options *next;

	if (!p->setup->has_file) {
		if (asked)
			svc_reload(p->svc, NULL,
			    _("this desk has no configuration file"));
		return;
	}
	if ((next = calloc(1, sizeof *next)) != NULL)
		read_again(p, next, asked);
	else if (asked)
		svc_reload(p->svc, NULL, _("out of memory"));
}

/* On the console's thread. */
static int
reopen_consoles_log(void *arg)
{
	struct desk_process *p = arg;
	int r;

	atomic_store(&p->hup, true);
	dw_wake_ring(&p->wake);
	if (p->config.talk == NULL)
		return 0;
	r = dw_log_reopen(p->config.talk);
	return r < 0 ? r : 1;
}

static int
start_console(struct desk_process *p)
{
	struct options *o = p->setup->options;
	struct con_config cfg = { .colour = o->colour,
		.clock = o->clock,
		.bell = o->bell,
		.owns_desk = true };

	p->login = path_login();
	p->history = o->no_history ? NULL : path_history();
	cfg.name = o->as != NULL ? o->as : p->login;
	cfg.history = p->history;
	cfg.hint = p->setup->hint;
	cfg.allow_suspend = o->allow_suspend;
	/* A desk that was started with no input at all is a service. */
	cfg.stay = o->stay_at_eof || input_is_null();
	cfg.reopen_log = reopen_consoles_log;
	cfg.log_arg = p;
	cfg.socket = svc_console(p->svc);
	return console_thread_start(&p->console, &cfg, &p->wake);
}

static void
reopen_log(struct desk_process *p)
{
	if (p->config.talk != NULL && dw_log_reopen(p->config.talk) < 0)
		svc_log(p->svc, SVC_LOG_LOST, NULL,
		    _("cannot open the log %s anew; going "
		      "on with the old file"),
		    p->setup->options->log_file);
}

/* ---- what the service manager hears ---- */

/* The numbers are those of now, whatever has rung. */
static void
tell_status(struct desk_process *p)
{
	struct svc_counts c = svc_counts(p->svc);
	char text[STATUS_SIZE];

	p->told_slow = atomic_load(&p->watchdog.slow);
	snprintf(text, sizeof text, _("%u waiting, %u connected%s%s"),
	    c.waiting, c.connected,
	    c.closing ? _("; nobody new is let in") : "",
	    p->told_slow ?
		_("; the disk stores nothing, and everybody waits for it") :
		"");
	if (strcmp(text, p->status) == 0)
		return;
	memcpy(p->status, text, sizeof text);
	p->status_ns = dw_clock_ns();
	notify_say(&p->notify, "STATUS=%s", text);
}

/* When there will be something to tell; of many changes within a second the last
 * one is. */
static int64_t
status_due(const struct desk_process *p)
{
	bool is_new = svc_counts_are_new(p->svc) ||
	    atomic_load(&p->watchdog.slow) != p->told_slow;

	return notify_is_heard(&p->notify) && is_new ?
	    p->status_ns + STATUS_NS :
	    DW_NEVER;
}

static void
look_at_status(struct desk_process *p)
{
	if (notify_is_heard(&p->notify) &&
	    dw_clock_ns() >= p->status_ns + STATUS_NS)
		tell_status(p);
}

static void
reload_managed(struct desk_process *p)
{
	notify_say(&p->notify, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)(dw_clock_ns() / 1000));
	reload(p);
	notify_say(&p->notify, "READY=1");
}

/* Now it listens and the journal is open. */
static int
tell_ready(struct desk_process *p)
{
	int r;

	if (!p->setup->console && !p->managed && geteuid() == 0)
		svc_log(p->svc, SVC_LOG_WARNING, NULL, "%s",
		    _("this desk runs as root, who may do more than a desk "
		      "needs: start it as a user of its own, or as the "
		      "service deskwire.service"));
	if ((r = watchdog_start(&p->watchdog, p->svc, &p->notify, &p->wake)) <
	    0) {
		print_error(_("the watchdog's thread cannot be started: %s"),
		    strerror(-r));
		return DW_STATUS_FAILED;
	}
	notify_say(&p->notify, "READY=1");
	look_at_status(p);
	return DW_STATUS_OK;
}

/* A manager's own limit for the end may be shorter than the drain is. */
static void
tell_stopping(struct desk_process *p)
{
	int64_t s = p->config.limits.drain + ENDING_S;

	notify_say(&p->notify,
	    "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\nSTATUS=%s",
	    (long long)(s * 1000000), _("saying goodbye to everybody"));
}

/* Waits until it is done, the deadline has passed, or a signal ends it. */
static void
wait_until(struct desk_process *p, bool (*done)(const struct desk_process *p),
    int64_t deadline_ns)
{
	while (!done(p) && dw_clock_ns() < deadline_ns) {
		int sig =
		    dw_signals_wait(&p->signals, &p->wake, svc_watch_fd(p->svc),
			dw_clock_sooner(deadline_ns, status_due(p)));

		svc_look(p->svc);
		if (sig == SIGHUP)
			reopen_log(p);
		if (sig == SIGHUP || atomic_exchange(&p->hup, false) ||
		    svc_reload_is_asked(p->svc))
			reload_managed(p);
		if (sig != 0 && sig != SIGHUP)
			return;
		look_at_status(p);
	}
}

/* Somebody wants the desk to end. */
static bool
end_is_wanted(const struct desk_process *p)
{
	return console_thread_ended(&p->console) || svc_quits(p->svc) > 0;
}

/* Everybody has gone, or nobody wants to wait for that. */
static bool
is_drained(const struct desk_process *p)
{
	return svc_drained(p->svc) || svc_quits(p->svc) > 1;
}

/* People and scripts read this row as it is; what reads JSON has no use for a row
 * that is of no kind. */
static void
print_listener(const struct desk_process *p, const char *word, const char *name)
{
	const struct dw_log_field what = { "what", word, 0 };
	char text[256];
	int n = snprintf(text, sizeof text, "%s on %s", word, name);

	if (!p->setup->options->log_json)
		dw_log_plain(p->config.log, "%s", text);
	else if (n > 0 && (size_t)n < sizeof text)
		dw_log_row(p->config.log, DW_LOG_INFO, &what, 1, text,
		    (size_t)n);
}

static void
print_listeners(const struct desk_process *p)
{
	const struct svc_listener *all;
	size_t n = svc_listeners(p->svc, &all);

	for (size_t i = 0; i < n; i++)
		print_listener(p, "listening", all[i].name);
	n = svc_metrics_listeners(p->svc, &all);
	for (size_t i = 0; i < n; i++)
		print_listener(p, "metrics", all[i].name);
}

static void
log_listeners(const struct desk_process *p)
{
	const struct svc_listener *all;
	size_t n = svc_listeners(p->svc, &all);
	char text[SKS_ADDR_TEXT];

	for (size_t i = 0; i < n && p->config.talk != NULL; i++) {
		dw_log(p->config.talk, _("Server %s started"),
		    sks_addr_format(&all[i].addr, SKS_STYLE_PLAIN, text,
			sizeof text));
		if (!all[i].udp)
			dw_log(p->config.talk, _("Waiting for customers..."));
	}
}

/* Keeps the service at work until its last event.  Returns an exit status. */
static int
serve(struct desk_process *p)
{
	int64_t drain_ns = p->config.limits.drain * DW_SECOND;
	int status = DW_STATUS_OK;

	assert(p->svc != NULL);
	log_listeners(p);
	if (p->setup->console)
		status = start_console(p);
	else
		print_listeners(p);
	if (status == DW_STATUS_OK)
		status = tell_ready(p);
	if (status == DW_STATUS_OK) {
		if (p->setup->ready != NULL)
			p->setup->ready(p->setup->arg, p->svc);
		wait_until(p, end_is_wanted, DW_NEVER);
	}
	if (p->setup->ending != NULL)
		p->setup->ending(p->setup->arg);
	tell_stopping(p);
	svc_drain(p->svc);
	wait_until(p, is_drained, dw_clock_ns() + drain_ns);
	watchdog_stop(&p->watchdog);
	svc_end(p->svc);
	if (p->console.con != NULL)
		status = console_thread_join(&p->console, &p->signals);
	return status;
}

/* Opens the service and starts its threads, or tells why it could not. */
static int
start_service(struct desk_process *p)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int status = svc_open(&p->config, &p->svc, &why);

	if (status == DW_STATUS_OK) {
		if (why.len > 0)
			print_error("%s", why.data);
		dw_buf_reset(&why);
		status = svc_start(p->svc, &why);
	}
	if (status != DW_STATUS_OK)
		print_error("%s", why.len > 0 ? why.data : _("out of memory"));
	dw_buf_fini(&why);
	return status;
}

/* Its last rows, and who lost some may still hear of it. */
static void
close_logs(struct desk_process *p)
{
	size_t lost = dw_log_close(p->config.talk);

	if (lost > 0)
		print_error(DW_PLURAL("%zu row of the log %s was lost: it "
				      "takes none",
				"%zu rows of the log %s were lost: it takes "
				"none",
				lost),
		    lost, p->setup->options->log_file);
	dw_log_close(p->config.log);
}

/* A desk with a console is nobody's service, whatever shell it was started from. */
static void
open_notify(struct desk_process *p)
{
	p->managed =
	    getenv("NOTIFY_SOCKET") != NULL || getenv("INVOCATION_ID") != NULL;
	notify_open(&p->notify);
	if (p->setup->console)
		notify_close(&p->notify);
}

int
desk_run(const struct desk_setup *setup)
{
	static const int without_tty[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	static const int beside_tty[] = { SIGTERM, 0 };
	struct desk_process p = { .setup = setup,
		.wake = { -1, -1 },
		.signals = DW_SIGNALS_INITIALIZER };
	int status = endpoints_init(&p.endpoints, setup->options);

	open_notify(&p);
	if (status == DW_STATUS_OK)
		status = check_files(&p.endpoints);
	if (status != DW_STATUS_OK)
		goto out;
	status = DW_STATUS_FAILED;
	if (dw_wake_init(&p.wake) < 0 ||
	    dw_signals_open(&p.signals,
		setup->console ? beside_tty : without_tty) < 0) {
		print_error(_("out of file descriptors"));
		goto out;
	}
	dw_signals_here(&p.signals);
	if ((status = configure(&p)) == DW_STATUS_OK &&
	    (status = start_service(&p)) == DW_STATUS_OK)
		status = serve(&p);
	svc_close(p.svc);
out:
	close_logs(&p);
	dw_signals_close(&p.signals);
	dw_wake_fini(&p.wake);
	take_options(&p, NULL);
	endpoints_fini(&p.endpoints);
	notify_close(&p.notify);
	free(p.greeting);
	free(p.history);
	free(p.login);
	return status;
}
