/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this room share: one call, a terminal and a socket in one
 * thread.  A mode is what is said over it; it gets bytes and typed lines, and
 * uses the functions below.
 */
#ifndef CALL_INTERNAL_H
#define CALL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/signals.h"
#include "client/call.h"
#include "client/ledger.h"
#include "socketserver/socketserver.h"
#include "tty/tty.h"
#include "wire/classic.h"
#include "wire/line.h"

#define CALL_OUT_MAX        (64 * 1024) /* then no line is read */
#define CALL_LINGER_SECONDS 2 /* for the peer's own end, when we leave */

struct call;

struct call_mode {
	/* The socket is connected, and the terminal is there. */
	void (*begin)(struct call *c);

	/* A person, or a pipe, gave this line; it may hold LF from a paste. */
	void (*typed)(struct call *c, const char *text);

	/* A pipe gave this line, in which there are NULs.  NULL: it cannot be
	 * sent, and that is said. */
	void (*nul_line)(struct call *c, const char *bytes, size_t len);

	/* A pipe has ended: no further line will come. */
	void (*input_ended)(struct call *c);

	/* A person wants to end.  Called once. */
	void (*leave)(struct call *c);

	/* The peer sent these bytes, as one recv gave them. */
	void (*received)(struct call *c, const char *bytes, size_t len);

	/* The connection is over: 0 for an end of file, SKS_ERESET, …  Must
	 * call_end(). */
	void (*ended)(struct call *c, int code);

	/*
	 * Datagrams: sends the first of those in c->out, each with a NUL behind
	 * it, and takes it out.  Returns 0 or SKS_EAGAIN.  NULL: a stream.
	 */
	int (*send)(struct call *c);

	/* Datagrams: receiving failed.  Can the call go on? */
	bool (*goes_on)(struct call *c, int code);

	/* The deadline given to tty_deadline() has passed. */
	void (*timeout)(struct call *c);

	/* The peer has begun to read too slowly, reads again, or has read
	 * some more (c->input_paused says which); NULL: nothing to do. */
	void (*input_paused)(struct call *c);

	void (*fini)(struct call *c);
};

extern const struct call_mode call_line_mode, call_classic_mode,
    call_datagram_mode;
extern const struct tty_ops call_tty_ops; /* their arg is a struct call */

/* What line mode knows. */
struct call_line {
	struct wire_line decoder;
	unsigned rows;       /* received, but for receipts */
	bool from_person;    /* one of them is not the desk's */
	bool last_from_desk; /* the last one is the desk's */
	bool said_quit;      /* not only ended the input */
	struct ledger ledger;
	struct dw_buf todo;  /* rows as they are sent, each with its LF */
	int64_t pace_ns;     /* the next row without receipts is due */
	int64_t patience_ns; /* --wait is over, if nothing happens */
};

/* What classic mode knows. */
struct call_classic {
	enum {
		CALL_AWAITS_HELLO,
		CALL_OUR_TURN,
		CALL_THEIR_TURN,
		CALL_LEAVING
	} state;
	struct wire_classic decoder;
	struct dw_buf todo; /* messages, each with its NUL */
	bool input_ended;
	bool quit_met;       /* what follows is not shown */
	enum dw_status said; /* by the last answer, to the last message */
};

/* What datagram mode knows. */
struct call_datagram {
	bool answered;
	bool refused; /* what was sent last */
	bool input_ended;
};

#define CALL_MAGIC 0xca11ed05u

struct call {
	unsigned magic;
	const struct call_config *cfg;
	const struct call_mode *mode;
	struct sks_socket *sock;
	struct tty *tty;
	struct dw_signals term; /* SIGTERM, which wakes the tty */
	char where[160];        /* "127.0.0.1:6666", printable */
	int64_t began_ns;

	struct dw_buf out; /* not yet taken by the kernel */
	bool broken;       /* sending is not possible */
	bool half_close;   /* once out is empty */
	bool half_closed;
	bool receiving_paused; /* the terminal takes no rows */
	bool input_paused;     /* no line is read from the pipe */

	bool sent;       /* something of the customer's */
	bool unsent;     /* a line could not be */
	bool leaving;    /* nothing more is to be sent */
	int status;      /* what call_run() returns */
	const char *why; /* of the end; NULL: as wished */

	struct call_line line;
	struct call_classic classic;
	struct call_datagram datagram;
};

/* Begins the mode and listens to the peer. */
void call_start(struct call *c);

/* Sends, now or as soon as the peer takes it. */
void call_send(struct call *c, const char *bytes, size_t len);

/* Pauses the reading of lines while too much waits to be sent. */
void call_pause_input(struct call *c);

/* Shuts our direction when all is sent. */
void call_half_close(struct call *c);

/* Shows foreign text, made harmless; LF begins an indented row. */
void call_show(struct call *c, const char *text, size_t len);

/* The same behind words of ours, in whose only %s the time goes:
 * "Client received ==> 2026-11-22 09:58:31 - text". */
void call_show_stamped(struct call *c, const char *format, const char *text,
    size_t len);

/* Ends the call.  why: a sentence for standard error, or NULL.  What would be
 * fine is a failure when a line could not be sent. */
void call_end(struct call *c, enum dw_status status, const char *why);

/* Runs fn for each row of a pasted text that is not empty.  Returns how many
 * there were. */
unsigned call_each_row(struct call *c, const char *text,
    void (*fn)(struct call *c, const char *row, size_t len));

#endif
