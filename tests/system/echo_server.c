/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A threading server on what is installed of libsocketserver: it writes back
 * what each receive brings, and a session ends with "quit".  The first line of
 * its output is the port.  It ends when its standard input does.
 */
#include <stdio.h>
#include <string.h>

#include "socketserver.h"

static int
echo(struct sks_handler *h)
{
	char buf[256];
	ssize_t n;
	int r;

	if ((r = sks_set_option(h->request, SKS_NODELAY, 1)) < 0)
		return r;
	do {
		if ((n = sks_recv(h->request, buf, sizeof buf)) <= 0)
			return (int)n;
		if ((r = sks_sendall(h->request, buf, (size_t)n, NULL)) < 0)
			return r;
	} while (n < 4 || memcmp(buf, "quit", 4) != 0);
	return 0;
}

int
main(void)
{
	static const struct sks_handler_ops handler = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = echo,
	};
	struct sks_server_config cfg;
	struct sks_server *srv;

	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
	cfg.stack_size = 64 << 10;
	if (sks_addr_parse("127.0.0.1:0", 0, &cfg.address) < 0 ||
	    sks_server_new(&cfg, NULL, &handler, &srv) < 0 ||
	    sks_server_start(srv) < 0)
		return 1;
	printf("%u\n", sks_addr_port(sks_server_address(srv)));
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	sks_server_free(srv);
	return 0;
}
