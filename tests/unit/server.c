/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server's life: made, serving, told to stop from everywhere, closed. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

#define BLOCKED 1u /* a handler is inside its blocking call */
#define RELEASE 2u /* it may go on */
#define DONE    4u

static void *
serve(void *srv)
{
	return (void *)(intptr_t)sks_server_serve_forever(srv);
}

static void
three_clients_one_after_another_get_their_line_back(void)
{
	rig_reset();
	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg =
		    rig_config(i % 2 ? SKS_TCP : SKS_UNIX_STREAM,
			i / 2 ? SKS_SYNC : SKS_THREADING);
		struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);

		CHECK_INT(sks_server_start(srv), 0);
		for (int n = 0; n < 3; n++)
			CHECK(rig_echo(srv));
		CHECK_INT(sks_server_stop(srv, SOON), 0);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(sks_server_fileno(srv), -1);
		sks_server_free(srv);
	}
}

static void
port_0_is_replaced_by_the_real_one(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	struct sks_socket *s;
	struct sks_addr peer;
	char a[SKS_ADDR_TEXT], b[SKS_ADDR_TEXT];

	CHECK(sks_addr_port(sks_server_address(srv)) != 0);
	s = rig_connect(srv);
	CHECK_INT(sks_getpeername(s, &peer), 0);
	CHECK_STR(sks_addr_format(&peer, SKS_STYLE_PLAIN, a, sizeof a),
	    sks_addr_format(sks_server_address(srv), SKS_STYLE_PLAIN, b,
		sizeof b));
	sks_socket_free(s);
	sks_server_free(srv);
}

static void
a_shutdown_that_races_with_the_start_is_never_lost(void)
{
	int races = t_size("races", 40);

	for (int i = 0; i < races; i++) {
		struct sks_server_config cfg =
		    rig_config(SKS_TCP, SKS_THREADING);
		struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
		pthread_t thread;
		void *result;

		pthread_create(&thread, NULL, serve, srv);
		CHECK_INT(sks_server_shutdown(srv, SOON), 0);
		pthread_join(thread, &result);
		CHECK_INT((intptr_t)result, 0);
		sks_server_free(srv);
	}
}

static void
a_server_closed_at_once_leaves_nothing(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int fds = count_fds(), threads = count_threads_now();
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);

	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(sks_server_serve_forever(srv), SKS_ECLOSED);
	CHECK_INT(sks_server_handle_request(srv), SKS_ECLOSED);
	sks_server_free(srv);
	CHECK_INT(count_fds(), fds);
	CHECK(count_threads_down_to(threads) <= threads);
}

static void
constructions_that_fail_leak_nothing(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *holder = rig_server(&cfg, NULL, &echo_handler);
	struct sks_server *srv;
	struct sks_error e;
	int fds, constructions = t_size("constructions", 1024);

	cfg.address = *sks_server_address(holder);
	fds = count_fds();
	for (int i = 0; i < constructions; i++)
		if (!CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv),
			SKS_EADDRINUSE))
			break;
	sks_last_error(&e);
	CHECK_STR(e.what, "bind");
	CHECK_INT(e.sys_errno, EADDRINUSE);
	CHECK_INT(count_fds(), fds);
	sks_server_free(holder);
}

static void
a_configuration_that_makes_no_sense_is_refused(void)
{
	struct sks_server_config good = rig_config(SKS_TCP, SKS_SYNC), cfg;
	struct sks_handler_ops no_size = { .instance_size = 200 };
	struct sks_server *srv;

	cfg = good;
	cfg.service_interval = 0; /* Python would spin */
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	cfg = good;
	cfg.timeout = NAN;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	cfg = good;
	cfg.kind = SKS_UNIX_STREAM;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	cfg = good;
	cfg.kind = (enum sks_kind)17;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	CHECK_INT(sks_server_new(&good, NULL, &no_size, &srv), SKS_EINVAL);
	CHECK(srv == NULL);
}

/* --- shutdown, from everywhere --- */

static void
a_shutdown_before_the_first_loop_ends_that_one_only(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);

	CHECK_INT(sks_server_shutdown(srv, SOON), 0);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	sks_server_free(srv);
}

static void
after_a_shutdown_a_server_serves_again(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);

	for (int i = 0; i < 5; i++) {
		CHECK_INT(sks_server_start(srv), 0);
		CHECK_INT(sks_server_start(srv), SKS_EBUSY);
		CHECK_INT(sks_server_serve_forever(srv), SKS_EBUSY);
		CHECK(rig_echo(srv));
		CHECK_INT(sks_server_stop(srv, SOON), 0);
		/* These come too late to mean anything. */
		CHECK_INT(sks_server_shutdown(srv, SOON), 0);
		sks_server_request_shutdown(srv);
	}
	sks_server_free(srv);
}

static void *
shut_down(void *srv)
{
	return (void *)(intptr_t)sks_server_shutdown(srv, SOON);
}

static void
two_threads_may_shut_down_at_once(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	pthread_t threads[2];
	void *result;

	CHECK_INT(sks_server_start(srv), 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, shut_down, srv);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &result);
		CHECK_INT((intptr_t)result, 0);
	}
	sks_server_free(srv);
}

static int shutdown_result;

static int
shut_down_own_server(struct sks_handler *h)
{
	shutdown_result = sks_server_shutdown(h->server, SOON);
	raise_flag(DONE);
	return 0;
}

static void
a_sync_handler_that_shuts_down_is_told_and_obeyed(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client, *next;
	struct sks_server_stats stats;

	rig_reset();
	script.in_handle = shut_down_own_server;
	srv = rig_server(&cfg, NULL, &rig_handler);
	client = rig_connect(srv);
	next = rig_connect(srv);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK_INT(shutdown_result, SKS_EDEADLK);
	/* Nobody is let in after that, though somebody waits. */
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.accepted, 1);
	sks_socket_free(client);
	sks_socket_free(next);
	sks_server_free(srv);
}

static void
a_worker_may_shut_down_its_server(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *client;

	rig_reset();
	script.in_handle = shut_down_own_server;
	srv = rig_server(&cfg, NULL, &rig_handler);
	client = rig_connect(srv);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK(await_flags(DONE));
	CHECK_INT(shutdown_result, 0);
	sks_socket_free(client);
	sks_server_free(srv);
}

static struct sks_server *signalled;

static void
on_signal(int sig)
{
	(void)sig;
	if (signalled != NULL)
		sks_server_request_shutdown(signalled);
}

static void catch (int sig)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(sig, &sa, NULL); /* without SA_RESTART */
}

static void
a_signal_handler_may_ask_for_the_shutdown(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);

	catch (SIGUSR1);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	signalled = srv;
	raise(SIGUSR1);
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	signalled = NULL;
	sks_server_free(srv);
}

static void
shutdown_of_an_idle_server_takes_milliseconds(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	double best = INFINITY;
	int stops = t_size("stops", 50);

	for (int i = 0; i < stops; i++) {
		int64_t start;

		CHECK_INT(sks_server_start(srv), 0);
		start = sks_now();
		CHECK_INT(sks_server_stop(srv, SOON), 0);
		if (seconds_since(start) < best)
			best = seconds_since(start);
	}
	CHECK(best < 0.05);
	sks_server_free(srv);
}

static void
an_idle_server_never_wakes_up(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	rig_reset();
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	let_pass_ms(200);
	CHECK(strstr(calls(), "service_actions") == NULL);
	sks_server_free(srv);
}

static void
service_actions_come_at_their_interval(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	rig_reset();
	cfg.service_interval = 0.005;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(await_call("service_actions service_actions service_actions"));
	sks_server_free(srv);
}

/* --- handle_request --- */

static void *
storm(void *thread)
{
	unsigned flags = 0;

	while (!(flags & DONE)) {
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
		let_pass_ms(1);
		dw_lock(&seen.lock);
		flags = seen.flags;
		dw_unlock(&seen.lock);
	}
	return NULL;
}

static void
handle_request_times_out_when_it_said_and_no_signal_delays_it(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	pthread_t self = pthread_self(), thread;
	int64_t start;

	rig_reset();
	catch (SIGUSR1);
	cfg.timeout = 0.2;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	pthread_create(&thread, NULL, storm, &self);
	start = sks_now();
	CHECK_INT(sks_server_handle_request(srv), 0);
	CHECK(seconds_since(start) >= 0.2 && seconds_since(start) < 5);
	raise_flag(DONE);
	pthread_join(thread, NULL);
	CHECK(strstr(calls(), "handle_timeout") != NULL);
	sks_server_free(srv);
}

static void
handle_request_with_timeout_0_looks_once(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;

	rig_reset();
	cfg.timeout = 0;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_handle_request(srv), 0);
	client = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	sks_socket_free(client);
	sks_server_free(srv);
}

static void *
handle_one(void *srv)
{
	return (void *)(intptr_t)sks_server_handle_request(srv);
}

static void
handle_request_without_timeout_waits_for_a_client_or_a_shutdown(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	pthread_t thread;
	void *result;

	rig_reset();
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	pthread_create(&thread, NULL, handle_one, srv);
	client = rig_connect(srv);
	pthread_join(thread, &result);
	CHECK_INT((intptr_t)result, 1);
	sks_socket_free(client);

	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(sks_server_handle_request(srv), SKS_ECLOSED);
	sks_server_free(srv);
}

/* --- close --- */

static int
read_for_ever(struct sks_handler *h)
{
	char byte;
	ssize_t n;

	raise_flag(BLOCKED);
	n = sks_recv(h->request, &byte, 1);
	note(sks_handler_stopping(h) ? "asked" : "not_asked");
	return (int)n;
}

static int
write_for_ever(struct sks_handler *h)
{
	static const char bytes[4096];
	int r;

	raise_flag(BLOCKED);
	while ((r = sks_sendall(h->request, bytes, sizeof bytes, NULL)) == 0)
		;
	return r;
}

static int
wait_for_release(struct sks_handler *h)
{
	(void)h;
	raise_flag(BLOCKED);
	if (!await_flags(RELEASE))
		note("never_released");
	return 0;
}

/* A threading server with one client whose handler is inside fn. */
static struct sks_server *
server_with(int (*fn)(struct sks_handler *), double grace,
    struct sks_socket **client)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	rig_reset();
	script.in_handle = fn;
	cfg.grace = grace;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	*client = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	return srv;
}

static void
close_wakes_a_handler_that_reads_and_lets_it_finish(void)
{
	struct sks_socket *client;
	struct sks_server *srv = server_with(read_for_ever, SOON, &client);
	int64_t start = sks_now();

	CHECK_INT(sks_server_close(srv), 0);
	CHECK(seconds_since(start) < SOON / 2);
	CHECK(strstr(calls(), "asked finish") != NULL);
	CHECK(strstr(calls(), "not_asked") == NULL);
	sks_server_free(srv);
	sks_socket_free(client);
}

static void
close_cuts_a_handler_that_writes_to_a_deaf_peer_after_the_grace(void)
{
	struct sks_socket *client;
	struct sks_server *srv = server_with(write_for_ever, 0.05, &client);

	CHECK_INT(sks_server_close(srv), 0);
	CHECK(strstr(calls(), "finish") != NULL);
	sks_server_free(srv);
	sks_socket_free(client);
}

static void
close_reports_a_handler_that_cannot_be_ended_and_free_waits_for_it(void)
{
	struct sks_socket *client;
	struct sks_server *srv = server_with(wait_for_release, 0.01, &client);
	struct sks_server_stats stats;

	CHECK_INT(sks_server_close(srv), SKS_ETIMEDOUT);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.live, 1);
	raise_flag(RELEASE);
	sks_server_free(srv);
	CHECK(strstr(calls(), "close_request") != NULL);
	sks_socket_free(client);
}

static int
close_own_server(struct sks_handler *h)
{
	shutdown_result = sks_server_close(h->server);
	raise_flag(DONE);
	return 0;
}

static void
a_worker_that_closes_its_server_excludes_itself(void)
{
	struct sks_socket *client;
	struct sks_server *srv = server_with(read_for_ever, SOON, &client);
	struct sks_socket *second;

	script.in_handle = close_own_server;
	second = rig_connect(srv);
	CHECK(await_flags(DONE));
	CHECK_INT(shutdown_result, 0);
	sks_server_free(srv);
	sks_socket_free(client);
	sks_socket_free(second);
}

static void
a_sync_handler_cannot_close_its_server(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;

	rig_reset();
	script.in_handle = close_own_server;
	srv = rig_server(&cfg, NULL, &rig_handler);
	client = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_INT(shutdown_result, SKS_EBUSY);
	sks_socket_free(client);
	sks_server_free(srv);
}

static void
close_ends_a_sync_server_whose_handler_reads(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;

	rig_reset();
	script.in_handle = read_for_ever;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	client = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_shutdown(srv, 0.01), SKS_ETIMEDOUT);
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(strstr(calls(), "asked finish") != NULL);
	sks_socket_free(client);
	sks_server_free(srv);
}

static void *
close_it(void *srv)
{
	return (void *)(intptr_t)sks_server_close(srv);
}

static void
two_threads_may_close_at_once(void)
{
	struct sks_socket *client;
	struct sks_server *srv = server_with(read_for_ever, SOON, &client);
	pthread_t threads[2];
	void *result;

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, close_it, srv);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &result);
		CHECK_INT((intptr_t)result, 0);
	}
	sks_server_free(srv);
	sks_socket_free(client);
}

/* --- restart --- */

static void
a_server_restarts_on_its_port_at_once(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);

	rig_reset();
	for (int i = 0; i < 3; i++) {
		struct sks_server *srv = rig_server(&cfg, NULL, &rig_handler);
		struct sks_socket *s;
		char end;

		if (!CHECK(srv != NULL))
			return;
		cfg.address = *sks_server_address(srv);
		CHECK_INT(sks_server_start(srv), 0);
		s = rig_connect(srv);
		/* The server hangs up first: TIME_WAIT is on its side. */
		CHECK_INT(sks_recv(s, &end, 1), 0);
		sks_socket_free(s);
		sks_server_free(srv);
	}
}

/* --- Unix paths --- */

static bool
is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void
a_unix_socket_is_private_and_goes_with_its_server(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	const char *path = sks_addr_path(&cfg.address);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	struct stat st;

	CHECK(lstat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	sks_server_free(srv);
	CHECK(!is_socket(path));
}

/* What a killed server leaves. */
static void
leave_dead_socket(const struct sks_server_config *cfg)
{
	char aside[128];
	const char *path = sks_addr_path(&cfg->address);
	struct sks_server *srv = rig_server(cfg, NULL, &echo_handler);

	snprintf(aside, sizeof aside, "%s-aside", path);
	CHECK_INT(rename(path, aside), 0);
	sks_server_free(srv);
	CHECK_INT(rename(aside, path), 0);
}

static void
a_dead_socket_file_is_replaced_and_a_live_one_refused(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv, *second;

	leave_dead_socket(&cfg);
	srv = rig_server(&cfg, NULL, &echo_handler);
	if (!CHECK(srv != NULL))
		return;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &second),
	    SKS_EADDRINUSE);
	CHECK(is_socket(sks_addr_path(&cfg.address)));
	sks_server_free(srv);
}

static void
a_dead_socket_of_another_user_is_left_alone(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv;

	if (geteuid() != 0)
		return; /* only root can give one away */
	leave_dead_socket(&cfg);
	CHECK_INT(chown(sks_addr_path(&cfg.address), 12345, 12345), 0);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv),
	    SKS_EADDRINUSE);
	CHECK(is_socket(sks_addr_path(&cfg.address)));
}

static void
a_file_that_is_no_socket_is_never_touched(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	const char *path = sks_addr_path(&cfg.address);
	struct sks_server *srv;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	close(fd);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv),
	    SKS_EADDRINUSE);
	CHECK_INT(access(path, F_OK), 0);
}

static void
a_path_taken_over_meanwhile_is_left_alone(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	const char *path = sks_addr_path(&cfg.address);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	struct sks_server *heir;

	CHECK_INT(unlink(path), 0);
	heir = rig_server(&cfg, NULL, &echo_handler);
	sks_server_free(srv);
	CHECK(is_socket(path));
	sks_server_free(heir);
	CHECK(!is_socket(path));
}

/* --- IPv6 --- */

static int
note_client(struct sks_handler *h)
{
	char text[SKS_ADDR_TEXT];

	note(sks_addr_format(h->client_address, SKS_STYLE_HOST, text,
	    sizeof text));
	return sks_addr_scope(h->client_address) == SKS_SCOPE_LOOPBACK ?
	    0 :
	    SKS_EUSER;
}

static void
a_dual_stack_server_shows_ipv4_peers_as_ipv4(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;
	unsigned port;

	rig_reset();
	script.in_handle = note_client;
	CHECK_INT(sks_addr_parse("[::]:0", 0, &cfg.address), 0);
	if (sks_server_new(&cfg, NULL, &rig_handler, &srv) < 0)
		return; /* no IPv6 here */
	port = sks_addr_port(sks_server_address(srv));
	CHECK_INT(sks_create_connection("127.0.0.1", port, SOON, &s), 0);
	CHECK_INT(sks_server_handle_request(srv), 1);
	sks_socket_free(s);
	CHECK_INT(sks_create_connection("::1", port, SOON, &s), 0);
	CHECK_INT(sks_server_handle_request(srv), 1);
	sks_socket_free(s);
	CHECK_STR(calls(),
	    "setup handle 127.0.0.1 finish "
	    "setup handle ::1 finish");
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(three_clients_one_after_another_get_their_line_back),
		T(port_0_is_replaced_by_the_real_one),
		T(a_shutdown_that_races_with_the_start_is_never_lost),
		T(a_server_closed_at_once_leaves_nothing),
		T(constructions_that_fail_leak_nothing),
		T(a_configuration_that_makes_no_sense_is_refused),
		T(a_shutdown_before_the_first_loop_ends_that_one_only),
		T(after_a_shutdown_a_server_serves_again),
		T(two_threads_may_shut_down_at_once),
		T(a_sync_handler_that_shuts_down_is_told_and_obeyed),
		T(a_worker_may_shut_down_its_server),
		T(a_signal_handler_may_ask_for_the_shutdown),
		T(shutdown_of_an_idle_server_takes_milliseconds),
		T(an_idle_server_never_wakes_up),
		T(service_actions_come_at_their_interval),
		T(handle_request_times_out_when_it_said_and_no_signal_delays_it),
		T(handle_request_with_timeout_0_looks_once),
		T(handle_request_without_timeout_waits_for_a_client_or_a_shutdown),
		T(close_wakes_a_handler_that_reads_and_lets_it_finish),
		T(close_cuts_a_handler_that_writes_to_a_deaf_peer_after_the_grace),
		T(close_reports_a_handler_that_cannot_be_ended_and_free_waits_for_it),
		T(a_worker_that_closes_its_server_excludes_itself),
		T(a_sync_handler_cannot_close_its_server),
		T(close_ends_a_sync_server_whose_handler_reads),
		T(two_threads_may_close_at_once),
		T(a_server_restarts_on_its_port_at_once),
		T(a_unix_socket_is_private_and_goes_with_its_server),
		T(a_dead_socket_file_is_replaced_and_a_live_one_refused),
		T(a_dead_socket_of_another_user_is_left_alone),
		T(a_file_that_is_no_socket_is_never_touched),
		T(a_path_taken_over_meanwhile_is_left_alone),
		T(a_dual_stack_server_shows_ipv4_peers_as_ipv4),
	};

	return t_main_shared("server", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
