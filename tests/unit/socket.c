/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets: limits, ends, options. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

static struct sks_socket *ours, *theirs;

static void
open_pair(void)
{
	CHECK_INT(sks_socketpair(&ours, &theirs), 0);
}

static void
close_pair(void)
{
	sks_socket_free(ours);
	sks_socket_free(theirs);
}

/* Two ends of a TCP connection. */
static void
open_tcp(void)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct sks_addr a;
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	CHECK_INT(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&ss, &len);
	CHECK_INT(sks_addr_parse("127.0.0.1:0", 0, &a), 0);
	memcpy(a.u.bytes + 2, (char *)&ss + 2, 2); /* the port */
	CHECK_INT(sks_create_connection_addr(&a, SOON, &ours), 0);
	fd = accept(listener, NULL, NULL);
	close(listener);
	CHECK_INT(sks_socket_fromfd(fd, &theirs), 0);
}

static void
the_end_of_file_is_0_and_reading_nothing_too(void)
{
	char buf[8];

	open_pair();
	CHECK_INT(sks_recv(ours, buf, 0), 0);
	CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
	CHECK_INT(sks_recv(ours, buf, 8), 0);
	close_pair();
}

static void
a_time_out_is_kept_and_0_means_not_to_wait(void)
{
	char buf[8];
	int64_t start = sks_now();

	open_pair();
	CHECK(isinf(sks_gettimeout(ours)));
	CHECK_INT(sks_settimeout(ours, -1), SKS_EINVAL);
	CHECK_INT(sks_settimeout(ours, NAN), SKS_EINVAL);
	CHECK_INT(sks_settimeout(ours, 0.05), 0);
	CHECK_INT(sks_recv(ours, buf, 8), SKS_ETIMEDOUT);
	CHECK(seconds_since(start) >= 0.05);
	CHECK_INT(sks_settimeout(ours, 0), 0);
	CHECK_INT(sks_recv(ours, buf, 8), SKS_EAGAIN);
	/* The descriptor itself never became non-blocking. */
	CHECK_INT(fcntl(sks_fileno(ours), F_GETFL) & O_NONBLOCK, 0);
	close_pair();
}

static void
a_passed_deadline_is_told_even_when_bytes_wait(void)
{
	char buf[8];

	open_pair();
	CHECK_INT(sks_send_text(theirs, "hello"), 0);
	CHECK_INT(sks_recv_deadline(ours, buf, 8, sks_now() - 1),
	    SKS_ETIMEDOUT);
	CHECK_INT(sks_recv_deadline(ours, buf, 8, sks_after(SOON)), 5);
	CHECK_INT(sks_recv_deadline(ours, buf, 8, sks_now() + 10),
	    SKS_ETIMEDOUT);
	close_pair();
}

static void
sendall_has_one_deadline_and_tells_how_much_went(void)
{
	static char data[8 << 20];
	size_t done = 0;
	int64_t start = sks_now();

	open_pair();
	CHECK_INT(sks_sendall_deadline(ours, data, sizeof data, sks_after(0.1),
		      &done),
	    SKS_ETIMEDOUT);
	CHECK(done > 0 && done < sizeof data);
	CHECK(seconds_since(start) < 5);
	CHECK_INT(sks_settimeout(ours, 0), 0);
	CHECK_INT(sks_sendall(ours, data, sizeof data, &done), SKS_EAGAIN);
	close_pair();
}

static void
nothing(int sig)
{
	(void)sig;
}

static int64_t storm_until;

static void *
storm(void *thread)
{
	while (sks_now() < storm_until) {
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
		let_pass_ms(1);
	}
	return NULL;
}

static void
signals_do_not_lengthen_a_deadline(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	pthread_t self = pthread_self(), thread;
	int64_t start = sks_now();
	char buf[8];

	sigaction(SIGUSR1, &sa, NULL);
	open_pair();
	storm_until = sks_after(0.5);
	pthread_create(&thread, NULL, storm, &self);
	CHECK_INT(sks_recv_deadline(ours, buf, 8, sks_after(0.1)),
	    SKS_ETIMEDOUT);
	CHECK(seconds_since(start) >= 0.1 && seconds_since(start) < 0.4);
	CHECK_INT(sks_wait_hup(ours, sks_after(0.1)), SKS_ETIMEDOUT);
	pthread_join(thread, NULL);
	close_pair();
}

static void
sending_to_a_peer_that_is_gone_is_an_error_and_no_signal(void)
{
	open_pair();
	sks_close(theirs);
	CHECK_INT(sks_send(ours, "x", 1), SKS_ERESET);
	CHECK_INT(sks_send_now(ours, "x", 1), SKS_ERESET);
	close_pair();
}

static void
a_closed_socket_says_so_and_closes_once(void)
{
	char byte;
	int fds = count_fds();

	open_pair();
	sks_close(ours);
	sks_close(ours);
	CHECK_INT(sks_fileno(ours), -1);
	CHECK_INT(sks_recv(ours, &byte, 1), SKS_ECLOSED);
	CHECK_INT(sks_send(ours, "x", 1), SKS_ECLOSED);
	CHECK_INT(sks_shutdown(ours, SKS_SHUT_RDWR), SKS_ECLOSED);
	CHECK_INT(sks_wait_hup(ours, SKS_NEVER), SKS_ECLOSED);
	close_pair();
	CHECK_INT(count_fds(), fds);
}

static void
a_reset_is_seen_as_one_by_the_peer(void)
{
	char byte;

	open_tcp();
	sks_reset(ours);
	CHECK_INT(sks_recv(theirs, &byte, 1), SKS_ERESET);
	close_pair();
}

static void *
cut_later(void *s)
{
	let_pass_ms(20);
	return sks_shutdown(s, SKS_SHUT_RDWR) == 0 ? s : NULL;
}

static void
another_threads_shutdown_wakes_a_blocked_reader(void)
{
	pthread_t thread;
	void *result;
	char byte;

	open_tcp();
	pthread_create(&thread, NULL, cut_later, ours);
	CHECK_INT(sks_recv(ours, &byte, 1), 0);
	pthread_join(thread, &result);
	CHECK(result == ours);
	close_pair();
}

static void
wait_hup_ignores_bytes_and_half_an_end(void)
{
	open_tcp();
	CHECK_INT(sks_send_text(theirs, "bytes"), 0);
	CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
	CHECK_INT(sks_wait_hup(ours, sks_after(0.05)), SKS_ETIMEDOUT);
	CHECK_INT(sks_shutdown(ours, SKS_SHUT_WR), 0);
	CHECK_INT(sks_wait_hup(ours, sks_after(SOON)), 0);
	close_pair();
}

static void
connecting_to_nobody_is_refused_at_once(void)
{
	struct sks_addr a;
	struct sks_socket *s;
	char path[128];
	int fds = count_fds();

	open_tcp();
	CHECK_INT(sks_getsockname(theirs, &a), 0); /* listens no more */
	close_pair();
	CHECK_INT(sks_create_connection_addr(&a, SOON, &s), SKS_ECONNREFUSED);
	CHECK(s == NULL);
	CHECK_INT(sks_create_connection("127.0.0.1", sks_addr_port(&a), SOON,
		      &s),
	    SKS_ECONNREFUSED);
	snprintf(path, sizeof path, "%s/none", t_tmpdir());
	CHECK_INT(sks_create_connection_unix(path, SOON, &s), SKS_ENOENT);
	CHECK_INT(sks_create_connection("127.0.0.1", 70000, SOON, &s),
	    SKS_EINVAL);
	CHECK_INT(count_fds(), fds);
}

static void
options_are_set_where_the_socket_has_them(void)
{
	int value = 0;

	open_tcp();
	CHECK_INT(sks_set_keepalive(ours, 60, 10, 3), 0);
	CHECK_INT(sks_get_option(ours, SKS_KEEPIDLE, &value), 0);
	CHECK_INT(value, 60);
	CHECK_INT(sks_set_option(ours, SKS_USER_TIMEOUT, 30000), 0);
	CHECK_INT(sks_get_option(ours, SKS_USER_TIMEOUT, &value), 0);
	CHECK_INT(value, 30000);
	CHECK_INT(sks_set_option(ours, SKS_NODELAY, 1), 0);
	CHECK_INT(sks_set_option(ours, SKS_OOBINLINE, 1), 0);
	CHECK_INT(sks_get_option(ours, SKS_OOBINLINE, &value), 0);
	CHECK_INT(value, 1);
	close_pair();
	open_pair();
	CHECK_INT(sks_set_option(ours, SKS_NODELAY, 1), SKS_ENOTSUP);
	CHECK_INT(sks_set_keepalive(ours, 60, 10, 3), 0);
	close_pair();
}

static void
a_unix_peer_is_known_by_its_user(void)
{
	uid_t uid = (uid_t)-1;
	gid_t gid;
	pid_t pid = 0;

	open_pair();
	CHECK_INT(sks_peercred(ours, &uid, &gid, &pid), 0);
	CHECK_INT(uid, geteuid());
	CHECK_INT(pid, getpid());
	close_pair();
	open_tcp();
	CHECK_INT(sks_peercred(ours, &uid, NULL, NULL), SKS_ENOTSUP);
	close_pair();
}

static void
a_descriptor_taken_over_becomes_blocking_and_private(void)
{
	struct sks_socket *s;
	int fds[2], pipe_fds[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	CHECK_INT(sks_socket_fromfd(fds[0], &s), 0);
	CHECK_INT(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	CHECK_INT(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	sks_socket_free(s);
	close(fds[1]);
	CHECK_INT(pipe(pipe_fds), 0);
	CHECK(sks_socket_fromfd(pipe_fds[0], &s) < 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void
a_socket_is_what_it_was_made_as(void)
{
	static const struct {
		enum sks_family family;
		enum sks_type type;
		int outcome;
	} rows[] = {
		{ SKS_INET, SKS_STREAM, 0 },
		{ SKS_INET6, SKS_DGRAM, 0 },
		{ SKS_UNIX, SKS_SEQPACKET, 0 },
		{ SKS_INET, SKS_RDM, SKS_ENOTSUP },
		{ SKS_UNIX, SKS_RDM, SKS_ENOTSUP },
		{ SKS_INET6, SKS_SEQPACKET, SKS_ENOTSUP },
		{ SKS_UNSPEC, SKS_STREAM, SKS_EINVAL },
	};
	struct sks_socket *s, *again;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_INT(sks_socket_new(rows[i].family, rows[i].type, 0, &s),
		    rows[i].outcome);
		CHECK_INT(s != NULL, rows[i].outcome == 0);
		if (s == NULL)
			continue;
		CHECK_INT(fcntl(sks_fileno(s), F_GETFD), FD_CLOEXEC);
		CHECK_INT(sks_socket_fromfd(sks_detach(s), &again), 0);
		CHECK_INT(sks_socket_family(again), rows[i].family);
		CHECK_INT(sks_socket_type(again), rows[i].type);
		sks_socket_free(s);
		sks_socket_free(again);
	}
}

/* Root may have it; so somebody else asks. */
static int
raw_as_nobody(void)
{
	struct sks_socket *s;
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(99);
		_exit(-sks_socket_new(SKS_INET, SKS_RAW, 1, &s));
	}
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

static void
a_raw_socket_needs_a_privilege(void)
{
	CHECK_INT(raw_as_nobody(), SKS_EACCES);
}

static void
a_detached_descriptor_lives_on_without_our_limits(void)
{
	struct timeval tv = { 1, 1 };
	socklen_t len = sizeof tv;
	char byte;
	int fd;

	open_pair();
	CHECK_INT(sks_settimeout(ours, 0.02), 0);
	CHECK_INT(sks_recv(ours, &byte, 1), SKS_ETIMEDOUT);
	fd = sks_detach(ours);
	CHECK(fd >= 0);
	CHECK_INT(sks_fileno(ours), -1);
	CHECK_INT(sks_detach(ours), SKS_ECLOSED);
	CHECK_INT(sks_recv(ours, &byte, 1), SKS_ECLOSED);
	CHECK_INT(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len), 0);
	CHECK_INT(tv.tv_sec, 0);
	CHECK_INT(tv.tv_usec, 0);
	CHECK_INT(write(fd, "x", 1), 1);
	CHECK_INT(sks_recv(theirs, &byte, 1), 1);
	close(fd);
	close_pair();
}

/* What the kernel knows of a limit is common to both. */
static void
a_dup_has_limits_of_its_own(void)
{
	struct sks_socket *d;
	pthread_t thread;
	int64_t start;
	char byte;

	open_pair();
	CHECK_INT(sks_settimeout(ours, 0.05), 0);
	CHECK_INT(sks_dup(ours, &d), 0);
	CHECK(sks_fileno(d) != sks_fileno(ours));
	CHECK_INT(fcntl(sks_fileno(d), F_GETFD), FD_CLOEXEC);
	CHECK(sks_gettimeout(d) == 0.05);
	CHECK_INT(sks_recv(ours, &byte, 1), SKS_ETIMEDOUT);
	sks_setblocking(d, 1);
	pthread_create(&thread, NULL, cut_later, theirs);
	CHECK_INT(sks_recv(d, &byte, 1), 0); /* when it is cut */
	pthread_join(thread, NULL);
	close_pair();

	open_pair();
	for (int i = 0; i < 3; i++) {
		sks_socket_free(d);
		CHECK_INT(sks_dup(ours, &d), 0);
		CHECK_INT(sks_settimeout(ours, 0.01), 0);
		CHECK_INT(sks_recv(ours, &byte, 1), SKS_ETIMEDOUT);
		CHECK_INT(sks_send_text(theirs, "x"), 0);
		CHECK_INT(sks_recv_deadline(d, &byte, 1, SKS_NEVER), 1);
		start = sks_now();
		CHECK_INT(sks_recv(ours, &byte, 1), SKS_ETIMEDOUT);
		CHECK(seconds_since(start) < 5);
	}
	sks_socket_free(d);
	close_pair();
}

static void
any_option_goes_by_the_systems_numbers(void)
{
	static const struct timeval second = { 1, 0 };
	struct linger set = { 1, 5 }, got = { 0, 0 };
	size_t len = sizeof got, none = 0;
	int value;

	open_tcp();
	CHECK_INT(sks_setsockopt(ours, SOL_SOCKET, SO_LINGER, &set, sizeof set),
	    0);
	CHECK_INT(sks_getsockopt(ours, SOL_SOCKET, SO_LINGER, &got, &len), 0);
	CHECK_INT(len, sizeof got);
	CHECK_INT(got.l_linger, 5);
	CHECK_INT(sks_getsockopt(ours, SOL_SOCKET, SO_LINGER, &got, &none),
	    SKS_EINVAL);
	CHECK_INT(sks_setsockopt_int(ours, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
	CHECK_INT(sks_getsockopt_int(ours, SOL_SOCKET, SO_KEEPALIVE, &value),
	    0);
	CHECK_INT(value, 1);
	CHECK_INT(sks_setsockopt_int(ours, SOL_SOCKET, 12345, 1), SKS_ENOTSUP);
#if SIZE_MAX > UINT32_MAX
	CHECK_INT(sks_setsockopt(ours, SOL_SOCKET, SO_LINGER, &set,
		      (size_t)UINT32_MAX + 1 + sizeof set),
	    SKS_EINVAL);
#endif
	CHECK_INT(sks_setsockopt(ours, SOL_SOCKET, SO_RCVTIMEO, &second,
		      sizeof second),
	    SKS_EINVAL);
	sks_close(ours);
	CHECK_INT(sks_getsockopt_int(ours, SOL_SOCKET, SO_KEEPALIVE, &value),
	    SKS_ECLOSED);
	close_pair();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_end_of_file_is_0_and_reading_nothing_too),
		T(a_time_out_is_kept_and_0_means_not_to_wait),
		T(a_passed_deadline_is_told_even_when_bytes_wait),
		T(sendall_has_one_deadline_and_tells_how_much_went),
		T(signals_do_not_lengthen_a_deadline),
		T(sending_to_a_peer_that_is_gone_is_an_error_and_no_signal),
		T(a_closed_socket_says_so_and_closes_once),
		T(a_reset_is_seen_as_one_by_the_peer),
		T(another_threads_shutdown_wakes_a_blocked_reader),
		T(wait_hup_ignores_bytes_and_half_an_end),
		T(connecting_to_nobody_is_refused_at_once),
		T(options_are_set_where_the_socket_has_them),
		T(a_unix_peer_is_known_by_its_user),
		T(a_descriptor_taken_over_becomes_blocking_and_private),
		T(a_socket_is_what_it_was_made_as),
		T(a_raw_socket_needs_a_privilege),
		T(a_detached_descriptor_lives_on_without_our_limits),
		T(a_dup_has_limits_of_its_own),
		T(any_option_goes_by_the_systems_numbers),
	};

	return t_main("socket", cases, sizeof cases / sizeof cases[0]);
}
