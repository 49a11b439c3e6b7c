/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the five programs share: the words of their protocol, the arguments
 * [HOST [PORT]], and asking at the terminal.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#define _GNU_SOURCE	/* POLLRDHUP */

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <socketserver.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENT_READY	"客户端已就绪"
#define SERVER_READY	"服务端已就绪"
#define QUIT		"quit"
#define MESSAGE		1024	/* bytes; the other side reads no more at once */
#define SILENCE		60.0	/* seconds that a client may say nothing */

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

#define ASK_END		-1	/* the terminal's end: Ctrl-D */
#define ASK_PEER	-2	/* `events` came on fd before an answer */

/*
 * A line of 1 to MESSAGE bytes from the terminal, without its end.  Returns
 * its length, ASK_END or ASK_PEER.  An empty line would be no message at all,
 * and a longer one would be cut, perhaps inside a character: both are asked
 * again.
 */
static inline ssize_t
ask(const char *prompt, int fd, short events, char line[MESSAGE + 2])
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = events },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	char *text = NULL;
	size_t room = 0;
	ssize_t len;

	do {
		printf("%s", prompt);
		fflush(stdout);
		while (poll(p, 2, -1) < 0 && errno == EINTR)
			;
		if (p[0].revents != 0) {
			printf("\n");
			len = ASK_PEER;
			break;
		}
		if ((len = getline(&text, &room, stdin)) < 0)
			break;
		len = (ssize_t)strcspn(text, "\r\n");
	} while (len == 0 || len > MESSAGE);
	if (len > 0) {
		memcpy(line, text, (size_t)len);
		line[len] = '\0';
	}
	free(text);
	return len;
}

#endif
