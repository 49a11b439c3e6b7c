/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An operator's console: what is said at a desk, above the line being typed,
 * and Enter answers the customer in the prompt.  It speaks the operator
 * protocol over a socket, whether the desk is in this process or not, and uses
 * a terminal through src/tty; without one it reads lines and writes rows.
 *
 *	con_new(&cfg, &con);			signals blocked in all threads
 *	status = con_run(con);			the thread `readline`
 *	con_stop(con); con_unblock(con);	any other thread, meanwhile
 *	con_free(con);				after con_run has returned
 */
#ifndef CON_CONSOLE_H
#define CON_CONSOLE_H

#include <stdbool.h>

#include "console/link.h"
#include "console/prompt.h"
#include "tty/tty.h"

struct con;

/* When the terminal rings. */
enum con_bell {
	CON_BELL_MINE, /* for new customers, and those whom we answered */
	CON_BELL_NEW,  /* for new customers */
	CON_BELL_ALL,  /* for every message that is not of the selected one */
	CON_BELL_NONE
};

struct con_config {
	const char *name;    /* the operator's */
	const char *history; /* file, or NULL */
	enum tty_colour colour;
	enum con_clock clock;
	enum con_bell bell;

	/* In a desk's own process: leaving ends the desk, so it is asked for
	 * twice while customers are there; says where the desk listens. */
	bool owns_desk;

	bool allow_suspend; /* Ctrl-Z stops the process */
	bool stay;          /* the end of a pipe is no end */
	const char *hint;   /* said first; NULL: how to try
	                            * the desk, if nobody is here */

	/* On the console's thread, when somebody sent SIGHUP: opens the log
	 * anew.  Returns 1 when it did, 0 without a log, -errno.  NULL: the
	 * signal does nothing. */
	int (*reopen_log)(void *arg);
	void *log_arg;

	struct sks_socket *socket; /* connected; NULL: connect */
	con_connect_fn *connect;   /* NULL: never reconnects */
	void *arg;                 /* of connect */
};

/*
 * Touches no terminal yet.  What cfg points at must outlive the console,
 * except the socket, which it owns from now on, also on failure.
 * Returns 0 or -errno.
 */
int con_new(const struct con_config *cfg, struct con **out);

/*
 * Runs the console on the calling thread, with a thread `link` of its own,
 * until the operator leaves, the desk ends it, or con_stop().  Returns the
 * exit status: DW_STATUS_FAILED when the link ended by itself, there is no
 * memory, or a line from a pipe could not be sent; DW_STATUS_REFUSED when the
 * desk refused us; DW_STATUS_SIGNAL(n) after a signal; else DW_STATUS_OK.
 */
int con_run(struct con *con);

/* The value of "minute", of "mine"; -1 for a word that is none of them. */
int con_clock_of(const char *word);
int con_bell_of(const char *word);

/* Any thread: makes con_run() return soon. */
void con_stop(struct con *con);

/* Any thread: for when con_stop() is not enough because the terminal is
 * stopped; see tty_unblock(). */
void con_unblock(struct con *con);

/* NULL is fine. */
void con_free(struct con *con);

#endif
