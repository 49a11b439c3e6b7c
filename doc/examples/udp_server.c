/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UDP server.  It prints each datagram and who sent it.  One that is cut
 * says so; bytes that are no text are shown as \xNN.  Nothing in a datagram
 * can end it: Ctrl-C does.
 */
#include "example.h"

int
main(int argc, char **argv)
{
	const char *host;
	unsigned port;
	struct sks_addr at, from;
	struct sks_socket *s;
	char data[MESSAGE], text[4 * MESSAGE + 1], who[SKS_ADDR_TEXT];

	arguments(argc, argv, &host, &port);
	if (sks_addr_resolve(host, port, SKS_UNSPEC, &at) < 0 ||
	    sks_socket_new(sks_addr_family(&at), SKS_DGRAM, 0, &s) < 0 ||
	    sks_bind(s, &at) < 0 || sks_getsockname(s, &at) < 0)
		return complain("服务端无法开启");
	printf("服务端 %s 开启\n",
	    sks_addr_format(&at, SKS_STYLE_PLAIN, who, sizeof who));

	for (;;) {
		int flags;
		ssize_t n = sks_recvfrom(s, data, sizeof data, &from, &flags);

		if (n < 0)
			return complain("recvfrom");
		printf("收到客户端 -> %s 发来的消息: %s%s\n",
		    sks_addr_format(&from, SKS_STYLE_PYTHON, who, sizeof who),
		    sks_printable(data, (size_t)n, text, sizeof text),
		    flags & SKS_TRUNC ? " (被截断)" : "");
	}
}
