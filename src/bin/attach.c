/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb attach is an operator's console on a desk in another process, here or
 * on another machine that ssh reaches.
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "bin/console_thread.h"
#include "bin/desk_link.h"
#include "bin/paths.h"
#include "bin/ssh.h"
#include "bin/verbs.h"

static int
run_console(const struct con_config *cfg)
{
	static const int sigs[] = { SIGTERM, 0 };
	struct dw_signals signals = DW_SIGNALS_INITIALIZER;
	struct dw_wake wake = { -1, -1 };
	struct console_thread console = { .con = NULL };
	int status = DW_STATUS_FAILED;

	if (dw_wake_init(&wake) < 0 || dw_signals_open(&signals, sigs) < 0) {
		print_error(_("out of file descriptors"));
		sks_socket_free(cfg->socket);
	} else if ((status = console_thread_start(&console, cfg, &wake)) ==
	    DW_STATUS_OK) {
		dw_signals_here(&signals);
		while (!console_thread_ended(&console) &&
		    dw_signals_wait(&signals, &wake, -1, DW_NEVER) != SIGTERM)
			;
		con_stop(console.con);
		status = console_thread_join(&console, &signals);
	}
	dw_signals_close(&signals);
	dw_wake_fini(&wake);
	return status;
}

/* On this machine. */
static int
attach_here(const struct options *o, struct con_config cfg)
{
	struct desk_link link;
	char *login = path_login();
	const char *why;
	int r = desk_link_init(&link, o);

	cfg.name = o->as != NULL ? o->as : login;
	cfg.connect = desk_link_connect;
	cfg.arg = &link;
	if (r == DW_STATUS_OK) {
		cfg.socket = desk_link_connect(&link, &why);
		r = cfg.socket != NULL ? run_console(&cfg) :
					 desk_link_failed(&link);
	}
	desk_link_fini(&link);
	free(login);
	return r;
}

/* Who somebody is there, only that desk knows: the name here says nothing. */
static int
attach_afar(const struct options *o, struct con_config cfg)
{
	struct ssh_link link;
	const char *why;
	int r = ssh_link_init(&link, o);

	cfg.name = o->as != NULL ? o->as : "";
	cfg.connect = ssh_link_connect;
	cfg.arg = &link;
	if (r == DW_STATUS_OK) {
		cfg.socket = ssh_link_connect(&link, &why);
		r = cfg.socket != NULL ? run_console(&cfg) :
					 ssh_link_failed(&link, why);
	}
	ssh_link_fini(&link);
	return r;
}

int
verb_attach(struct options *o)
{
	struct con_config cfg = { .colour = o->colour,
		.clock = o->clock,
		.bell = o->bell,
		.stay = o->stay_at_eof };
	char *history = o->no_history ? NULL : path_history();
	int r = open_script(o);

	cfg.history = history;
	if (r == DW_STATUS_OK)
		r = o->nargs > 0 ? attach_afar(o, cfg) : attach_here(o, cfg);
	free(history);
	return r;
}
