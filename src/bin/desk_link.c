/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file connects to a desk's operators' socket, trusts or distrusts who
 * serves it, and says what to do when that fails.
 */
#include "config.h"

#include <assert.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "bin/desk_link.h"
#include "bin/paths.h"

#define DESK_LINK_MAGIC 0xa77ac4edu
#define CONNECT_SECONDS 3.0

/* A name, or a number.  Returns 0 or an exit status. */
static int
find_user(struct desk_link *a, const char *name)
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

/* Can nobody but root, and this user, make something in that folder? */
static bool
is_closed_to_others(const char *folder, uid_t user)
{
	struct stat st;

	return lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) &&
	    (st.st_uid == 0 || st.st_uid == user) &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Only root can have let this user have the system's own socket. */
static bool
is_systems(const char *path, uid_t user)
{
	return strcmp(path, PATH_SYSTEM_SOCKET) == 0 &&
	    is_closed_to_others(PATH_SYSTEM_RUN, 0) &&
	    is_closed_to_others(PATH_SYSTEM_FOLDER, user);
}

/* What the kernel says of who serves: another user could read what operators
 * write, and answer in the desk's place. */
static bool
is_trusted(struct desk_link *a, struct sks_socket *s)
{
	uid_t uid;

	if (sks_peercred(s, &uid, NULL, NULL) < 0) {
		sks_error_text(a->error, sizeof a->error);
		return false;
	}
	if (uid == geteuid() || uid == 0 || (a->other && uid == a->user) ||
	    is_systems(a->path, uid))
		return true;
	a->strange = true;
	snprintf(a->error, sizeof a->error,
	    _("the desk on %s is run by user %lu, who is neither you nor root; "
	      "if you trust that one, add --desk-user=%lu"),
	    a->path, (unsigned long)uid, (unsigned long)uid);
	return false;
}

struct sks_socket *
desk_link_connect(void *arg, const char **why)
{
	struct desk_link *a = arg;
	struct sks_socket *s;

	assert(a->magic == DESK_LINK_MAGIC);
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

int
desk_link_failed(const struct desk_link *a)
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

int
desk_link_init(struct desk_link *a, const struct options *o)
{
	char *state = path_state();

	memset(a, 0, sizeof *a);
	a->magic = DESK_LINK_MAGIC;
	if (state != NULL && o->operator_socket == NULL)
		a->found = path_find_operator_socket(state);
	free(state);
	a->path = o->operator_socket != NULL ? o->operator_socket : a->found;
	if (o->desk_user != NULL)
		return find_user(a, o->desk_user);
	if (a->path != NULL)
		return DW_STATUS_OK;
	print_error(_("there is no home folder; name the desk's socket with "
		      "--operator-socket PATH"));
	return DW_STATUS_FAILED;
}

void
desk_link_fini(struct desk_link *a)
{
	free(a->found);
	a->found = NULL;
}
