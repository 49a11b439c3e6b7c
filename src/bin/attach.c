/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb attach is an operator's console on a desk in another process.
 */
#include "config.h"

#include <assert.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "bin/console_thread.h"
#include "bin/paths.h"
#include "bin/verbs.h"
#include "socketserver/socketserver.h"

#define ATTACH_MAGIC    0xa77ac4edu
#define CONNECT_SECONDS 3.0

struct attach {
	unsigned magic;
	const char *path; /* the desk's socket */
	int code;         /* why there is no link to it */
	char error[256];
};

static struct sks_socket *
connect_desk(void *arg, const char **why)
{
	struct attach *a = arg;
	struct sks_socket *s;

	assert(a->magic == ATTACH_MAGIC);
	a->code = sks_create_connection_unix(a->path, CONNECT_SECONDS, &s);
	if (a->code == 0)
		return s;
	*why = sks_error_text(a->error, sizeof a->error);
	return NULL;
}

/* Whose is what keeps us out: the socket, or the first of its folders that we
 * can see?  Returns false if there is none. */
static bool
find_owner(const char *path, uid_t *uid)
{
	char *p = strdup(path), *slash;
	struct stat st;
	int r = -1;

	while (p != NULL && (r = stat(p, &st)) < 0 &&
	    (slash = strrchr(p, '/')) != NULL)
		*slash = '\0';
	free(p);
	if (r == 0)
		*uid = st.st_uid;
	return r == 0;
}

static void
say_denied(const char *path)
{
	const struct passwd *pw = NULL;
	uid_t uid = 0;

	if (find_owner(path, &uid) && uid != getuid())
		pw = getpwuid(uid);
	if (pw != NULL)
		print_error(_("no permission for %s: that desk is for %s "
			      "alone; try: sudo -u %s deskwire attach "
			      "--operator-socket %s"),
		    path, pw->pw_name, pw->pw_name, path);
	else
		print_error(_("no permission for %s; see to the modes of the "
			      "socket and its folders, or name another "
			      "one with --operator-socket PATH"),
		    path);
}

static void
say_no_desk(const struct attach *a, const char *why)
{
	if (a->code == SKS_EACCES)
		say_denied(a->path);
	else
		print_error(_("no desk answers on %s: %s; start one with "
			      "'deskwire serve', or name its socket with "
			      "--operator-socket PATH"),
		    a->path, why);
}

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
		    dw_signals_wait(&signals, &wake, DW_NEVER) != SIGTERM)
			;
		con_stop(console.con);
		status = console_thread_join(&console, &signals);
	}
	dw_signals_close(&signals);
	dw_wake_fini(&wake);
	return status;
}

int
verb_attach(struct options *o)
{
	struct attach a = { .magic = ATTACH_MAGIC };
	struct con_config cfg = { .colour = o->colour,
		.clock = o->clock,
		.bell = o->bell,
		.connect = connect_desk,
		.arg = &a,
		.stay = o->stay_at_eof };
	char *state = path_state(), *login = path_login();
	char *path = state != NULL ? path_operator_socket(state) : NULL;
	char *history = o->no_history ? NULL : path_history();
	const char *why = "";
	int r = DW_STATUS_FAILED;

	if ((r = open_script(o)) != DW_STATUS_OK)
		goto out;
	r = DW_STATUS_FAILED;
	a.path = o->operator_socket != NULL ? o->operator_socket : path;
	cfg.name = o->as != NULL ? o->as : login;
	cfg.history = history;
	if (a.path == NULL)
		print_error(_("there is no home folder; name the desk's socket "
			      "with --operator-socket PATH"));
	else if ((cfg.socket = connect_desk(&a, &why)) == NULL)
		say_no_desk(&a, why);
	else
		r = run_console(&cfg);
out:
	free(history);
	free(path);
	free(login);
	free(state);
	return r;
}
