/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are, by the XDG base directories.  All are malloc()ed; NULL
 * when there is no memory or no home to put them in. */
#ifndef BIN_PATHS_H
#define BIN_PATHS_H

#include <stdio.h>

/* ${XDG_STATE_HOME:-~/.local/state}/deskwire */
char *path_state(void);

/* ${XDG_CONFIG_HOME:-~/.config}/deskwire/deskwire.conf */
char *path_config(void);

/* "history" in path_state(). */
char *path_history(void);

/* ${XDG_RUNTIME_DIR}/deskwire/operator.sock; without one, operator.sock in
 * the state folder.  Makes the socket's own folder, mode 0700. */
char *path_operator_socket(const char *state);

/* The same, and makes nothing. */
char *path_operator_socket_named(const char *state);

/* The socket of the desk that this machine has as a service. */
#define PATH_SYSTEM_RUN    "/run"
#define PATH_SYSTEM_FOLDER PATH_SYSTEM_RUN "/deskwire"
#define PATH_SYSTEM_SOCKET PATH_SYSTEM_FOLDER "/operator.sock"

/* Where an operator's desk is: the user's own one, as path_operator_socket(), if
 * it is there; else the system's, if that is. */
char *path_find_operator_socket(const char *state);

/* operator.sock in that folder. */
char *path_operator_socket_in(const char *dir);

/* The login name. */
char *path_login(void);

/* Opens a file to be read.  Nothing is waited for: a FIFO, which may have nobody
 * at its other end, is refused, and so is a folder.  Returns NULL, and errno,
 * for which path_error() has words. */
FILE *path_open(const char *path);
const char *path_error(int error);

#endif
