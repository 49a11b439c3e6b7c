/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application that refuses a peer in verify_request, as the server itself
 * refuses one for whom there is no place.  Not part of the installed library.
 */
#ifndef SKS_SERVER_TURN_AWAY_H
#define SKS_SERVER_TURN_AWAY_H

struct sks_server;
struct sks_request;

/*
 * In verify_request, which then returns 0: this peer was told why, by what was
 * just sent to it, and may read that.  What it sends itself goes to
 * on_refused_data, and its place is free at once.
 */
void sks_request_turn_away(struct sks_request *req);

/* How many requests are live, of all servers that count together; in
 * verify_request with the one that is verified.  Any thread. */
unsigned sks_server_crowd(struct sks_server *srv);

#endif
