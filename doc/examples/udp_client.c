/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UDP client.  Each line is a datagram.  Nobody confirms one, so it claims
 * no connection; that nobody listens is said and ends nothing.  The word quit
 * alone ends it, and is sent.
 */
#include "example.h"

/* A datagram that somebody sent us: printed, whatever is in it. */
static void
show_answer(struct sks_socket *s)
{
	char data[MESSAGE], text[4 * MESSAGE + 1];
	int flags;
	ssize_t n = sks_recvfrom(s, data, sizeof data, NULL, &flags);

	if (n >= 0)
		printf("收到服务端发来的消息: %s%s\n",
		    sks_printable(data, (size_t)n, text, sizeof text),
		    flags & SKS_TRUNC ? " (被截断)" : "");
	else
		complain("对方未在监听");
}

static void
send_line(struct sks_socket *s, const char *line)
{
	ssize_t n = sks_send(s, line, strlen(line));

	/* This tells of an earlier datagram; ours has not left yet. */
	if (n == SKS_ECONNREFUSED) {
		complain("对方未在监听");
		n = sks_send(s, line, strlen(line));
	}
	if (n < 0)
		complain("发送失败");
}

/* Returns 1 to go on, 0 to end. */
static int
take_turn(struct sks_socket *s)
{
	char line[MESSAGE + 1];
	ssize_t n =
	    ask("请输入要发送给服务端的信息:", sks_fileno(s), POLLIN, line);

	if (n == ASK_PEER)
		show_answer(s);
	else if (n > 0)
		send_line(s, line);
	return n == ASK_PEER || (n > 0 && strcmp(line, QUIT) != 0);
}

int
main(int argc, char **argv)
{
	const char *host;
	unsigned port;
	struct sks_addr to;
	struct sks_socket *s;

	arguments(argc, argv, &host, &port);
	printf("开始连接服务端 %s:%u ...\n", host, port);
	if (sks_addr_resolve(host, port, SKS_UNSPEC, &to) < 0 ||
	    sks_socket_new(sks_addr_family(&to), SKS_DGRAM, 0, &s) < 0 ||
	    sks_connect(s, &to) < 0)
		return complain("连接失败");
	printf("已设定服务端 %s:%u (无连接协议, 未确认)\n", host, port);

	while (take_turn(s))
		;
	sks_socket_free(s);
	printf("与服务端 %s:%u 断开连接\n", host, port);
	return 0;
}
