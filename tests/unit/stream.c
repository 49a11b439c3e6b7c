/* SPDX-License-Identifier: GPL-3.0-or-later */
/* makefile. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "rig.h"

static struct sks_socket *ours, *theirs;
static struct sks_stream *st;

static void
open_pair(int rbufsize, int wbufsize)
{
	CHECK_INT(sks_socketpair(&ours, &theirs), 0);
	CHECK_INT(sks_settimeout(ours, SOON), 0);
	CHECK_INT(sks_settimeout(theirs, SOON), 0);
	CHECK_INT(sks_makefile(ours, rbufsize, wbufsize, &st), 0);
}

static void
close_pair(void)
{
	sks_stream_free(st);
	sks_socket_free(ours);
	sks_socket_free(theirs);
}

static void
say(const char *text)
{
	CHECK_INT(sks_send_text(theirs, text), 0);
}

static void
lines_come_with_their_end_and_the_last_without(void)
{
	char line[32];

	open_pair(-1, 0);
	say("one\n\ntwo");
	CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
	CHECK_INT(sks_stream_readline(st, line, sizeof line), 4);
	CHECK_STR(line, "one\n");
	CHECK_INT(sks_stream_readline(st, line, sizeof line), 1);
	CHECK_INT(sks_stream_readline(st, line, sizeof line), 3);
	CHECK_STR(line, "two");
	CHECK_INT(sks_stream_readline(st, line, sizeof line), 0);
	close_pair();
}

static void
a_time_out_loses_nothing_and_the_stream_goes_on(void)
{
	char line[32];

	open_pair(-1, 0);
	CHECK_INT(sks_settimeout(ours, 0.02), 0);
	say("hal");
	CHECK_INT(sks_stream_readline(st, line, sizeof line), SKS_ETIMEDOUT);
	say("f\nrest");
	CHECK_INT(sks_stream_readline(st, line, sizeof line), 5);
	CHECK_STR(line, "half\n");
	CHECK_INT(sks_stream_readn(st, line, 10), SKS_ETIMEDOUT);
	CHECK_INT(sks_stream_read(st, line, 10), 4);
	CHECK_MEM(line, 4, "rest", 4);
	close_pair();
}

static void
a_line_over_the_limit_is_an_error_that_loses_nothing(void)
{
	char line[32];

	open_pair(-1, 0);
	say("0123456789\n");
	CHECK_INT(sks_stream_readline(st, line, 8), SKS_ETOOLONG);
	CHECK_INT(sks_stream_readline(st, line, 11), SKS_ETOOLONG);
	CHECK_INT(sks_stream_readline(st, line, 12), 11);
	CHECK_STR(line, "0123456789\n");
	close_pair();
}

static void
a_line_may_be_longer_than_the_buffer(void)
{
	char text[300], line[400];

	memset(text, 'x', sizeof text);
	text[298] = '\n';
	text[299] = '\0';
	open_pair(7, 0);
	say(text);
	CHECK_INT(sks_stream_readline(st, line, sizeof line), 299);
	CHECK_STR(line, text);
	close_pair();
}

static void
unbuffered_reads_leave_the_rest_in_the_socket(void)
{
	char line[32];

	open_pair(0, 0);
	say("one\ntwo\n");
	CHECK_INT(sks_stream_readline(st, line, sizeof line), 4);
	CHECK_INT(sks_recv(ours, line, sizeof line), 4);
	CHECK_MEM(line, 4, "two\n", 4);
	close_pair();
}

static void
readn_returns_all_or_what_there_was_before_the_end(void)
{
	char buf[32];

	open_pair(4, 0);
	say("0123456789");
	CHECK_INT(sks_stream_readn(st, buf, 7), 7);
	CHECK_MEM(buf, 7, "0123456", 7);
	CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
	CHECK_INT(sks_stream_readn(st, buf, 7), 3);
	CHECK_MEM(buf, 3, "789", 3);
	CHECK_INT(sks_stream_readn(st, buf, 7), 0);
	close_pair();
}

static void
an_unbuffered_write_is_seen_without_a_flush(void)
{
	char buf[32];

	open_pair(-1, 0);
	CHECK_INT(sks_stream_fileno(st), sks_fileno(ours));
	CHECK_INT(sks_stream_write(st, "write data\n", 11), 11);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), 11);
	CHECK_MEM(buf, 11, "write data\n", 11);
	close_pair();
}

static void
a_buffered_write_is_sent_by_a_flush_or_when_the_buffer_is_full(void)
{
	char buf[32];

	open_pair(-1, 8);
	CHECK_INT(sks_settimeout(theirs, 0), 0);
	CHECK_INT(sks_stream_write(st, "12345", 5), 5);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), SKS_EAGAIN);
	CHECK_INT(sks_stream_write(st, "6789", 4), 4);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), 5);
	CHECK_INT(sks_stream_flush(st), 0);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), 4);
	CHECK_INT(sks_stream_write(st, "longer than the buffer", 22), 22);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), 22);
	close_pair();
}

static void
a_dead_peer_is_reported_once_by_a_flush(void)
{
	open_pair(-1, 64);
	CHECK_INT(sks_stream_write(st, "lost", 4), 4);
	sks_close(theirs);
	CHECK_INT(sks_stream_flush(st), SKS_ERESET);
	CHECK_INT(sks_stream_flush(st), 0);
	close_pair();
}

static void
after_the_socket_is_closed_the_stream_says_so(void)
{
	char buf[8];

	open_pair(-1, 0);
	sks_close(ours);
	CHECK_INT(sks_stream_read(st, buf, 8), SKS_ECLOSED);
	CHECK_INT(sks_stream_write(st, "x", 1), SKS_ECLOSED);
	CHECK_INT(sks_stream_fileno(st), -1);
	close_pair();
}

/* --- a large write under signals --- */

#define LARGE ((size_t)16 * 1024 * 1024 + 1)

static pthread_t writer;

static void
nothing(int sig)
{
	(void)sig;
}

static void *
read_and_disturb(void *arg)
{
	static char buf[65536];
	size_t *total = arg;
	ssize_t n;

	for (int i = 0; *total < LARGE; i++) {
		if ((n = sks_recv(theirs, buf, sizeof buf)) <= 0)
			break;
		*total += (size_t)n;
		if (i % 4 == 0)
			pthread_kill(writer, SIGUSR1);
	}
	return NULL;
}

static void
a_large_write_is_whole_although_signals_interrupt_it(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	char *data = calloc(1, LARGE);
	pthread_t reader;
	size_t total = 0;

	sigaction(SIGUSR1, &sa, NULL);
	writer = pthread_self();
	open_pair(-1, 0);
	pthread_create(&reader, NULL, read_and_disturb, &total);
	CHECK_INT(sks_stream_write(st, data, LARGE), LARGE);
	pthread_join(reader, NULL);
	CHECK_INT(total, LARGE);
	close_pair();
	free(data);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(lines_come_with_their_end_and_the_last_without),
		T(a_time_out_loses_nothing_and_the_stream_goes_on),
		T(a_line_over_the_limit_is_an_error_that_loses_nothing),
		T(a_line_may_be_longer_than_the_buffer),
		T(unbuffered_reads_leave_the_rest_in_the_socket),
		T(readn_returns_all_or_what_there_was_before_the_end),
		T(an_unbuffered_write_is_seen_without_a_flush),
		T(a_buffered_write_is_sent_by_a_flush_or_when_the_buffer_is_full),
		T(a_dead_peer_is_reported_once_by_a_flush),
		T(after_the_socket_is_closed_the_stream_says_so),
		T(a_large_write_is_whole_although_signals_interrupt_it),
	};

	return t_main("stream", cases, sizeof cases / sizeof cases[0]);
}
