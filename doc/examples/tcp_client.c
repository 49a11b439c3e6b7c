/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TCP client.  It says that it is ready, and then question and answer take
 * turns.  An answer of any length, an end or a reset, an operator who takes an
 * hour: each is seen and said.  Only the word quit alone ends it.
 */
#include "example.h"

/* Prints what has come.  Returns its length, 0 at the end, or SKS_E*. */
static ssize_t
receive(struct sks_stream *in, char buf[MESSAGE])
{
	return sks_recv_until(in, NULL, 0, SKS_TEXT, SKS_NEVER, buf, MESSAGE,
	    NULL);
}

static int
shake_hands(struct sks_socket *s, struct sks_stream *in)
{
	static const char *const ready[] = { SERVER_READY };
	char buf[MESSAGE];
	int r = sks_send_text(s, CLIENT_READY);

	if (r < 0)
		return r;
	return (int)sks_recv_until(in, ready, 1, SKS_TEXT, SKS_NEVER, buf,
	    sizeof buf, NULL);
}

/* Returns 1 to go on, 0 after a goodbye or the end, or SKS_E*. */
static int
take_turn(struct sks_socket *s, struct sks_stream *in)
{
	char line[MESSAGE + 2];
	ssize_t n = ask("请输入要发送给服务端的信息:", sks_fileno(s), POLLIN,
	    line);
	int r;

	if (n == ASK_END)
		memcpy(line, QUIT, sizeof QUIT);
	/* What comes unasked is not taken for the answer to the next line. */
	if (n != ASK_PEER && (r = sks_send_text(s, line)) < 0)
		return r;
	if ((n = receive(in, line)) <= 0)
		return (int)n;
	if (strcmp(line, QUIT) != 0)
		return 1;
	return sks_send_text(s, QUIT);
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
	if (sks_create_connection(host, port, INFINITY, &s) < 0)
		return complain("连接失败");
	printf("连接服务端 %s:%u 成功\n", host, port);
	sks_observe(s, SKS_CLIENT, sks_observe_print, stdout);
	if (sks_makefile(s, -1, 0, &in) < 0)
		return complain("makefile");

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
