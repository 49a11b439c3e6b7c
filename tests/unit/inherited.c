/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server that is given a socket which is there already, and a loop that is
 * asked whether it gets round. */
#include "config.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

#define NO_PORT "127.0.0.1:0"

static struct sks_addr
address_of(const char *text)
{
	struct sks_addr a;

	CHECK_INT(sks_addr_parse(text, 0, &a), 0);
	return a;
}

/* A text like "unix:/tmp/.../name", which the next call changes. */
static const char *
unix_text(const char *name)
{
	static char text[SKS_ADDR_TEXT];

	snprintf(text, sizeof text, "unix:%s/%s", t_tmpdir(), name);
	return text;
}

/* Somebody else's socket; it listens if it can. */
static struct sks_socket *
bound(const char *text, enum sks_type type, bool listens)
{
	struct sks_addr a = address_of(text);
	struct sks_socket *s;

	CHECK_INT(sks_socket_new(sks_addr_family(&a), type, 0, &s), 0);
	CHECK_INT(sks_bind(s, &a), 0);
	if (listens)
		CHECK_INT(sks_listen(s, -1), 0);
	return s;
}

static struct sks_server_config
inheriting(enum sks_kind kind, int fd)
{
	struct sks_server_config cfg = rig_config(kind, SKS_THREADING);

	memset(&cfg.address, 0, sizeof cfg.address);
	cfg.inherited_fd = fd;
	return cfg;
}

static const struct {
	enum sks_kind kind;
	enum sks_type type;
	bool is_unix;
} all[] = {
	{ SKS_TCP, SKS_STREAM, false },
	{ SKS_UDP, SKS_DGRAM, false },
	{ SKS_UNIX_STREAM, SKS_STREAM, true },
};

static void
an_inherited_socket_is_served_and_stays_its_owners(void)
{
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		bool packets = all[i].type == SKS_DGRAM;
		struct sks_socket *s =
		    bound(all[i].is_unix ? unix_text("s") : NO_PORT,
			all[i].type, !packets);
		struct sks_server_config cfg =
		    inheriting(all[i].kind, sks_fileno(s));
		char mine[SKS_ADDR_TEXT], its[SKS_ADDR_TEXT];
		struct sks_server *srv;
		struct sks_addr a;

		rig_reset();
		srv = rig_server(&cfg, NULL,
		    packets ? &echo_datagrams : &echo_handler);
		CHECK_INT(sks_getsockname(s, &a), 0);
		CHECK_STR(sks_addr_format(sks_server_address(srv),
			      SKS_STYLE_PLAIN, its, sizeof its),
		    sks_addr_format(&a, SKS_STYLE_PLAIN, mine, sizeof mine));
		CHECK_INT(sks_server_start(srv), 0);
		CHECK(rig_echo_on(rig_client(srv, all[i].kind)));
		sks_server_free(srv);
		/* Another server may have it after the first. */
		srv = rig_server(&cfg, NULL,
		    packets ? &echo_datagrams : &echo_handler);
		CHECK_INT(sks_server_start(srv), 0);
		CHECK(rig_echo_on(rig_client(srv, all[i].kind)));
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static void
a_unix_path_that_was_inherited_is_never_removed(void)
{
	struct sks_socket *s = bound(unix_text("kept"), SKS_STREAM, true);
	struct sks_server_config cfg =
	    inheriting(SKS_UNIX_STREAM, sks_fileno(s));
	struct stat before, after;
	struct sks_server *srv;
	struct sks_addr a;
	const char *path;

	rig_reset();
	CHECK_INT(sks_getsockname(s, &a), 0);
	path = sks_addr_path(&a);
	CHECK_INT(stat(path, &before), 0);
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(sks_server_close(srv), 0);
	sks_server_free(srv);
	CHECK_INT(stat(path, &after), 0);
	CHECK(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
	sks_socket_free(s);
}

/* Returns what is wrong, and that nothing is left of the try. */
static const char *
refusal(struct sks_server_config *cfg)
{
	static struct sks_error e;
	struct sks_server *srv;
	int fds = count_fds();

	CHECK_INT(sks_server_new(cfg, NULL,
		      cfg->kind == SKS_UDP ? &echo_datagrams : &echo_handler,
		      &srv),
	    SKS_EINVAL);
	CHECK(srv == NULL);
	sks_last_error(&e);
	CHECK_INT(count_fds(), fds);
	return e.what;
}

static const char *
refused_as(enum sks_kind kind, int fd)
{
	struct sks_server_config cfg = inheriting(kind, fd);

	return refusal(&cfg);
}

static void
what_cannot_be_served_is_refused_by_its_fault(void)
{
	struct sks_socket *tcp = bound(NO_PORT, SKS_STREAM, true);
	struct sks_socket *deaf = bound(NO_PORT, SKS_STREAM, false);
	struct sks_socket *udp = bound(NO_PORT, SKS_DGRAM, false);
	struct sks_socket *path = bound(unix_text("p"), SKS_STREAM, true);
	struct sks_socket *unbound;
	struct sks_addr more = address_of(NO_PORT);
	struct sks_server_config cfg = inheriting(SKS_TCP, sks_fileno(tcp));
	int pipes[2];

	rig_reset();
	CHECK_INT(sks_socket_new(SKS_INET, SKS_DGRAM, 0, &unbound), 0);
	CHECK_INT(pipe(pipes), 0);
	CHECK_STR(refused_as(SKS_TCP, sks_fileno(udp)),
	    "the inherited socket is not a stream");
	CHECK_STR(refused_as(SKS_UDP, sks_fileno(tcp)),
	    "the inherited socket is not one of datagrams");
	CHECK_STR(refused_as(SKS_TCP, sks_fileno(path)),
	    "the inherited socket is not one of IP");
	CHECK_STR(refused_as(SKS_UNIX_STREAM, sks_fileno(tcp)),
	    "the inherited socket is not a Unix socket");
	CHECK_STR(refused_as(SKS_TCP, sks_fileno(deaf)),
	    "the inherited socket does not listen");
	CHECK_STR(refused_as(SKS_UDP, sks_fileno(unbound)),
	    "the inherited socket has no address");
	CHECK_STR(refused_as(SKS_TCP, pipes[0]), "inherited_fd is no socket");
	close(pipes[0]);
	CHECK_STR(refused_as(SKS_TCP, pipes[0]), "inherited_fd is not open");
	cfg.more_addresses = &more;
	cfg.n_more = 1;
	CHECK_STR(refusal(&cfg), "an inherited socket is the only listener");
	close(pipes[1]);
	sks_socket_free(tcp);
	sks_socket_free(deaf);
	sks_socket_free(udp);
	sks_socket_free(path);
	sks_socket_free(unbound);
}

/* Waits until the loop has come back from waiting more often than that. */
static bool
gets_round(struct sks_server *srv, uint64_t before)
{
	int64_t deadline = sks_after(SOON);

	while (sks_server_wake(srv) == before)
		if (sks_now() >= deadline)
			return false;
	return true;
}

#define INSIDE  1u
#define MAY_END 2u

static int
hangs(struct sks_server *srv, struct sks_request *req)
{
	(void)srv;
	(void)req;
	raise_flag(INSIDE);
	return await_flags(MAY_END) ? 0 : SKS_EUSER;
}

static int
is_slow(struct sks_handler *h)
{
	(void)h;
	raise_flag(INSIDE);
	return await_flags(MAY_END) ? 0 : SKS_EUSER;
}

static void
a_close_that_does_not_wait_leaves_it_as_it_was(void)
{
	static const struct sks_handler_ops slow = {
		SKS_HANDLER_OPS(struct sks_handler), .handle = is_slow
	};
	struct sks_socket *s = bound(NO_PORT, SKS_DGRAM, false), *client;
	struct sks_server_config cfg = inheriting(SKS_UDP, sks_fileno(s));
	struct pollfd p = { .events = POLLIN };
	struct sks_server *srv;
	char got[8] = "";

	rig_reset();
	cfg.block_on_close = 0;
	srv = rig_server(&cfg, NULL, &slow);
	CHECK_INT(sks_server_start(srv), 0);
	client = rig_client(srv, SKS_UDP);
	CHECK_INT(sks_send(client, "one", 3), 3);
	CHECK(await_flags(INSIDE));
	sks_server_close(srv);
	raise_flag(MAY_END);
	sks_server_free(srv);
	/* A socket that was shut down would be readable for ever. */
	p.fd = sks_fileno(s);
	CHECK_INT(poll(&p, 1, 0), 0);
	CHECK_INT(sks_send(client, "two", 3), 3);
	CHECK_INT(sks_recv_deadline(s, got, sizeof got, sks_after(SOON)), 3);
	CHECK_STR(got, "two");
	sks_socket_free(client);
	sks_socket_free(s);
}

static void
a_loop_that_hangs_does_not_get_round(void)
{
	static const struct sks_server_ops ops = { SKS_SERVER_OPS,
		.verify_request = hangs };
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *client;
	uint64_t turns;

	rig_reset();
	srv = rig_server(&cfg, &ops, &echo_handler);
	CHECK_INT(sks_server_wake(srv), 0); /* no loop runs */
	CHECK_INT(sks_server_start(srv), 0);
	for (int n = 0; n < 3; n++) {
		turns = sks_server_wake(srv);
		CHECK(turns > 0);
		CHECK(gets_round(srv, turns));
	}
	client = rig_client(srv, SKS_TCP);
	CHECK(await_flags(INSIDE));
	turns = sks_server_wake(srv);
	let_pass_ms(20);
	CHECK_INT(sks_server_wake(srv), turns);
	raise_flag(MAY_END);
	CHECK(gets_round(srv, turns));
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	CHECK_INT(sks_server_wake(srv), 0);
	sks_socket_free(client);
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_inherited_socket_is_served_and_stays_its_owners),
		T(a_unix_path_that_was_inherited_is_never_removed),
		T(what_cannot_be_served_is_refused_by_its_fault),
		T(a_close_that_does_not_wait_leaves_it_as_it_was),
		T(a_loop_that_hangs_does_not_get_round),
	};

	return t_main("inherited", cases, sizeof cases / sizeof cases[0]);
}
