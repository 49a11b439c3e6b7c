/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attach: an operator's console on a desk in another process. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/thread.h"
#include "base/wake.h"
#include "bin/paths.h"
#include "bin/signals.h"
#include "bin/verbs.h"
#include "console/console.h"
#include "socketserver/socketserver.h"

#define CONNECT_SECONDS 3.0
#define CONSOLE_STACK   ((size_t)1024 * 1024)

struct attach {
	const char *path; /* the desk's socket */
	char error[256];
	struct con *con;
	struct dw_wake wake; /* the console has ended */
	atomic_bool left;
	int status;
};

static struct sks_socket *
connect_desk(void *arg, const char **why)
{
	struct attach *a = arg;
	struct sks_socket *s;

	if (sks_create_connection_unix(a->path, CONNECT_SECONDS, &s) == 0)
		return s;
	*why = sks_error_text(a->error, sizeof a->error);
	return NULL;
}

static void *
readline_thread(void *arg)
{
	struct attach *a = arg;

	a->status = con_run(a->con);
	atomic_store(&a->left, true);
	dw_wake_ring(&a->wake);
	return NULL;
}

/* Returns once the console has ended by itself, or soon after SIGTERM. */
static void
wait_for_end(struct attach *a, struct signals *signals)
{
	int64_t until = DW_NEVER;

	while (!atomic_load(&a->left)) {
		int sig = signals_wait(signals, a->wake.rd, until);

		dw_wake_clear(&a->wake);
		if (sig == SIGTERM && until == DW_NEVER) {
			con_stop(a->con);
			until = dw_clock_ns() + DW_SECOND;
		} else if (!atomic_load(&a->left) && until != DW_NEVER &&
		    dw_clock_ns() >= until) {
			con_rescue(a->con);
			return;
		}
	}
}

static int
run_console(struct attach *a, const struct con_config *cfg)
{
	static const int sigs[] = { SIGTERM, 0 };
	struct signals *signals = NULL;
	pthread_t readline;

	if (con_new(cfg, &a->con) < 0)
		return DW_STATUS_FAILED;
	if (dw_wake_init(&a->wake) < 0 || signals_open(&signals, sigs) < 0 ||
	    dw_thread_start(&readline, "readline", CONSOLE_STACK,
		readline_thread, a) < 0) {
		complain(_("the console cannot be started: out of memory or "
			   "threads"));
		a->status = DW_STATUS_FAILED;
	} else {
		wait_for_end(a, signals);
		pthread_join(readline, NULL);
	}
	con_free(a->con);
	signals_close(signals);
	dw_wake_fini(&a->wake);
	return a->status;
}

int
verb_attach(struct options *o)
{
	struct attach a = { .wake = { -1, -1 } };
	struct con_config cfg = { .colour = o->colour,
		.connect = connect_desk,
		.arg = &a,
		.stay = o->stay };
	char *state = path_state(), *login = path_login();
	char *path = state != NULL ? path_operator_socket(state) : NULL;
	char *history = o->no_history ? NULL : path_history();
	const char *why = "";
	int r = DW_STATUS_FAILED;

	if ((r = take_script(o)) != DW_STATUS_OK)
		goto out;
	r = DW_STATUS_FAILED;
	a.path = o->operator_socket != NULL ? o->operator_socket : path;
	cfg.name = o->as != NULL ? o->as : login;
	cfg.history = history;
	if (a.path == NULL)
		complain(_("there is no home folder; name the desk's socket "
			   "with --operator-socket PATH"));
	else if ((cfg.socket = connect_desk(&a, &why)) == NULL)
		complain(_("no desk answers on %s: %s; start one with "
			   "'deskwire serve', or name its socket with "
			   "--operator-socket PATH"),
		    a.path, why);
	else
		r = run_console(&a, &cfg);
out:
	free(history);
	free(path);
	free(login);
	free(state);
	return r;
}
