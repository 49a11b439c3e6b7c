/* SPDX-License-Identifier: BSD-2-Clause */
/* How both TCP servers talk with one client. */
#ifndef SERVER_H
#define SERVER_H

#include "example.h"

#include <pthread.h>

/* One terminal, one question at a time; it guards terminal_ended too. */
static pthread_mutex_t console = PTHREAD_MUTEX_INITIALIZER;
static int terminal_ended;	/* Ctrl-D: everybody is told goodbye */

static inline int
operator_has_gone(void)
{
	int gone;

	pthread_mutex_lock(&console);
	gone = terminal_ended;
	pthread_mutex_unlock(&console);
	return gone;
}

/* Returns as ask(), and ASK_PEER when the client leaves meanwhile. */
static inline ssize_t
ask_operator(const char *prompt, struct sks_socket *conn,
    char line[MESSAGE + 2])
{
	ssize_t n = ASK_END;

	pthread_mutex_lock(&console);
	if (!terminal_ended)
		n = ask(prompt, sks_fileno(conn), POLLRDHUP, line);
	terminal_ended = n == ASK_END;
	pthread_mutex_unlock(&console);
	return n;
}

static inline int
shake_hands(struct sks_socket *conn, struct sks_stream *in)
{
	static const char *const ready[] = { CLIENT_READY };
	char buf[MESSAGE];
	ssize_t n = sks_recv_until(in, ready, 1, SKS_TEXT,
	    sks_after(SILENCE), buf, sizeof buf, NULL);

	return n < 0 ? (int)n : sks_send_text(conn, SERVER_READY);
}

/*
 * One message and its answer.  What came together with the handshake or before
 * we have answered is not lost: it is the next message.  Returns 1 to go on, 0
 * when either side has said quit or has gone, or SKS_E*.
 */
static inline int
answer(struct sks_socket *conn, struct sks_stream *in, const char *prompt)
{
	char text[MESSAGE + 2];
	ssize_t n = sks_recv_until(in, NULL, 0, SKS_TEXT, sks_after(SILENCE),
	    text, MESSAGE, NULL);
	int r;

	if (n <= 0 || strcmp(text, QUIT) == 0)
		return (int)n < 0 ? (int)n : 0;
	if (ask_operator(prompt, conn, text) < 0 || strcmp(text, QUIT) == 0)
		return 0;
	r = sks_send_text(conn, text);
	return r < 0 ? r : 1;
}

/* Says quit and reads on until the client has gone, two seconds at most, so
 * that a reset does not overtake our last words. */
static inline void
say_goodbye(struct sks_socket *conn)
{
	int64_t deadline = sks_after(2);
	char rest[MESSAGE];

	if (sks_send_text(conn, QUIT) < 0 ||
	    sks_shutdown(conn, SKS_SHUT_WR) < 0)
		return;
	while (sks_recv_deadline(conn, rest, sizeof rest, deadline) > 0)
		;
}

#endif
