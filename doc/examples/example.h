/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs share: the words of their protocol, the arguments
 * [HOST [PORT]], asking at the terminal, and how a text is sent over TCP.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#define _GNU_SOURCE /* POLLRDHUP */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <socketserver.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef POLLRDHUP   /* Only Linux tells that a peer has ended; elsewhere */
#define POLLRDHUP 0 /* the operator finds out after the answer. */
#endif

#define CLIENT_READY "客户端已就绪"
#define SERVER_READY "服务端已就绪"
#define QUIT         "quit"
#define WORD_JOINER  "\xe2\x81\xa0" /* U+2060, which nobody sees */
#define MESSAGE      1024 /* bytes; the other side reads no more at once */
#define ROOM         8192 /* bytes that we read at once */
#define SILENCE      60.0 /* seconds that a peer may let us wait */

/* 127.0.0.1 and 6666 unless the arguments say otherwise. */
static inline void
arguments(int argc, char **argv, const char **host, unsigned *port)
{
	*host = argc > 1 ? argv[1] : "127.0.0.1";
	*port = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 6666;
	/* So that poll(2) knows what is left to read, and rows appear. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Says what failed.  Returns main's exit status. */
static inline int
complain(const char *what)
{
	char text[160];

	fprintf(stderr, "%s: %s\n", what, sks_error_text(text, sizeof text));
	return 1;
}

/* The prompt that waits for an answer.  Only the threading server prints from
 * several threads: the lock guards this and what is printed. */
static pthread_mutex_t console = PTHREAD_MUTEX_INITIALIZER;
static const char *asking;

static inline void
set_prompt(const char *prompt)
{
	pthread_mutex_lock(&console);
	if ((asking = prompt) != NULL)
		printf("%s", prompt);
	fflush(stdout);
	pthread_mutex_unlock(&console);
}

/* Shows the prompt.  Returns 1 when there is a line to be read, 0 when one of
 * `events` came on fd before. */
static inline int
wait_for_line(const char *prompt, int fd, short events)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = events },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	if (poll(p, 1, 0) > 0)
		return 0;
	set_prompt(prompt);
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	set_prompt(NULL);
	if (p[0].revents == 0)
		return 1;
	printf("\n");
	return 0;
}

/*
 * Nothing at all is no message, a long one would be cut by the other side,
 * perhaps inside a character, and bytes that do not print as they are (no
 * UTF-8, an arrow key) would be no text there.
 */
static inline int
is_message(const char *text)
{
	char printed[4 * MESSAGE + 1];
	size_t len = strlen(text), more = 0;

	for (const char *q = text; (q = strstr(q, QUIT)) != NULL; q++)
		more += strlen(WORD_JOINER); /* see say() */
	return len > 0 && len + more <= MESSAGE &&
	    strcmp(text, sks_printable(text, len, printed, sizeof printed)) ==
	    0;
}

#define ASK_END  -1 /* the terminal's end: Ctrl-D */
#define ASK_PEER -2 /* `events` came on fd before an answer */

/* A line from the terminal, without its end; asks until it is a message.
 * Returns its length, ASK_END or ASK_PEER. */
static inline ssize_t
ask(const char *prompt, int fd, short events, char line[MESSAGE + 1])
{
	char *text = NULL;
	size_t room = 0;
	ssize_t len = ASK_PEER;

	while (len == ASK_PEER && wait_for_line(prompt, fd, events)) {
		if (getline(&text, &room, stdin) < 0) {
			printf("\n");
			len = ASK_END;
			break;
		}
		text[strcspn(text, "\r\n")] = '\0';
		if (is_message(text)) {
			len = (ssize_t)strlen(text);
			memcpy(line, text, (size_t)len + 1);
		} else
			printf("请输入 1 到 %d 字节的文字\n", MESSAGE);
	}
	free(text);
	return len;
}

/*
 * Sends a message.  The tutorial's programs take every text in which there is
 * a quit ("it is quite easy") for the word itself: what is longer than the
 * word gets something invisible behind the q.
 */
static inline int
say(struct sks_socket *s, const char *text)
{
	char spared[2 * MESSAGE];
	size_t n = 0;

	if (strcmp(text, QUIT) == 0)
		return sks_send_text(s, QUIT);
	for (; *text != '\0' && n + sizeof WORD_JOINER < sizeof spared;
	    text++) {
		spared[n++] = *text;
		if (strncmp(text, QUIT, strlen(QUIT)) == 0) {
			memcpy(spared + n, WORD_JOINER, strlen(WORD_JOINER));
			n += strlen(WORD_JOINER);
		}
	}
	spared[n] = '\0';
	return sks_send_text(s, spared);
}

#endif
