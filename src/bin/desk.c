/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/thread.h"
#include "bin/desk.h"
#include "bin/paths.h"
#include "bin/signals.h"
#include "bin/verbs.h"
#include "console/console.h"

#define DEFAULT_LISTEN "127.0.0.1:6666"
#define GREETING_MAX   900 /* fits a classic client's one read */
#define IDLE_ONE       60  /* seconds, with --one-at-a-time */
#define CONSOLE_STACK  ((size_t)1024 * 1024)
#define CONSOLE_NS     (DW_SECOND / 2) /* to leave by itself, and when told */

struct desk_process {
	const struct desk_run *run;
	struct svc_config config;
	struct svc *svc;
	struct dw_wake wake; /* desk and console ring it */
	struct signals *signals;
	char *greeting, *history, *login;

	struct con *con;
	pthread_t readline;
	atomic_bool left; /* the console has ended */
	int status;       /* its exit status */
};

static int
read_greeting(struct desk_process *p)
{
	const char *path = p->run->o->greeting_file;
	FILE *f;
	size_t n;
	int r;

	if (path == NULL)
		return DW_STATUS_OK;
	if ((f = fopen(path, "re")) == NULL) {
		complain(_("cannot read the greeting %s: %s"), path,
		    strerror(errno));
		return DW_STATUS_CONFIG;
	}
	p->greeting = calloc(1, GREETING_MAX);
	n = p->greeting != NULL ? fread(p->greeting, 1, GREETING_MAX, f) : 0;
	r = ferror(f) ? errno : n == GREETING_MAX ? EFBIG : 0;
	fclose(f);
	if (r != 0) {
		complain(_("cannot take the greeting %s, which may have %d "
			   "bytes: %s"),
		    path, GREETING_MAX - 1, strerror(r));
		return DW_STATUS_CONFIG;
	}
	while (n > 0 && p->greeting[n - 1] == '\n')
		p->greeting[--n] = '\0';
	return p->greeting != NULL ? DW_STATUS_OK : DW_STATUS_FAILED;
}

static int
open_logs(struct desk_process *p)
{
	const char *path = p->run->o->log_file;
	int r;

	/* In a terminal the console speaks; the log would run into it. */
	if (!p->run->console && (r = dw_log_open(NULL, &p->config.log)) < 0)
		return DW_STATUS_FAILED;
	if (path == NULL || (r = dw_log_open(path, &p->config.talk)) == 0)
		return DW_STATUS_OK;
	complain(_("cannot open the log %s: %s; choose another with --log "
		   "FILE"),
	    path, strerror(-r));
	return DW_STATUS_CONFIG;
}

static int
fit_limits(struct desk_process *p)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r =
	    svc_limits_fit(&p->config.limits, p->run->o->sessions_given, &why);

	if (r != 0)
		complain("%s", dw_buf_str(&why));
	dw_buf_fini(&why);
	return r < 0 ? DW_STATUS_CONFIG : DW_STATUS_OK;
}

static int
configure(struct desk_process *p)
{
	static const char *const usual[] = { DEFAULT_LISTEN };
	struct options *o = p->run->o;
	struct svc_config *c = &p->config;
	int r;

	c->listen = o->nlisten > 0 ? o->listen : usual;
	c->nlisten = o->nlisten > 0 ? o->nlisten : 1;
	c->udp = o->udp;
	c->nudp = o->nudp;
	c->state_dir = p->run->state_dir;
	c->operator_socket = p->run->operator_socket;
	c->name = o->name != NULL ? o->name : "deskwire";
	c->limits = o->limits;
	c->every_address = o->per_address_given;
	c->one_at_a_time = o->one_at_a_time;
	c->begin_new = o->begin_new;
	c->public_allowed = o->public_allowed;
	c->quit = &p->wake;
	if (c->one_at_a_time && c->limits.idle_timeout == 0)
		c->limits.idle_timeout = IDLE_ONE;
	if ((r = fit_limits(p)) != 0 || (r = read_greeting(p)) != 0)
		return r;
	c->greeting = p->greeting;
	return open_logs(p);
}

/*
 * The console's thread
 */

static void *
readline_thread(void *arg)
{
	struct desk_process *p = arg;

	p->status = con_run(p->con);
	atomic_store(&p->left, true);
	dw_wake_ring(&p->wake);
	return NULL;
}

static int
start_console(struct desk_process *p)
{
	struct options *o = p->run->o;
	struct con_config cfg = { .colour = o->colour, .owns_desk = true };

	p->login = path_login();
	p->history = o->no_history ? NULL : path_history();
	cfg.name = o->as != NULL ? o->as : p->login;
	cfg.history = p->history;
	cfg.hint = p->run->hint;
	cfg.allow_suspend = o->allow_suspend;
	/* A desk that was started with no input at all is a service. */
	cfg.stay = o->stay || input_is_null();
	if ((cfg.socket = svc_console(p->svc)) != NULL &&
	    con_new(&cfg, &p->con) == 0 &&
	    dw_thread_start(&p->readline, "readline", CONSOLE_STACK,
		readline_thread, p) == 0)
		return DW_STATUS_OK;
	complain(_("the console cannot be started: out of memory or "
		   "threads"));
	con_free(p->con);
	p->con = NULL;
	return DW_STATUS_FAILED;
}

static bool
has_left(struct desk_process *p)
{
	int64_t until = dw_clock_ns() + CONSOLE_NS;
	struct pollfd pfd = { p->wake.rd, POLLIN, 0 };

	while (!atomic_load(&p->left) && dw_clock_ns() < until) {
		poll(&pfd, 1, dw_clock_poll_ms(until));
		dw_wake_clear(&p->wake);
	}
	return atomic_load(&p->left);
}

/* It leaves by itself once it has shown what happened last. */
static void
join_console(struct desk_process *p)
{
	if (!has_left(p)) {
		con_stop(p->con);
		if (!has_left(p))
			con_rescue(p->con);
	}
	pthread_join(p->readline, NULL);
	con_free(p->con);
	p->con = NULL;
}

/*
 * The main thread
 */

static void
reopen_log(struct desk_process *p)
{
	if (p->config.talk != NULL && dw_log_reopen(p->config.talk) < 0)
		dw_log(p->config.log,
		    _("cannot open the log %s anew; going "
		      "on with the old file"),
		    p->run->o->log_file);
}

static bool
is_over(struct desk_process *p)
{
	return atomic_load(&p->left) || svc_quits(p->svc) > 0;
}

/* Waits until a signal or somebody ends the desk. */
static void
wait_for_end(struct desk_process *p)
{
	while (!is_over(p)) {
		int sig = signals_wait(p->signals, p->wake.rd, DW_NEVER);

		dw_wake_clear(&p->wake);
		if (sig == SIGHUP)
			reopen_log(p);
		else if (sig == SIGTERM || sig == SIGINT)
			return;
	}
}

/* Until everybody has gone, the time is over, or a second signal or /quit. */
static void
drain(struct desk_process *p)
{
	int64_t until = dw_clock_ns() + p->config.limits.drain * DW_SECOND;

	svc_drain(p->svc);
	while (!svc_drained(p->svc) && dw_clock_ns() < until &&
	    svc_quits(p->svc) < 2) {
		int sig = signals_wait(p->signals, p->wake.rd, until);

		dw_wake_clear(&p->wake);
		if (sig == SIGTERM || sig == SIGINT)
			return;
	}
}

static void
print_listeners(const struct svc *svc)
{
	const char *const *texts;
	size_t n = svc_listeners(svc, &texts);

	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "listening on %s\n", texts[i]);
}

static void
log_opened(struct desk_process *p)
{
	const char *const *texts;
	size_t n = svc_listeners(p->svc, &texts);

	for (size_t i = 0; i < n && p->config.talk != NULL; i++) {
		bool udp = strncmp(texts[i], SVC_UDP, strlen(SVC_UDP)) == 0;

		dw_log(p->config.talk, _("Server %s started"),
		    texts[i] + (udp ? strlen(SVC_UDP) : 0));
		if (!udp)
			dw_log(p->config.talk, _("Waiting for customers..."));
	}
}

static int
serve(struct desk_process *p)
{
	int status = DW_STATUS_OK;

	log_opened(p);
	if (p->run->console)
		status = start_console(p);
	else
		print_listeners(p->svc);
	if (status == DW_STATUS_OK) {
		if (p->run->ready != NULL)
			p->run->ready(p->run->arg, p->svc);
		wait_for_end(p);
	}
	if (p->run->ending != NULL)
		p->run->ending(p->run->arg);
	drain(p);
	svc_end(p->svc);
	if (p->con != NULL)
		join_console(p);
	return status != DW_STATUS_OK ? status : p->status;
}

static int
run_service(struct desk_process *p)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r;

	if ((r = svc_open(&p->config, &p->svc, &why)) == 0) {
		if (why.len > 0)
			complain("%s", why.data);
		dw_buf_reset(&why);
		if ((r = svc_start(p->svc, &why)) == 0)
			r = serve(p);
		else
			complain("%s", dw_buf_str(&why));
		svc_close(p->svc);
	} else {
		complain("%s", why.len > 0 ? why.data : _("out of memory"));
	}
	dw_buf_fini(&why);
	return r;
}

int
desk_run(const struct desk_run *run)
{
	static const int quiet[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	static const int beside_tty[] = { SIGTERM, 0 };
	struct desk_process p = { .run = run, .wake = { -1, -1 } };
	int r = DW_STATUS_FAILED;

	if (dw_wake_init(&p.wake) < 0 ||
	    signals_open(&p.signals, run->console ? beside_tty : quiet) < 0)
		complain(_("out of file descriptors"));
	else if ((r = configure(&p)) == DW_STATUS_OK)
		r = run_service(&p);
	dw_log_close(p.config.talk);
	dw_log_close(p.config.log);
	signals_close(p.signals);
	dw_wake_fini(&p.wake);
	free(p.greeting);
	free(p.history);
	free(p.login);
	return r;
}
