/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams and records; what is lost, and what is told. */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"
#include "socketserver/net/socket.h"

static struct sks_socket *ours, *theirs;
static struct sks_addr at; /* ours */

static struct sks_socket *
bound(enum sks_family family, struct sks_addr *where)
{
	struct sks_socket *s;
	char text[128] = "127.0.0.1:0";

	if (family == SKS_UNIX)
		snprintf(text, sizeof text, "unix:%s/s", t_tmpdir());
	CHECK_INT(sks_addr_parse(text, 0, where), 0);
	CHECK_INT(sks_socket_new(family, SKS_DGRAM, 0, &s), 0);
	CHECK_INT(sks_bind(s, where), 0);
	CHECK_INT(sks_getsockname(s, where), 0);
	return s;
}

static void
open_datagrams(enum sks_family family)
{
	struct sks_addr unused;

	ours = bound(family, &at);
	theirs = bound(family, &unused);
}

static void
close_both(void)
{
	sks_socket_free(ours);
	sks_socket_free(theirs);
}

/* Two ends that speak in records. */
static void
open_records(void)
{
	int fds[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	CHECK_INT(sks_socket_fromfd(fds[0], &ours), 0);
	CHECK_INT(sks_socket_fromfd(fds[1], &theirs), 0);
	CHECK_INT(sks_socket_type(ours), SKS_SEQPACKET);
}

static void
a_cut_datagram_is_told_and_its_sender_too(void)
{
	static const enum sks_family families[] = { SKS_INET, SKS_UNIX };
	struct sks_addr from, own;
	int flags = -1;
	char buf[8];

	for (int i = 0; i < 2; i++) {
		open_datagrams(families[i]);
		CHECK_INT(sks_getsockname(theirs, &own), 0);
		CHECK_INT(sks_sendto(theirs, "hello", 5, &at), 5);
		CHECK_INT(sks_recvfrom(ours, buf, 2, &from, &flags), 2);
		CHECK_INT(flags, SKS_TRUNC);
		CHECK_MEM(from.u.bytes, from.len, own.u.bytes, own.len);
		CHECK_INT(sks_sendto(theirs, "hello", 5, &at), 5);
		CHECK_INT(sks_recvfrom(ours, buf, 5, NULL, &flags), 5);
		CHECK_INT(flags, 0);
		close_both();
	}
}

static void
an_empty_datagram_is_one(void)
{
	int flags;
	char buf[8];

	open_datagrams(SKS_INET);
	CHECK_INT(sks_connect(theirs, &at), 0);
	CHECK_INT(sks_send(theirs, "", 0), 0);
	CHECK_INT(sks_sendall(theirs, "", 0, NULL), 0);
	CHECK_INT(sks_sendto(theirs, "", 0, &at), 0);
	CHECK_INT(sks_sendto(theirs, "x", 1, &at), 1);
	CHECK_INT(sks_recv(ours, buf, 0), 0); /* takes none */
	CHECK_INT(sks_recv(ours, buf, 8), 0);
	CHECK_INT(sks_recvfrom(ours, buf, 8, NULL, NULL), 0);
	CHECK_INT(sks_recvfrom(ours, buf, 0, NULL, &flags), 0);
	CHECK_INT(flags, 0);
	CHECK_INT(sks_recvfrom(ours, buf, 0, NULL, &flags), 0);
	CHECK_INT(flags, SKS_TRUNC);
	close_both();
}

static void
a_datagram_that_met_nobody_is_told_and_the_socket_stays_good(void)
{
	struct sks_addr gone;
	char buf[8];

	open_datagrams(SKS_INET);
	sks_socket_free(bound(SKS_INET, &gone));
	CHECK_INT(sks_connect(theirs, &gone), 0);
	CHECK_INT(sks_settimeout(theirs, SOON), 0);
	CHECK_INT(sks_send(theirs, "x", 1), 1);
	CHECK_INT(sks_recv(theirs, buf, 8), SKS_ECONNREFUSED);
	CHECK_INT(sks_send(theirs, "x", 1), 1);
	CHECK_INT(sks_send(theirs, "x", 1), SKS_ECONNREFUSED);
	CHECK_INT(sks_connect(theirs, &at), 0);
	CHECK_INT(sks_send(theirs, "x", 1), 1);
	CHECK_INT(sks_recv(ours, buf, 8), 1);
	close_both();
}

static void
the_limits_of_datagrams_have_names_of_their_own(void)
{
	static char big[65508];
	struct sks_addr none = { .len = 0 };
	char buf[8];

	open_datagrams(SKS_INET);
	CHECK_INT(sks_sendto(theirs, big, sizeof big, &at), SKS_ETOOLONG);
	CHECK_INT(sks_sendto(theirs, big, 65507, &at), 65507);
	CHECK_INT(sks_send(theirs, "x", 1), SKS_ENOTCONN);
	CHECK_INT(sks_sendto(theirs, "x", 1, &none), SKS_EINVAL);
	CHECK_INT(sks_settimeout(theirs, 0.02), 0);
	CHECK_INT(sks_recvfrom(theirs, buf, 8, NULL, NULL), SKS_ETIMEDOUT);
	CHECK_INT(sks_settimeout(theirs, 0), 0);
	CHECK_INT(sks_recvfrom(theirs, buf, 8, NULL, NULL), SKS_EAGAIN);
	close_both();
}

/* A host that cannot be reached is a peer that is gone only where there was a
 * connection. */
static void
no_way_to_a_host_is_called_that(void)
{
	open_datagrams(SKS_INET);
	CHECK_INT(sks_socket_fail(theirs, EHOSTUNREACH, ""), SKS_EUNREACH);
	close_both();
	open_records();
	CHECK_INT(sks_socket_fail(theirs, EHOSTUNREACH, ""), SKS_ERESET);
	close_both();
}

static void
an_unnamed_sender_has_no_address_to_answer_to(void)
{
	struct sks_socket *s;
	struct sks_addr from;
	char buf[8];

	open_datagrams(SKS_UNIX);
	CHECK_INT(sks_socket_new(SKS_UNIX, SKS_DGRAM, 0, &s), 0);
	CHECK_INT(sks_sendto(s, "x", 1, &at), 1);
	CHECK_INT(sks_recvfrom(ours, buf, 8, &from, NULL), 1);
	CHECK_INT(sks_addr_family(&from), SKS_UNSPEC);
	CHECK_INT(sks_sendto(ours, "y", 1, &from), SKS_EINVAL);
	/* With a name that the system chose it has one. */
	CHECK_INT(sks_addr_unix("", 0, &from), 0);
	CHECK_INT(sks_bind(s, &from), 0);
	CHECK_INT(sks_sendto(s, "x", 1, &at), 1);
	CHECK_INT(sks_recvfrom(ours, buf, 8, &from, NULL), 1);
	CHECK_INT(sks_sendto(ours, "y", 1, &from), 1);
	CHECK_INT(sks_recv(s, buf, 8), 1);
	sks_socket_free(s);
	close_both();
}

static void
a_record_ends_where_it_was_sent(void)
{
	int flags = -1;
	char buf[8];

	open_records();
	CHECK_INT(sks_sendall(theirs, "one", 3, NULL), 0);
	CHECK_INT(sks_sendall(theirs, "three", 5, NULL), 0);
	CHECK_INT(sks_sendall(theirs, "x", 1, NULL), 0);
	CHECK_INT(sks_recv(ours, buf, 8), 3);
	CHECK_INT(sks_recvfrom(ours, buf, 3, NULL, &flags), 3);
	CHECK_INT(flags, SKS_TRUNC);
	CHECK_INT(sks_recvfrom(ours, buf, 3, NULL, &flags), 1);
	CHECK_INT(flags, 0);
	sks_close(theirs);
	CHECK_INT(sks_recv(ours, buf, 8), 0);
	CHECK_INT(sks_send(ours, "x", 1), SKS_ERESET);
	close_both();
}

/* Linux says EISCONN for a Unix stream, other systems for every socket. */
static void
a_connected_socket_may_name_its_peer(void)
{
	struct sks_socket *l, *conn;
	struct sks_addr peer, other;
	char buf[8];

	snprintf(buf, sizeof buf, "x");
	ours = bound(SKS_UNIX, &other);
	CHECK_INT(sks_addr_unix("\0deskwire-recv-test", 19, &peer), 0);
	CHECK_INT(sks_create_server(&peer, 1, 0, 0, &l), 0);
	CHECK_INT(sks_create_connection_addr(&peer, SOON, &theirs), 0);
	CHECK_INT(sks_accept(l, &conn, NULL), 0);
	CHECK_INT(sks_sendto(theirs, "here", 4, &peer), 4);
	CHECK_INT(sks_recv(conn, buf, 8), 4);
	CHECK(sks_sendto(theirs, "there", 5, &other) < 0);
	sks_socket_free(conn);
	sks_socket_free(l);
	close_both();
}

static void
a_stream_that_is_not_connected_says_so(void)
{
	struct sks_socket *s;
	char byte;

	CHECK_INT(sks_socket_new(SKS_INET, SKS_STREAM, 0, &s), 0);
	CHECK_INT(sks_recv(s, &byte, 1), SKS_ENOTCONN);
	CHECK_INT(sks_getpeername(s, &at), SKS_ENOTCONN);
	CHECK_INT(sks_shutdown(s, SKS_SHUT_WR), SKS_ENOTCONN);
	sks_socket_free(s);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_cut_datagram_is_told_and_its_sender_too),
		T(an_empty_datagram_is_one),
		T(a_datagram_that_met_nobody_is_told_and_the_socket_stays_good),
		T(the_limits_of_datagrams_have_names_of_their_own),
		T(no_way_to_a_host_is_called_that),
		T(an_unnamed_sender_has_no_address_to_answer_to),
		T(a_record_ends_where_it_was_sent),
		T(a_connected_socket_may_name_its_peer),
		T(a_stream_that_is_not_connected_says_so),
	};

	return t_main("recv", cases, sizeof cases / sizeof cases[0]);
}
