/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threading server: a thread for each client.  Each message is answered in
 * its turn, and rows and prompts say whose it is.  Ctrl-C, and Ctrl-D at a
 * prompt, tell everybody goodbye and end it; the port is free at once.
 */
#include "server.h"

#include <inttypes.h>
#include <signal.h>

#define CLIENTS 100 /* at the same time; more are turned away */

/* Python's self. */
struct conversation {
	struct sks_handler base;
	struct sks_stream *in;
};

static struct sks_server *server;

static void
print_row(const char *what, const struct sks_handler *h)
{
	begin_row();
	printf("%s [%" PRIu64 "]\n", what, h->number);
	end_row();
}

/* An observer. */
static void
print_message(const struct sks_observation *o, void *arg)
{
	const struct sks_handler *h = arg;

	begin_row();
	printf("[%" PRIu64 "] ", h->number);
	sks_observe_print(o, stdout);
	end_row();
}

static int
setup(struct sks_handler *h)
{
	struct conversation *c = (struct conversation *)h;

	print_row("开启非阻塞式连接...", h);
	sks_observe(h->request, SKS_SERVER, print_message, h);
	return sks_makefile(h->request, -1, 0, &c->in);
}

static int
handle(struct sks_handler *h)
{
	struct conversation *c = (struct conversation *)h;
	char prompt[64];
	int r;

	snprintf(prompt, sizeof prompt,
	    "请回复客户端 [%" PRIu64 "] 的信息:", h->number);
	if ((r = shake_hands(h->request, c->in)) >= 0)
		while ((r = answer(h->request, c->in, prompt)) > 0)
			;
	if (operator_has_gone())
		sks_server_request_shutdown(h->server);
	return r;
}

static int
finish(struct sks_handler *h)
{
	struct conversation *c = (struct conversation *)h;

	say_goodbye(h->request);
	sks_stream_free(c->in);
	print_row("连接关闭", h);
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
	begin_row();
	fprintf(stderr, "%s\n", text);
	end_row();
}

static void
stop_serving(int sig)
{
	(void)sig;
	sks_server_request_shutdown(server);
}

static void
on_signals(void (*action)(int))
{
	struct sigaction sa = { .sa_flags = SA_RESTART };

	sa.sa_handler = action;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
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
	cfg.max_sessions = CLIENTS;
	cfg.log = log_line;
	if (sks_addr_resolve(host, port, SKS_UNSPEC, &cfg.address) < 0 ||
	    sks_server_new(&cfg, NULL, &unblock_handler, &server) < 0)
		return complain("服务端无法开启");
	on_signals(stop_serving);
	printf("服务端 %s 开启\n",
	    sks_addr_format(sks_server_address(server), SKS_STYLE_PLAIN, text,
		sizeof text));
	r = sks_server_serve_forever(server);
	if (r < 0)
		complain("serve_forever");
	on_signals(SIG_DFL); /* a second Ctrl-C does not wait for goodbyes */
	sks_server_free(server);
	return r < 0;
}
