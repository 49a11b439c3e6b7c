/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every enum that the library is handed: a value that is none is refused, and
 * chooses nothing.  tests/system/symbols.py finds the function that has no row
 * here. */
#include "config.h"

#include <stdio.h>

#include "rig.h"

/* What the functions work on. */
static struct {
	struct sks_socket *s, *peer;
	struct sks_stream *st;
	struct sks_addr a;
	char buf[256];
} on;

/* Each is called with a number for its enum, and returns what it did. */

static int
addr_resolve(unsigned wrong)
{
	struct sks_addr out;

	return sks_addr_resolve("127.0.0.1", 1, (enum sks_family)wrong, &out);
}

static int
socket_family(unsigned wrong)
{
	struct sks_socket *s;

	return sks_socket_new((enum sks_family)wrong, SKS_STREAM, 0, &s);
}

static int
socket_type(unsigned wrong)
{
	struct sks_socket *s;

	return sks_socket_new(SKS_INET, (enum sks_type)wrong, 0, &s);
}

static void
observer(const struct sks_observation *o, void *arg)
{
	(void)o;
	(void)arg;
}

static int
observe(unsigned wrong)
{
	return sks_observe(on.s, (enum sks_side)wrong, observer, NULL);
}

static int
shut(unsigned wrong)
{
	return sks_shutdown(on.s, (enum sks_how)wrong);
}

static int
set_option(unsigned wrong)
{
	return sks_set_option(on.s, (enum sks_option)wrong, 1);
}

static int
get_option(unsigned wrong)
{
	int value;

	return sks_get_option(on.s, (enum sks_option)wrong, &value);
}

static int
frame_new(const struct sks_framing *how)
{
	struct sks_frame *f;

	return sks_frame_new_as(how, &f);
}

static int
framing_kind(unsigned wrong)
{
	const struct sks_framing how = { .kind = (enum sks_framing_kind)wrong,
		.max = 10 };

	return frame_new(&how);
}

static int
framing_order(unsigned wrong)
{
	const struct sks_framing how = { .kind = SKS_BLOCK,
		.order = (enum sks_order)wrong,
		.prefix = 4,
		.max = 10 };

	return frame_new(&how);
}

static int
framing_encode(unsigned wrong)
{
	const struct sks_framing how = { .kind = (enum sks_framing_kind)wrong,
		.max = 10 };

	return (int)sks_frame_encode(&how, "x", 1, on.buf, sizeof on.buf);
}

static int
framing_read(unsigned wrong)
{
	const struct sks_framing how = { .kind = (enum sks_framing_kind)wrong,
		.max = 10 };
	size_t len;

	return sks_stream_read_frame(on.st, &how, 0, on.buf, sizeof on.buf,
	    &len);
}

static int
framing_write(unsigned wrong)
{
	const struct sks_framing how = { .kind = SKS_BLOCK,
		.order = (enum sks_order)wrong,
		.prefix = 1,
		.max = 10 };

	return sks_stream_write_frame(on.st, &how, "x", 1);
}

static int
recv_until(unsigned wrong)
{
	return (int)sks_recv_until(on.st, NULL, 0, (enum sks_form)wrong, 0,
	    on.buf, sizeof on.buf, NULL);
}

static int
server_new(const struct sks_server_config *cfg)
{
	struct sks_server *srv;

	return sks_server_new(cfg, NULL, &echo_handler, &srv);
}

static int
server_kind(unsigned wrong)
{
	struct sks_server_config cfg;

	sks_server_config_init(&cfg, (enum sks_kind)wrong, SKS_SYNC);
	cfg.address = on.a;
	return server_new(&cfg);
}

static int
server_concurrency(unsigned wrong)
{
	struct sks_server_config cfg;

	sks_server_config_init(&cfg, SKS_TCP, (enum sks_concurrency)wrong);
	cfg.address = on.a;
	return server_new(&cfg);
}

static int
server_overload(unsigned wrong)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);

	cfg.overload = (enum sks_overload_policy)wrong;
	return server_new(&cfg);
}

static const struct row {
	const char *name;
	int (*call)(unsigned wrong);
	unsigned first; /* that is none of the enum's */
} rows[] = {
	{ "sks_addr_resolve family", addr_resolve, SKS_UNIX },
	{ "sks_socket_new family", socket_family, SKS_UNIX + 1 },
	{ "sks_socket_new type", socket_type, SKS_SEQPACKET + 1 },
	{ "sks_observe side", observe, SKS_CLIENT + 1 },
	{ "sks_shutdown how", shut, SKS_SHUT_RDWR + 1 },
	{ "sks_set_option option", set_option, SKS_OOBINLINE + 1 },
	{ "sks_get_option option", get_option, SKS_OOBINLINE + 1 },
	{ "sks_frame_new_as kind", framing_kind, SKS_NETSTRING + 1 },
	{ "sks_frame_new_as order", framing_order, SKS_LITTLE_ENDIAN + 1 },
	{ "sks_frame_encode kind", framing_encode, SKS_NETSTRING + 1 },
	{ "sks_stream_read_frame kind", framing_read, SKS_NETSTRING + 1 },
	{ "sks_stream_write_frame order", framing_write,
	    SKS_LITTLE_ENDIAN + 1 },
	{ "sks_recv_until form", recv_until, SKS_TEXT + 1 },
	{ "sks_server_config_init_sized kind", server_kind,
	    SKS_UNIX_DGRAM + 1 },
	{ "sks_server_config_init concurrency", server_concurrency,
	    SKS_FORKING + 1 },
	{ "sks_server_new overload", server_overload, SKS_WAIT + 1 },
};

static void
refuses(const struct row *row, unsigned wrong)
{
	struct sks_error e;
	int r = row->call(wrong);

	sks_last_error(&e);
	if (r == SKS_EINVAL && e.code == SKS_EINVAL && e.what[0] != '\0')
		return;
	fprintf(stderr, "# %s %u: %d \"%s\"\n", row->name, wrong, r, e.what);
	CHECK(!"refused with a sentence");
}

static void
a_value_that_is_none_of_its_enum_is_refused(void)
{
	static const unsigned far[] = { 100, 1u << 20, 0x7fffffffu, 0x80000000u,
		0xffffffffu };

	if (!CHECK_INT(sks_socketpair(&on.s, &on.peer), 0) ||
	    !CHECK_INT(sks_makefile(on.s, -1, 0, &on.st), 0) ||
	    !CHECK_INT(sks_addr_parse("127.0.0.1:0", 0, &on.a), 0))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		refuses(&rows[i], rows[i].first);
		for (size_t k = 0; k < sizeof far / sizeof far[0]; k++)
			refuses(&rows[i], far[k]);
	}
	/* Nothing was done to the socket. */
	CHECK_INT(sks_send_text(on.s, "x"), 0);
	CHECK_INT(sks_recv(on.peer, on.buf, sizeof on.buf), 1);
	sks_stream_free(on.st);
	sks_socket_free(on.s);
	sks_socket_free(on.peer);
}

/* sks_addr_format() has no way to refuse. */
static void
an_address_in_a_style_that_is_none_is_plain(void)
{
	static const char *const texts[] = { "127.0.0.1:5", "[::1]:5",
		"unix:/p" };
	struct sks_addr a;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char text[SKS_ADDR_TEXT];

		CHECK_INT(sks_addr_parse(texts[i], 0, &a), 0);
		CHECK_STR(sks_addr_format(&a, (enum sks_addr_style)77, text,
			      sizeof text),
		    texts[i]);
	}
}

/* Whoever calls up to it has the reason from us. */
static void
the_inherited_on_overload_takes_any_reason(void)
{
	sks_default_on_overload(NULL, NULL, (enum sks_overload)77);
	CHECK(true);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_value_that_is_none_of_its_enum_is_refused),
		T(an_address_in_a_style_that_is_none_is_plain),
		T(the_inherited_on_overload_takes_any_reason),
	};

	return t_main("enums", cases, sizeof cases / sizeof cases[0]);
}
