/* SPDX-License-Identifier: BSD-2-Clause */
/* How both TCP servers talk with one client. */
#ifndef SERVER_H
#define SERVER_H

#include "example.h"

/* Guarded by console, too. */
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static int busy;           /* somebody asks the operator */
static int terminal_ended; /* Ctrl-D: everybody is told goodbye */

/* Around a row of another conversation: a prompt comes again below it. */
static inline void
begin_row(void)
{
	pthread_mutex_lock(&console);
	if (asking != NULL)
		printf("\n");
}

static inline void
end_row(void)
{
	if (asking != NULL)
		printf("%s", asking);
	fflush(stdout);
	pthread_mutex_unlock(&console);
}

static inline int
operator_has_gone(void)
{
	int gone;

	pthread_mutex_lock(&console);
	gone = terminal_ended;
	pthread_mutex_unlock(&console);
	return gone;
}

/* Waits until nobody else asks, and asks.  Returns as ask(), and ASK_PEER when
 * the client has ended or gone meanwhile. */
static inline ssize_t
ask_operator(const char *prompt, struct sks_socket *conn,
    char line[MESSAGE + 1])
{
	ssize_t n = ASK_END;

	pthread_mutex_lock(&console);
	while (busy)
		pthread_cond_wait(&answered, &console);
	if (!terminal_ended) {
		busy = 1;
		pthread_mutex_unlock(&console);
		n = ask(prompt, sks_fileno(conn), POLLRDHUP, line);
		pthread_mutex_lock(&console);
		busy = 0;
	}
	terminal_ended = n == ASK_END;
	pthread_cond_signal(&answered);
	pthread_mutex_unlock(&console);
	return n;
}

static inline int
shake_hands(struct sks_socket *conn, struct sks_stream *in)
{
	static const char *const ready[] = { CLIENT_READY };
	char text[ROOM];
	ssize_t n;
	int r;

	/* One who takes nothing, and one whose machine has died, are noticed
	 * too: the first by sending, the second also while we ask. */
	if ((r = sks_settimeout(conn, SILENCE)) < 0 ||
	    (r = sks_set_keepalive(conn, 60, 10, 3)) < 0)
		return r;
	n = sks_recv_until(in, ready, 1, SKS_TEXT, sks_after(SILENCE), text,
	    sizeof text, NULL);
	return n < 0 ? (int)n : say(conn, SERVER_READY);
}

/*
 * One message and its answer.  What came together with the handshake or before
 * we have answered is not lost: it is the next message.  Returns 1 to go on, 0
 * when either side has said quit or has gone, or SKS_E*.
 */
static inline int
answer(struct sks_socket *conn, struct sks_stream *in, const char *prompt)
{
	char text[ROOM], line[MESSAGE + 1];
	ssize_t n = sks_recv_until(in, NULL, 0, SKS_TEXT, sks_after(SILENCE),
	    text, sizeof text, NULL);
	int r;

	if (n <= 0 || strcmp(text, QUIT) == 0)
		return n < 0 ? (int)n : 0;
	n = ask_operator(prompt, conn, line);
	if (n == ASK_PEER)
		return 1; /* whatever else it has said, and its end */
	if (n == ASK_END || strcmp(line, QUIT) == 0)
		return 0;
	r = say(conn, line);
	return r < 0 ? r : 1;
}

/* Says quit and reads on until the client has gone, two seconds at most, so
 * that a reset does not overtake our last words. */
static inline void
say_goodbye(struct sks_socket *conn)
{
	int64_t deadline = sks_after(2);
	char rest[MESSAGE];

	if (say(conn, QUIT) < 0 || sks_shutdown(conn, SKS_SHUT_WR) < 0)
		return;
	while (sks_recv_deadline(conn, rest, sizeof rest, deadline) > 0)
		;
}

#endif
