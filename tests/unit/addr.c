/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file tests addresses: parsing, formatting, and what kind of network
 * they belong to.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "socketserver/server/places.h"
#include "socketserver/socketserver.h"
#include "t.h"

static void
addresses_read_are_written_the_same(void)
{
	static const struct {
		const char *text, *plain, *host, *python;
	} rows[] = {
		{ "127.0.0.1:6666", "127.0.0.1:6666", "127.0.0.1",
		    "('127.0.0.1', 6666)" },
		{ "localhost:1", "127.0.0.1:1", "127.0.0.1",
		    "('127.0.0.1', 1)" },
		{ ":65535", "0.0.0.0:65535", "0.0.0.0", "('0.0.0.0', 65535)" },
		{ "*:0", "0.0.0.0:0", "0.0.0.0", "('0.0.0.0', 0)" },
		{ "10.0.0.1", "10.0.0.1:99", "10.0.0.1", "('10.0.0.1', 99)" },
		{ "[::1]:5", "[::1]:5", "::1", "('::1', 5, 0, 0)" },
		{ "[::1]", "[::1]:99", "::1", "('::1', 99, 0, 0)" },
		{ "::", "[::]:99", "::", "('::', 99, 0, 0)" },
		{ "[::ffff:1.2.3.4]:5", "1.2.3.4:5", "1.2.3.4",
		    "('1.2.3.4', 5)" },
		{ "unix:/tmp/s", "unix:/tmp/s", "unix:/tmp/s", "'/tmp/s'" },
		{ "unix:@name", "unix:@name", "unix:@name", "'@name'" },
	};
	struct sks_addr a;
	char buf[SKS_ADDR_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!CHECK_INT(sks_addr_parse(rows[i].text, 99, &a), 0))
			continue;
		CHECK_STR(sks_addr_format(&a, SKS_STYLE_PLAIN, buf, sizeof buf),
		    rows[i].plain);
		CHECK_STR(sks_addr_format(&a, SKS_STYLE_HOST, buf, sizeof buf),
		    rows[i].host);
		CHECK_STR(sks_addr_format(&a, SKS_STYLE_PYTHON, buf,
			      sizeof buf),
		    rows[i].python);
	}
}

static void
an_address_that_is_wrong_is_refused_and_the_part_named(void)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "empty" },
		{ "127.0.0.1:65536", "port" },
		{ "127.0.0.1:-1", "port" },
		{ "127.0.0.1:", "port" },
		{ "127.0.0.1:6x", "port" },
		{ "[::1]:70000", "port" },
		{ "256.0.0.1:1", "host" },
		{ "example.org:1", "host" },
		{ "[::g]:1", "host" },
		{ "[::1", "[::1]:6666" },
		{ "[::1]6666", "[::1]:6666" },
		{ "unix:", "path" },
	};
	struct sks_addr a;
	char text[160];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_INT(sks_addr_parse(rows[i].text, 0, &a), SKS_EINVAL);
		sks_error_text(text, sizeof text);
		if (!CHECK(strstr(text, rows[i].part) != NULL))
			fprintf(stderr, "# %s: %s\n", rows[i].text, text);
	}
	CHECK_INT(sks_addr_parse("::1", 65536, &a), SKS_EINVAL);
	sks_error_text(text, sizeof text);
	CHECK(strstr(text, "port") != NULL);
}

static void
a_unix_path_has_107_bytes_at_most(void)
{
	char text[5 + 109] = "unix:";
	struct sks_addr a;

	memset(text + 5, 'x', 108);
	CHECK_INT(sks_addr_parse(text, 0, &a), SKS_ETOOLONG);
	text[5 + 107] = '\0';
	CHECK_INT(sks_addr_parse(text, 0, &a), 0);
	CHECK_STR(sks_addr_path(&a), text + 5);
}

static void
a_unix_name_is_bytes_and_comes_back(void)
{
	static const struct {
		const char *name;
		size_t len;
		const char *text;
	} rows[] = {
		{ "/tmp/s", 6, "'/tmp/s'" },
		{ "\0a\0b", 4, "'@a@b'" },
		{ "\0a\033[2J\nb\377", 9, "'@a?[2J?b?'" },
		{ "\0字", 4, "'@字'" },
		{ "", 0, "''" },
	};
	struct sks_addr a;
	char buf[SKS_ADDR_TEXT], many[109] = "";
	const char *name;
	size_t len;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_INT(sks_addr_unix(rows[i].name, rows[i].len, &a), 0);
		CHECK_STR(sks_addr_format(&a, SKS_STYLE_PYTHON, buf,
			      sizeof buf),
		    rows[i].text);
		name = sks_addr_unix_name(&a, &len);
		CHECK_MEM(name, len, rows[i].name, rows[i].len);
	}
	CHECK_INT(sks_addr_unix(many, 108, &a), 0);
	CHECK_INT(sks_addr_unix(many, 109, &a), SKS_ETOOLONG);
	CHECK_INT(sks_addr_unix("a\0b", 3, &a), SKS_EINVAL);
	CHECK_INT(sks_addr_parse("1.2.3.4:5", 0, &a), 0);
	CHECK(sks_addr_unix_name(&a, &len) == NULL);
}

static void
a_host_is_resolved_in_the_family_asked_for(void)
{
	static const struct {
		const char *host;
		enum sks_family family;
		int outcome;
		const char *text;
	} rows[] = {
		{ "127.0.0.1", SKS_UNSPEC, 0, "127.0.0.1:7" },
		{ "127.0.0.1", SKS_INET, 0, "127.0.0.1:7" },
		{ "::1", SKS_UNSPEC, 0, "[::1]:7" },
		{ "::1", SKS_INET, SKS_ERESOLVE, "" },
		{ "127.0.0.1", SKS_INET6, SKS_ERESOLVE, "" },
		{ "", SKS_UNSPEC, 0, "0.0.0.0:7" },
		{ "", SKS_INET6, 0, "[::]:7" },
		{ "<broadcast>", SKS_INET, 0, "255.255.255.255:7" },
		{ "<broadcast>", SKS_INET6, SKS_EINVAL, "" },
		{ "/tmp/s", SKS_UNIX, SKS_EINVAL, "" },
	};
	struct sks_addr a;
	char buf[SKS_ADDR_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_INT(sks_addr_resolve(rows[i].host, 7, rows[i].family, &a),
		    rows[i].outcome);
		if (rows[i].outcome == 0)
			CHECK_STR(sks_addr_format(&a, SKS_STYLE_PLAIN, buf,
				      sizeof buf),
			    rows[i].text);
	}
	CHECK_INT(sks_addr_resolve("127.0.0.1", 65536, SKS_INET, &a),
	    SKS_EINVAL);
}

static void
the_scope_says_who_could_reach_it(void)
{
	static const struct {
		const char *text;
		enum sks_scope scope;
	} rows[] = {
		{ "127.0.0.1", SKS_SCOPE_LOOPBACK },
		{ "127.9.9.9", SKS_SCOPE_LOOPBACK },
		{ "::1", SKS_SCOPE_LOOPBACK },
		{ "::ffff:127.0.0.1", SKS_SCOPE_LOOPBACK },
		{ "10.1.2.3", SKS_SCOPE_PRIVATE },
		{ "172.16.0.1", SKS_SCOPE_PRIVATE },
		{ "172.31.255.255", SKS_SCOPE_PRIVATE },
		{ "172.32.0.0", SKS_SCOPE_PUBLIC },
		{ "192.168.1.1", SKS_SCOPE_PRIVATE },
		{ "169.254.1.1", SKS_SCOPE_PRIVATE },
		{ "100.64.0.1", SKS_SCOPE_PRIVATE },
		{ "fe80::1", SKS_SCOPE_PRIVATE },
		{ "fd00::1", SKS_SCOPE_PRIVATE },
		{ "8.8.8.8", SKS_SCOPE_PUBLIC },
		{ "2001:db8::1", SKS_SCOPE_PUBLIC },
		{ "0.0.0.0", SKS_SCOPE_ANY },
		{ "::", SKS_SCOPE_ANY },
		{ "unix:/s", SKS_SCOPE_LOCAL },
	};
	struct sks_addr a;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_INT(sks_addr_parse(rows[i].text, 1, &a), 0);
		CHECK_INT(sks_addr_scope(&a), rows[i].scope);
	}
}

static void
hosts_are_the_same_whatever_their_port_and_form(void)
{
	struct sks_addr a, b, c;

	CHECK_INT(sks_addr_parse("1.2.3.4:5", 0, &a), 0);
	CHECK_INT(sks_addr_parse("[::ffff:1.2.3.4]:6", 0, &b), 0);
	CHECK_INT(sks_addr_parse("1.2.3.5:5", 0, &c), 0);
	CHECK(sks_addr_same_host(&a, &b));
	CHECK(!sks_addr_same_host(&a, &c));
	/* Each link has its own fe80::1. */
	CHECK_INT(sks_addr_parse("[fe80::1%1]:5", 0, &a), 0);
	CHECK_INT(sks_addr_parse("[fe80::1%1]:6", 0, &b), 0);
	CHECK_INT(sks_addr_parse("[fe80::1%2]:5", 0, &c), 0);
	CHECK(sks_addr_same_host(&a, &b));
	CHECK(!sks_addr_same_host(&a, &c));
}

static void
hosts_are_counted_and_forgotten(void)
{
	struct sks_peers p;
	struct sks_host_key key = { { 0 } };
	int n = t_size("hosts", 10000), good = 0;

	sks_peers_init(&p);
	for (int pass = 0; pass < 3; pass++)
		for (int i = 0; i < n; i++) {
			memcpy(key.bytes, &i, sizeof i);
			good += sks_peers_enter(&p, &key, 2);
		}
	CHECK_INT(good, 2 * n); /* the third was one too many */
	CHECK_INT(p.n, n);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < n; i++) {
			memcpy(key.bytes, &i, sizeof i);
			sks_peers_leave(&p, &key);
		}
	CHECK_INT(p.n, 0);
	sks_peers_fini(&p);
}

static void
ipv6_hosts_count_by_their_network(void)
{
	static const char *const texts[] = { "2001:db8:1:2::1",
		"2001:db8:1:2:ffff::9", "2001:db8:1:3::1" };
	struct sks_host_key key[3];
	struct sks_addr a;

	for (int i = 0; i < 3; i++) {
		CHECK_INT(sks_addr_parse(texts[i], 1, &a), 0);
		CHECK_INT(sks_addr_host_key(&a, &key[i]), 1);
	}
	CHECK(memcmp(&key[0], &key[1], sizeof key[0]) == 0);
	CHECK(memcmp(&key[0], &key[2], sizeof key[0]) != 0);
}

static void
ipv6_hosts_of_ones_own_network_count_by_address(void)
{
	static const char *const pairs[][2] = {
		{ "fd12:3456:789a:1::1", "fd12:3456:789a:1::2" },
		{ "fc00::1", "fc00::2" },
		{ "fe80::1", "fe80::2" },
		{ "febf::1", "febf::2" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct sks_host_key a, b, again;
		struct sks_addr addr;

		CHECK_INT(sks_addr_parse(pairs[i][0], 1, &addr), 0);
		CHECK_INT(sks_addr_host_key(&addr, &a), 1);
		CHECK_INT(sks_addr_parse(pairs[i][0], 2, &addr), 0);
		CHECK_INT(sks_addr_host_key(&addr, &again), 1);
		CHECK_INT(sks_addr_parse(pairs[i][1], 1, &addr), 0);
		CHECK_INT(sks_addr_host_key(&addr, &b), 1);
		CHECK(memcmp(&a, &b, sizeof a) != 0);
		CHECK(memcmp(&a, &again, sizeof a) == 0);
	}
}

static void
every_error_has_a_sentence_of_its_own(void)
{
	for (int code = SKS_EPROTO; code <= 0; code++) {
		CHECK(strcmp(sks_strerror(code), sks_strerror(-1000)) != 0);
		for (int other = code + 1; other <= 0; other++)
			CHECK(strcmp(sks_strerror(code), sks_strerror(other)) !=
			    0);
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(addresses_read_are_written_the_same),
		T(an_address_that_is_wrong_is_refused_and_the_part_named),
		T(a_unix_path_has_107_bytes_at_most),
		T(a_unix_name_is_bytes_and_comes_back),
		T(a_host_is_resolved_in_the_family_asked_for),
		T(the_scope_says_who_could_reach_it),
		T(hosts_are_the_same_whatever_their_port_and_form),
		T(hosts_are_counted_and_forgotten),
		T(ipv6_hosts_count_by_their_network),
		T(ipv6_hosts_of_ones_own_network_count_by_address),
		T(every_error_has_a_sentence_of_its_own),
	};

	return t_main("addr", cases, sizeof cases / sizeof cases[0]);
}
