/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TCP client.  It says that it is ready, and then question and answer take
 * turns.  An answer of any length, an end or a reset, an operator who takes an
 * hour: each is seen and said.  Only the word quit alone ends it.
 */
#include "example.h"

static int
shake_hands(struct sks_socket *s, struct sks_stream *in)
{
	static const char *const ready[] = { SERVER_READY };
	char text[ROOM];
	int r = say(s, CLIENT_READY);

	return r < 0 ? r :
		       (int)sks_recv_until(in, ready, 1, SKS_TEXT, SKS_NEVER,
			   text, sizeof text, NULL);
}

/* Returns 1 to go on, 0 after a goodbye or the end, or SKS_E*. */
static int
take_turn(struct sks_socket *s, struct sks_stream *in)
{
	char line[MESSAGE + 1], text[ROOM];
	ssize_t n =
	    ask("请输入要发送给服务端的信息:", sks_fileno(s), POLLIN, line);
	int leaving, r;

	if (n == ASK_END)
		memcpy(line, QUIT, sizeof QUIT);
	leaving = n != ASK_PEER && strcmp(line, QUIT) == 0;
	/* What comes unasked is not taken for the answer to the next line. */
	if (n != ASK_PEER && (r = say(s, line)) < 0)
		return r;
	do
		n = sks_recv_until(in, NULL, 0, SKS_TEXT, SKS_NEVER, text,
		    sizeof text, NULL);
	while (leaving && n > 0 && strcmp(text, QUIT) != 0);
	if (n <= 0 || strcmp(text, QUIT) != 0)
		return n > 0 ? 1 : (int)n;
	r = leaving ? 0 : say(s, QUIT);
	return r == SKS_ERESET ? 0 : r; /* it did not wait for our quit */
}

int
main(int argc, char **argv)
{
	const char *host;
	unsigned port;
	struct sks_socket *s;
	struct sks_stream *in;
	int r;

	arguments(argc, argv, &host, &port);
	printf("开始连接服务端 %s:%u ...\n", host, port);
	if (sks_create_connection(host, port, SILENCE, &s) < 0)
		return complain("连接失败");
	printf("连接服务端 %s:%u 成功\n", host, port);
	sks_observe(s, SKS_CLIENT, sks_observe_print, stdout);
	/* Unbuffered: what is not taken yet is where poll(2) sees it. */
	if (sks_set_keepalive(s, 60, 10, 3) < 0 ||
	    sks_makefile(s, 0, 0, &in) < 0)
		return complain("连接失败");

	if ((r = shake_hands(s, in)) >= 0)
		while ((r = take_turn(s, in)) > 0)
			;
	if (r < 0)
		complain("连接中断");
	sks_stream_free(in);
	sks_socket_free(s);
	printf("与服务端 %s:%u 断开连接\n", host, port);
	return r < 0;
}
