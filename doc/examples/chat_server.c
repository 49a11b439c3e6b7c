/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A chat: what one client writes, all others read.  In Python each handler puts
 * its socket into a list and takes it out again; here the server is asked who
 * is there.  Who does not read is cut off and keeps nobody waiting.  Ctrl-C
 * ends it.
 *	./chat_server
 *	nc 127.0.0.1 6666	in two other terminals
 */
#include "example.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>

#define CLIENTS 100                /* at the same time */
#define ROW     (4 * MESSAGE + 64) /* a message as it is printed, and whose */

static struct sks_server *server;

/* Sends a row to everybody but its writer.  None of it waits: what a client's
 * system does not take at once means that the client has not read for long. */
static int
tell_others(const struct sks_handler *h, const char *row, size_t len)
{
	struct sks_request **all;
	ssize_t n = sks_server_requests(h->server, &all);

	if (n < 0)
		return (int)n;
	for (struct sks_request **to = all; *to != NULL; to++)
		if (*to != h->self &&
		    sks_request_send_now(*to, row, len) != (ssize_t)len)
			sks_shutdown(sks_request_socket(*to), SKS_SHUT_RDWR);
	sks_requests_free(all);
	return 0;
}

static int __attribute__((format(printf, 2, 3)))
say_to_others(const struct sks_handler *h, const char *format, ...)
{
	char row[ROW];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(row, sizeof row, format, ap);
	va_end(ap);
	fputs(row, stdout);
	return tell_others(h, row, (size_t)n);
}

static int
setup(struct sks_handler *h)
{
	int r = sks_stream_handler_setup(h);

	sks_set_keepalive(h->request, 60, 10, 3); /* who died is noticed */
	return r < 0 ? r :
		       say_to_others(h, "* [%" PRIu64 "] 来了\n", h->number);
}

/* Each line goes to the others, as the text that it is and no more: a client
 * cannot command the terminals of the rest. */
static int
handle(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;
	char line[MESSAGE + 1], text[4 * MESSAGE + 1];
	ssize_t n;
	int r = 0;

	while (r == 0 &&
	    (n = sks_stream_readline(sh->rfile, line, sizeof line)) != 0) {
		if (n < 0)
			return (int)n;
		r = say_to_others(h, "[%" PRIu64 "] %s\n", h->number,
		    sks_printable(line, strcspn(line, "\r\n"), text,
			sizeof text));
	}
	return r;
}

static int
finish(struct sks_handler *h)
{
	int r = say_to_others(h, "* [%" PRIu64 "] 走了\n", h->number);

	sks_stream_handler_finish(h);
	return r;
}

static const struct sks_handler_ops chat_handler = {
	SKS_HANDLER_OPS(struct sks_stream_handler),
	.setup = setup,
	.handle = handle,
	.finish = finish,
};

static void
log_line(void *user, enum sks_log_level level, const char *text)
{
	(void)user;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

static void
stop_serving(int sig)
{
	(void)sig;
	sks_server_request_shutdown(server);
}

int
main(int argc, char **argv)
{
	struct sks_server_config cfg;
	struct sigaction sa = { .sa_flags = SA_RESTART };
	const char *host;
	unsigned port;
	char text[SKS_ADDR_TEXT];
	int r;

	arguments(argc, argv, &host, &port);
	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
	cfg.max_sessions = CLIENTS;
	cfg.grace = 0; /* nobody here has last words */
	cfg.log = log_line;
	if (sks_addr_resolve(host, port, SKS_UNSPEC, &cfg.address) < 0 ||
	    sks_server_new(&cfg, NULL, &chat_handler, &server) < 0)
		return complain("服务端无法开启");
	sa.sa_handler = stop_serving;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	printf("服务端 %s 开启\n",
	    sks_addr_format(sks_server_address(server), SKS_STYLE_PLAIN, text,
		sizeof text));
	r = sks_server_serve_forever(server);
	if (r < 0)
		complain("serve_forever");
	sks_server_free(server);
	return r < 0;
}
