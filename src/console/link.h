/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread `link`: reads the operator protocol and hands it over in the inbox.
 * Sends are made by the readline thread, with a short deadline.
 *
 * A desk that says nothing for quiet_seconds is to be pinged (CON_NEWS_QUIET);
 * when nothing comes for as long again the console is told (CON_NEWS_SILENT).
 *
 * With a way to connect it comes back after a loss: it says the last event
 * it handed over and asks for a replay, so that no row is missing or shown
 * twice.  A desk that says bye with "stop", "denied" or "usage" has meant
 * it, and so has one that hangs up before its first welcome: the link ends.
 */
#ifndef CON_LINK_H
#define CON_LINK_H

#include "console/inbox.h"
#include "socketserver/socketserver.h"

#define CON_SEND_SECONDS 2.0
#define CON_QUIET_SECONDS \
	5.0 /* then the desk is pinged, and so long it may
                               * take to answer */

/* A connected socket, or NULL and why (static, or kept by arg).  Called on
 * the link's thread; must end by itself within a few seconds. */
typedef struct sks_socket *con_connect_fn(void *arg, const char **why);

struct con_link_config {
	struct con_inbox *inbox;
	const char *name;          /* of the operator */
	struct sks_socket *socket; /* the first; NULL: connect */
	con_connect_fn *connect;   /* NULL: a loss is the end */
	void *arg;
	double quiet_seconds; /* 0: CON_QUIET_SECONDS */
};

struct con_link;

/* Owns: the link takes config's socket, also on failure.  Returns 0 or
 * -errno. */
int con_link_start(struct con_link **out, const struct con_link_config *cfg);

/*
 * Sends one frame.  Returns the generation of the link it went over (>= 1), or
 * -ENOTCONN, -ETIMEDOUT, -ENOMEM.  After -ETIMEDOUT that link is lost.
 * Not before the first welcome.
 */
int con_link_send(struct con_link *link, const struct wire_frame *f);

/* The generation of the link that a frame would go over now; 0: none would. */
unsigned con_link_generation(struct con_link *link);

/* Says bye, ends and joins the thread, frees.  NULL is fine. */
void con_link_stop(struct con_link *link);

#endif
