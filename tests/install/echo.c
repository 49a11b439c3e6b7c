/* SPDX-License-Identifier: BSD-2-Clause */
/* An echo server with a client in it, as a program outside of this tree. */
#include <math.h>
#include <socketserver.h>
#include <stdio.h>
#include <string.h>

struct echo {
	struct sks_stream_handler sh; /* first, as its own first is */
};

static int
handle(struct sks_handler *h)
{
	struct echo *e = (struct echo *)h;
	char line[256];
	ssize_t n;

	while ((n = sks_stream_readline(e->sh.rfile, line, sizeof line)) > 0)
		if ((n = sks_stream_write(e->sh.wfile, line, (size_t)n)) < 0)
			break;
	return (int)n;
}

static const struct sks_handler_ops ops = {
	SKS_HANDLER_OPS(struct echo),
	.setup = sks_stream_handler_setup,
	.handle = handle,
	.finish = sks_stream_handler_finish,
};

static int
fail(const char *what)
{
	char text[128];

	fprintf(stderr, "%s: %s\n", what, sks_error_text(text, sizeof text));
	return 1;
}

static int
start(struct sks_server **out)
{
	struct sks_server_config cfg;
	int r;

	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
	if ((r = sks_addr_parse("127.0.0.1:0", 0, &cfg.address)) < 0 ||
	    (r = sks_server_new(&cfg, NULL, &ops, out)) < 0)
		return r;
	return sks_server_start(*out);
}

static int
converse(unsigned port)
{
	static const char hello[] = "hello, library\n";
	struct sks_socket *s = NULL;
	struct sks_stream *st = NULL;
	char line[64];
	int r;

	if ((r = sks_create_connection("127.0.0.1", port, 10, &s)) == 0 &&
	    (r = sks_settimeout(s, 10)) == 0 &&
	    (r = sks_send_text(s, hello)) == 0 &&
	    (r = sks_makefile(s, -1, 0, &st)) == 0 &&
	    (r = (int)sks_stream_readline(st, line, sizeof line)) > 0)
		r = strcmp(line, hello) == 0 ? 0 : SKS_EEOF;
	sks_stream_free(st);
	sks_socket_free(s);
	return r;
}

int
main(void)
{
	struct sks_server *srv = NULL;
	int status = 0;

	if (start(&srv) < 0)
		status = fail("start");
	else if (converse(sks_addr_port(sks_server_address(srv))) != 0)
		status = fail("converse");
	else if (sks_server_stop(srv, INFINITY) < 0)
		status = fail("stop");
	sks_server_free(srv);
	if (status == 0)
		puts("C: an echo came back");
	return status;
}
