/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting: deadlines, several addresses, what the socket is afterwards.
 * The resolver is ours. */
#include "config.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"

/* --- a resolver with the answers that a test wants --- */

static struct sockaddr_in answers[2];
static struct addrinfo list[2];
static int n_answers;
static int asked_family;

int
getaddrinfo(const char *restrict host, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	(void)host;
	(void)service;
	asked_family = hints->ai_family;
	for (int i = 0; i < n_answers; i++)
		list[i] = (struct addrinfo){
			.ai_family = AF_INET,
			.ai_socktype = SOCK_STREAM,
			.ai_addrlen = sizeof answers[i],
			.ai_addr = (struct sockaddr *)&answers[i],
			.ai_next = i + 1 < n_answers ? &list[i + 1] : NULL,
		};
	*out = list;
	return n_answers > 0 ? 0 : EAI_NONAME;
}

void
freeaddrinfo(struct addrinfo *ai)
{
	(void)ai;
}

/* --- listeners --- */

/* On 127.0.0.1; its address goes to *sin. */
static int
listen_at(struct sockaddr_in *sin, int backlog)
{
	socklen_t len = sizeof *sin;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(sin, 0, sizeof *sin);
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)sin, sizeof *sin) < 0 ||
	    listen(fd, backlog) < 0 ||
	    getsockname(fd, (struct sockaddr *)sin, &len) < 0)
		abort();
	return fd;
}

struct hole {
	int listener, in_backlog[4];
};

/* A listener that answers nobody any more: its backlog is full. */
static void
hole_open(struct hole *h, struct sockaddr_in *sin)
{
	h->listener = listen_at(sin, 0);
	for (int i = 0; i < 4; i++) {
		h->in_backlog[i] =
		    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(h->in_backlog[i], (struct sockaddr *)sin,
		    sizeof *sin);
	}
}

static void
hole_close(struct hole *h)
{
	for (int i = 0; i < 4; i++)
		close(h->in_backlog[i]);
	close(h->listener);
}

static struct sks_addr
address_of(const struct sockaddr_in *sin)
{
	struct sks_addr a;

	if (sks_addr_parse("127.0.0.1:0", ntohs(sin->sin_port), &a) < 0)
		abort();
	((struct sockaddr_in *)(void *)a.u.bytes)->sin_port = sin->sin_port;
	return a;
}

static void
connecting_to_somebody_who_does_not_answer_ends_at_the_deadline(void)
{
	struct sockaddr_in sin;
	struct sks_socket *s;
	struct sks_addr to;
	struct hole h;
	int64_t start;

	hole_open(&h, &sin);
	to = address_of(&sin);
	start = sks_now();
	CHECK_INT(sks_create_connection_addr(&to, 0.1, &s), SKS_ETIMEDOUT);
	CHECK(seconds_since(start) >= 0.1);
	CHECK(seconds_since(start) < SOON);
	CHECK(s == NULL);
	hole_close(&h);
}

static void
a_full_unix_backlog_ends_at_the_deadline_too(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_socket *s[8];
	struct sks_server *srv;
	int r = 0, n = 0;

	cfg.backlog = 0;
	srv = rig_server(&cfg, NULL, &echo_handler);
	while (n < 8 && r == 0)
		r = sks_create_connection_addr(sks_server_address(srv), 0.05,
		    &s[n++]);
	CHECK_INT(r, SKS_ETIMEDOUT);
	sks_server_free(srv);
	while (n-- > 0)
		sks_socket_free(s[n]);
}

static void
a_connected_socket_is_blocking(void)
{
	struct sockaddr_in sin;
	struct sks_socket *s;
	struct sks_addr to;
	int fd = listen_at(&sin, 4);

	to = address_of(&sin);
	CHECK_INT(sks_create_connection_addr(&to, SOON, &s), 0);
	CHECK_INT(fcntl(sks_fileno(s), F_GETFL) & O_NONBLOCK, 0);
	sks_socket_free(s);
	close(fd);
}

static void
an_address_that_refuses_leaves_it_to_the_next(void)
{
	struct sks_socket *s;
	struct sks_addr peer;
	int fd;

	close(listen_at(&answers[0], 1));
	fd = listen_at(&answers[1], 4);
	n_answers = 2;
	CHECK_INT(sks_create_connection("two.example", 1, SOON, &s), 0);
	CHECK_INT(sks_getpeername(s, &peer), 0);
	CHECK_INT(sks_addr_port(&peer), ntohs(answers[1].sin_port));
	sks_socket_free(s);
	close(fd);
	CHECK_INT(sks_create_connection("two.example", 1, SOON, &s),
	    SKS_ECONNREFUSED);
	n_answers = 0;
	CHECK_INT(sks_create_connection("none.example", 1, SOON, &s),
	    SKS_ERESOLVE);
}

static void
an_address_that_does_not_answer_leaves_time_for_the_next(void)
{
	struct sks_socket *s;
	struct hole h;
	int64_t start = sks_now();
	int fd;

	hole_open(&h, &answers[0]);
	fd = listen_at(&answers[1], 4);
	n_answers = 2;
	CHECK_INT(sks_create_connection("two.example", 1, 1.0, &s), 0);
	CHECK(seconds_since(start) >= 0.5);
	sks_socket_free(s);
	close(fd);
	hole_close(&h);
}

static struct sks_addr
parsed(const char *text)
{
	struct sks_addr a;

	if (sks_addr_parse(text, 0, &a) < 0)
		abort();
	return a;
}

/* Where the connection that waits at fd came from, which it closes. */
static const char *
caller(int fd)
{
	static char text[SKS_ADDR_TEXT];
	struct sks_socket *s, *conn;
	struct sks_addr client;

	if (sks_socket_fromfd(fd, &s) < 0)
		abort();
	sks_settimeout(s, SOON);
	CHECK_INT(sks_accept(s, &conn, &client), 0);
	sks_socket_free(conn);
	sks_socket_free(s);
	return sks_addr_format(&client, SKS_STYLE_HOST, text, sizeof text);
}

static void
a_connection_comes_from_the_source_that_was_named(void)
{
	const struct sks_addr source = parsed("127.0.0.9:0");
	struct sockaddr_in sin;
	struct sks_socket *s;
	struct sks_addr to;
	int fd = listen_at(&sin, 4);

	to = address_of(&sin);
	CHECK_INT(sks_create_connection_addr_from(&to, SOON, &source, &s), 0);
	CHECK_STR(caller(fd), "127.0.0.9");
	sks_socket_free(s);

	/* Of two addresses each is tried from there. */
	close(listen_at(&answers[0], 1));
	fd = listen_at(&answers[1], 4);
	n_answers = 2;
	CHECK_INT(sks_create_connection_from("two.example", 1, SOON, &source,
		      &s),
	    0);
	CHECK_INT(asked_family, AF_INET);
	CHECK_STR(caller(fd), "127.0.0.9");
	sks_socket_free(s);
}

static void
no_source_is_the_systems_choice(void)
{
	const struct sks_addr unspec = { .len = 0 };
	struct sks_socket *s;
	int fd = listen_at(&answers[0], 4);

	n_answers = 1;
	CHECK_INT(sks_create_connection_from("one.example", 1, SOON, &unspec,
		      &s),
	    0);
	CHECK_INT(asked_family, AF_UNSPEC);
	CHECK_STR(caller(fd), "127.0.0.1");
	sks_socket_free(s);
}

static void
a_source_that_does_not_fit_is_refused(void)
{
	const struct sks_addr not_ours = parsed("192.0.2.1:0");
	const struct sks_addr path = parsed("unix:/nowhere");
	struct sks_socket *s;
	struct sks_addr to;
	int fd = listen_at(&answers[0], 4);

	to = address_of(&answers[0]);
	n_answers = 1;
	CHECK_INT(sks_create_connection_addr_from(&to, SOON, &not_ours, &s),
	    SKS_EADDRNOTAVAIL);
	CHECK_INT(sks_create_connection_addr_from(&to, SOON, &path, &s),
	    SKS_EINVAL);
	CHECK_INT(sks_create_connection_from("one.example", 1, SOON, &path, &s),
	    SKS_EINVAL);
	CHECK(s == NULL);
	close(fd);
}

/* The file is left behind, as bind(2) leaves it. */
static void
a_unix_source_has_a_name(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	struct sks_addr source, name;
	struct sks_socket *s;
	char text[SKS_ADDR_TEXT];

	snprintf(text, sizeof text, "unix:%s/client", t_tmpdir());
	source = parsed(text);
	CHECK_INT(sks_create_connection_addr_from(sks_server_address(srv), SOON,
		      &source, &s),
	    0);
	CHECK_INT(sks_getsockname(s, &name), 0);
	CHECK(sks_addr_same_host(&name, &source));
	sks_socket_free(s);
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(connecting_to_somebody_who_does_not_answer_ends_at_the_deadline),
		T(a_full_unix_backlog_ends_at_the_deadline_too),
		T(a_connected_socket_is_blocking),
		T(an_address_that_refuses_leaves_it_to_the_next),
		T(an_address_that_does_not_answer_leaves_time_for_the_next),
		T(a_connection_comes_from_the_source_that_was_named),
		T(no_source_is_the_systems_choice),
		T(a_source_that_does_not_fit_is_refused),
		T(a_unix_source_has_a_name),
	};

	return t_main("create_connection", cases,
	    sizeof cases / sizeof cases[0]);
}
