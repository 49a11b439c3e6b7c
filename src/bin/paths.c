/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file finds where a user's files are, by the XDG base directories.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "bin/paths.h"

#define NO_FILE EINVAL /* no open() with these flags says so */

static char *
join(const char *a, const char *b)
{
	char *path;

	return asprintf(&path, "%s/%s", a, b) < 0 ? NULL : path;
}

/* XDG says: a relative path is to be ignored. */
static const char *
absolute(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] == '/' ? value : NULL;
}

static const char *
home(void)
{
	const char *value = absolute("HOME");
	const struct passwd *pw;

	if (value != NULL)
		return value;
	pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_dir : NULL;
}

char *
path_state(void)
{
	const char *base = absolute("XDG_STATE_HOME");

	if (base != NULL)
		return join(base, "deskwire");
	return home() != NULL ? join(home(), ".local/state/deskwire") : NULL;
}

char *
path_config(void)
{
	const char *base = absolute("XDG_CONFIG_HOME");

	if (base != NULL)
		return join(base, "deskwire/deskwire.conf");
	return home() != NULL ? join(home(), ".config/deskwire/deskwire.conf") :
				NULL;
}

char *
path_history(void)
{
	char *state = path_state(), *path = NULL;

	if (state != NULL)
		path = join(state, "history");
	free(state);
	return path;
}

char *
path_operator_socket_in(const char *dir)
{
	return join(dir, "operator.sock");
}

char *
path_operator_socket_named(const char *state)
{
	const char *run = absolute("XDG_RUNTIME_DIR");

	return run != NULL ? join(run, "deskwire/operator.sock") :
			     path_operator_socket_in(state);
}

char *
path_operator_socket(const char *state)
{
	const char *run = absolute("XDG_RUNTIME_DIR");
	char *dir, *path;

	if (run == NULL)
		return path_operator_socket_in(state);
	if ((dir = join(run, "deskwire")) == NULL)
		return NULL;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		free(dir);
		return path_operator_socket_in(state);
	}
	path = join(dir, "operator.sock");
	free(dir);
	return path;
}

/* Who may not look into the system's folder is told so by whoever connects. */
static bool
is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || errno == EACCES;
}

char *
path_find_operator_socket(const char *state)
{
	char *own = path_operator_socket(state), *systems;

	if (own == NULL || is_there(own) || !is_there(PATH_SYSTEM_SOCKET) ||
	    (systems = strdup(PATH_SYSTEM_SOCKET)) == NULL)
		return own;
	free(own);
	return systems;
}

char *
path_login(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return strdup(pw != NULL ? pw->pw_name : "operator");
}

/* /dev/null is a file as good as any. */
static int
check_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) ? 0 : NO_FILE;
}

FILE *
path_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *f = NULL;
	int error = fd < 0 ? errno : check_kind(fd);

	if (error == 0 && (f = fdopen(fd, "r")) == NULL)
		error = errno;
	if (f == NULL && fd >= 0)
		close(fd);
	errno = error;
	return f;
}

const char *
path_error(int error)
{
	return error == NO_FILE ? _("it is no regular file") : strerror(error);
}
