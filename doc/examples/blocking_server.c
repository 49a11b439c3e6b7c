/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blocking server: one client at a time, the next waits in the backlog.  A
 * client that resets, keeps silent or sends what is no text ends only its own
 * conversation.  Ctrl-D at the prompt says goodbye and ends the server.
 */
#include "server.h"

static void
converse(struct sks_socket *conn)
{
	struct sks_stream *in = NULL;
	int r;

	sks_observe(conn, SKS_SERVER, sks_observe_print, stdout);
	if ((r = sks_makefile(conn, -1, 0, &in)) >= 0 &&
	    (r = shake_hands(conn, in)) >= 0)
		while ((r = answer(conn, in, "请回复客户端的信息:")) > 0)
			;
	if (r < 0)
		complain("连接中断");
	say_goodbye(conn);
	sks_stream_free(in);
}

int
main(int argc, char **argv)
{
	const char *host;
	unsigned port;
	struct sks_addr at, client;
	struct sks_socket *server, *conn;
	char text[SKS_ADDR_TEXT];
	int r;

	arguments(argc, argv, &host, &port);
	if (sks_addr_resolve(host, port, SKS_UNSPEC, &at) < 0 ||
	    sks_create_server(&at, 5, 0, 0, &server) < 0 ||
	    sks_getsockname(server, &at) < 0)
		return complain("服务端无法开启");
	printf("服务端 %s 开启\n",
	    sks_addr_format(&at, SKS_STYLE_PLAIN, text, sizeof text));

	while (!operator_has_gone()) {
		printf("等待客户端连接...\n");
		if ((r = sks_accept(server, &conn, &client)) == SKS_ERESET)
			continue; /* gone before we took it */
		if (r < 0)
			return complain("accept");
		printf("当前连接客户端:%s\n",
		    sks_addr_format(&client, SKS_STYLE_PYTHON, text,
			sizeof text));
		converse(conn);
		sks_socket_free(conn);
		printf("与客户端 %s 断开连接\n",
		    sks_addr_format(&client, SKS_STYLE_PLAIN, text,
			sizeof text));
	}
	sks_socket_free(server);
	return 0;
}
