/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threading server: a thread for each client.  Whoever writes is answered
 * in turn, and the prompt says who that is.  Ctrl-C and Ctrl-D tell everybody
 * goodbye and end it; the port is free at once.
 */
#include "server.h"

#include <inttypes.h>
#include <signal.h>

/* Python's self. */
struct conversation {
	struct sks_handler	 base;
	struct sks_stream	*in;
};

static struct sks_server *server;

static int
setup(struct sks_handler *h)
{
	struct conversation *c = (struct conversation *)h;

	printf("开启非阻塞式连接... [%" PRIu64 "]\n", h->number);
	sks_observe(h->request, SKS_SERVER, sks_observe_print, stdout);
	return sks_makefile(h->request, -1, 0, &c->in);
}

static int
handle(struct sks_handler *h)
{
	struct conversation *c = (struct conversation *)h;
	char prompt[64];
	int r;

	snprintf(prompt, sizeof prompt, "请回复客户端 [%" PRIu64 "] 的信息:",
	    h->number);
	if ((r = shake_hands(h->request, c->in)) >= 0)
		while ((r = answer(h->request, c->in, prompt)) > 0)
			;
	say_goodbye(h->request);
	if (operator_has_gone())
		sks_server_request_shutdown(h->server);
	return r;
}

static int
finish(struct sks_handler *h)
{
	struct conversation *c = (struct conversation *)h;

	sks_stream_free(c->in);
	printf("连接关闭 [%" PRIu64 "]\n", h->number);
	return 0;
}

static const struct sks_handler_ops unblock_handler = {
	SKS_HANDLER_OPS(struct conversation),
	.setup = setup,
	.handle = handle,
	.finish = finish,
};

/* Why a conversation failed. */
static void
log_line(void *user, enum sks_log_level level, const char *text)
{
	(void)user;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

static void
on_signal(int sig)
{
	(void)sig;
	sks_server_request_shutdown(server);
}

int
main(int argc, char **argv)
{
	struct sks_server_config cfg;
	const char *host;
	unsigned port;
	char text[SKS_ADDR_TEXT];
	int r;

	arguments(argc, argv, &host, &port);
	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
	cfg.log = log_line;
	if (sks_addr_resolve(host, port, SKS_UNSPEC, &cfg.address) < 0 ||
	    sks_server_new(&cfg, NULL, &unblock_handler, &server) < 0)
		return complain("服务端无法开启");
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	printf("服务端 %s 开启\n", sks_addr_format(sks_server_address(server),
	    SKS_STYLE_PLAIN, text, sizeof text));
	r = sks_server_serve_forever(server);
	sks_server_free(server);
	return r < 0 ? complain("serve_forever") : 0;
}
