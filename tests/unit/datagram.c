/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers whose requests are datagrams. */
#include "config.h"

#include <errno.h>

#include "rig.h"

static const enum sks_kind kinds[] = { SKS_UDP, SKS_UNIX_DGRAM };

/* Writes the datagram back. */
static int
echo_packet(struct sks_handler *h)
{
	size_t len;
	const void *data = sks_request_packet(h->self, &len);

	return sks_request_reply(h->self, data, len);
}

static const struct sks_handler_ops echo_packets = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = echo_packet,
};

static void
three_clients_one_after_another_get_their_datagram_back(void)
{
	rig_reset();
	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg = rig_config(kinds[i % 2],
		    i / 2 ? SKS_SYNC : SKS_THREADING);
		struct sks_server *srv = rig_server(&cfg, NULL, &echo_packets);

		CHECK_INT(sks_server_start(srv), 0);
		for (int n = 0; n < 3; n++)
			CHECK(rig_echo_on(rig_datagrams(srv)));
		CHECK_INT(sks_server_stop(srv, SOON), 0);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(sks_server_fileno(srv), -1);
		sks_server_free(srv);
	}
}

/* A peer that sent to 127.0.0.2 takes no reply from 127.0.0.1. */
static void
a_reply_leaves_from_the_address_that_was_asked(void)
{
	static const char *const listeners[] = { "0.0.0.0:0", "[::]:0" };

	rig_reset();
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(SKS_UDP,
		    SKS_THREADING);
		struct sks_server *srv;
		struct sks_addr to;

		CHECK_INT(sks_addr_parse(listeners[i], 0, &cfg.address), 0);
		srv = rig_server(&cfg, NULL, &echo_packets);
		CHECK_INT(sks_server_start(srv), 0);
		CHECK_INT(sks_addr_parse("127.0.0.2",
		    sks_addr_port(sks_server_address(srv)), &to), 0);
		CHECK(rig_echo_on(rig_datagrams_to(&to)));
		sks_server_free(srv);
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(three_clients_one_after_another_get_their_datagram_back),
		T(a_reply_leaves_from_the_address_that_was_asked),
	};

	return t_main("datagram", cases, sizeof cases / sizeof cases[0]);
}
