/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The customer's client: `deskwire call`.
 *
 * It speaks line mode toward a desk, or with `classic_mode` the tutorial's
 * protocol toward the tutorial's servers, or with `datagram_mode` UDP toward
 * either.  On a terminal what arrives appears above what is being typed.  In a
 * pipe each line of standard input is sent, at the desk's pace; at its end our
 * direction is shut, and the answers are printed until the peer closes or
 * wait_seconds have passed.  Over UDP the first answer is enough.
 */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>

#include "base/status.h"
#include "tty/tty.h"

#define CALL_HOST             "127.0.0.1"
#define CALL_PORT             6666
#define CALL_WAIT_SECONDS     60
#define CALL_CONNECT_SECONDS  30
#define CALL_UDP_WAIT_SECONDS 1 /* to learn that nobody listens */
#define CALL_UDP_MAX \
	1024 /* bytes: what the tutorial's server
	      * reads */

/*
 * An answer is a row of a person: those that begin with "* " are the desk's
 * own, its greeting among them.  It counts if it comes behind the last message
 * that the desk has taken, of which it gives receipts.  Who has sent nothing, or
 * has said /quit, needs none.  A broken connection is fine only after /quit.
 */

struct call_config {
	const char *host; /* name or address */
	unsigned port;
	bool classic_mode;
	bool datagram_mode;
	bool wants_answer;   /* over UDP: none is a failure */
	bool no_wait;        /* in a pipe: all is stored, that is enough */
	double wait_seconds; /* in a pipe, for answers */
	double connect_seconds;
	const char *name; /* of the customer; NULL: none */
	enum tty_colour colour;
};
#define CALL_CONFIG_INITIALIZER                                                \
	{ CALL_HOST, CALL_PORT, false, false, false, false, CALL_WAIT_SECONDS, \
		CALL_CONNECT_SECONDS, NULL, TTY_COLOUR_AUTO }

/*
 * Connects, talks, and says on standard error why it ended if that was not as
 * wished.  Blocks the signals that a tty takes in the calling thread, which
 * should be the program's only one, with SIGTERM open.  That one says /quit,
 * restores the terminal and returns.
 *
 * Returns the exit status: DW_STATUS_OK when a person has answered,
 * DW_STATUS_STORED when all is stored and none has, DW_STATUS_FAILED without a
 * connection, when a row was refused, or without an answer of a peer that gives
 * no receipts, DW_STATUS_REFUSED when nobody listens or the desk takes no more,
 * DW_STATUS_EARLY when the peer went away in the middle, or DW_STATUS_SIGNAL() of
 * SIGTERM, or in a pipe of SIGINT.
 */
int call_run(const struct call_config *cfg);

#endif
