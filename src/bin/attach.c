/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb attach is an operator's console on a desk in another process.
 */
#include "config.h"

#include <assert.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
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
	bool other;       /* one more user is trusted */
	uid_t user;
	bool strange; /* the desk was one that nobody trusts */
	char error[512];
};

/* A name, or a number.  Returns 0 or an exit status. */
static int
find_user(struct attach *a, const char *name)
{
	const struct passwd *pw = getpwnam(name);
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	a->other =
	    pw != NULL || (name[0] >= '0' && name[0] <= '9' && *end == '\0');
	a->user = pw != NULL ? pw->pw_uid : (uid_t)n;
	if (a->other)
		return DW_STATUS_OK;
	print_error(_("there is no user \"%s\" for --desk-user"), name);
	return DW_STATUS_USAGE;
}

/* What the kernel says of who serves: another user could read what operators
 * write, and answer in the desk's place. */
static bool
is_trusted(struct attach *a, struct sks_socket *s)
{
	uid_t uid;

	if (sks_peercred(s, &uid, NULL, NULL) < 0) {
		sks_error_text(a->error, sizeof a->error);
		return false;
	}
	if (uid == geteuid() || uid == 0 || (a->other && uid == a->user))
		return true;
	a->strange = true;
	snprintf(a->error, sizeof a->error,
	    _("the desk on %s is run by user %lu, who is neither you nor root; "
	      "if you trust that one, add --desk-user=%lu"),
	    a->path, (unsigned long)uid, (unsigned long)uid);
	return false;
}

static struct sks_socket *
connect_desk(void *arg, const char **why)
{
	struct attach *a = arg;
	struct sks_socket *s;

	assert(a->magic == ATTACH_MAGIC);
	*why = a->error;
	a->strange = false;
	a->code = sks_create_connection_unix(a->path, CONNECT_SECONDS, &s);
	if (a->code < 0) {
		sks_error_text(a->error, sizeof a->error);
		return NULL;
	}
	if (is_trusted(a, s))
		return s;
	sks_socket_free(s);
	return NULL;
}

/* What keeps us out: the socket, or the first of its folders that we can see?
 * Returns false if there is none. */
static bool
find_obstacle(const char *path, struct stat *st)
{
	char *p = strdup(path), *slash;
	int r = -1;

	while (p != NULL && (r = stat(p, st)) < 0 &&
	    (slash = strrchr(p, '/')) != NULL)
		*slash = '\0';
	free(p);
	return r == 0;
}

/* A group may pass the socket, or no more of its folders than others. */
static const struct group *
group_of(const struct stat *st)
{
	bool has = S_ISDIR(st->st_mode) ?
	    (st->st_mode & S_IXGRP) != 0 && (st->st_mode & S_IXOTH) == 0 :
	    (st->st_mode & S_IWGRP) != 0;

	return has ? getgrgid(st->st_gid) : NULL;
}

static void
say_denied(const char *path)
{
	const struct passwd *pw = NULL;
	const struct group *gr = NULL;
	struct stat st;

	if (find_obstacle(path, &st) && st.st_uid != getuid()) {
		pw = getpwuid(st.st_uid);
		gr = group_of(&st);
	}
	if (pw != NULL && gr != NULL)
		print_error(_("no permission for %s: that desk is for %s and "
			      "the group %s, and you are not in it; who has "
			      "just become a member logs in again first"),
		    path, pw->pw_name, gr->gr_name);
	else if (pw != NULL)
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

static int
no_desk(const struct attach *a)
{
	if (a->strange) {
		print_error("%s", a->error);
		return DW_STATUS_REFUSED;
	}
	if (a->code == SKS_ETOOLONG) {
		print_error(_("there can be no socket %s: that path has %zu "
			      "bytes, and a Unix socket's has at most 107; "
			      "name the desk's with --operator-socket PATH"),
		    a->path, strlen(a->path));
		return DW_STATUS_CONFIG;
	}
	if (a->code == SKS_EACCES)
		say_denied(a->path);
	else
		print_error(_("no desk answers on %s: %s; start one with "
			      "'deskwire serve', or name its socket with "
			      "--operator-socket PATH"),
		    a->path, a->error);
	return DW_STATUS_FAILED;
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
		    dw_signals_wait(&signals, &wake, -1, DW_NEVER) != SIGTERM)
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
	if (o->desk_user != NULL &&
	    (r = find_user(&a, o->desk_user)) != DW_STATUS_OK)
		goto out;
	r = DW_STATUS_FAILED;
	a.path = o->operator_socket != NULL ? o->operator_socket : path;
	cfg.name = o->as != NULL ? o->as : login;
	cfg.history = history;
	if (a.path == NULL)
		print_error(_("there is no home folder; name the desk's socket "
			      "with --operator-socket PATH"));
	else if ((cfg.socket = connect_desk(&a, &why)) == NULL)
		r = no_desk(&a);
	else
		r = run_console(&cfg);
out:
	free(history);
	free(path);
	free(login);
	free(state);
	return r;
}
