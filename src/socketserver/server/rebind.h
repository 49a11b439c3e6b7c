/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server's Unix sockets, whose files somebody has removed.  Not part of the
 * installed library.
 */
#ifndef SKS_SERVER_REBIND_H
#define SKS_SERVER_REBIND_H

struct sks_server;

/*
 * Looks whether the files of the server's Unix sockets are there, and makes anew
 * those that are not, with the same mode.  What is live goes on.  Another
 * program's socket in such a place stays, and so does anything else but a dead
 * socket; nothing is made in the folder then, not even for a moment.
 *
 * Returns 1: some were made anew; 0: all are there, or there is none; SKS_E*,
 * as binding does, and nothing has changed.
 * Threads: the one that closes the server, and before that.
 */
int sks_server_rebind(struct sks_server *srv);

#endif
