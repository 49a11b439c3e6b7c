/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests which proxies may come, and what of that is a mistake. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "service/proxies.h"
#include "service/service.h"
#include "t.h"

#define LISTEN_MAX 2
#define FROM_MAX   3

static struct svc_proxies proxies;

static bool
have(const char *peer)
{
	struct sks_addr a;

	CHECK_INT(sks_addr_parse(peer, 4711, &a), 0);
	return svc_proxies_have(&proxies, &a);
}

static void
begin(const char *const *from, size_t n)
{
	static const struct svc_endpoint at[] = {
		{ "127.0.0.1:0", -1, true },
		{ "unix:/run/x", -1, true },
	};
	struct svc_config config = { .listen = at,
		.nlisten = n > 1 ? 2 : 1,
		.proxy_from = from,
		.nproxy_from = n };
	struct dw_buf why = DW_BUF_INITIALIZER;

	CHECK_INT(svc_proxies_init(&proxies, &config, &why), DW_STATUS_OK);
	CHECK_STR(dw_buf_str(&why), "");
	CHECK(proxies.wrong == NULL);
	dw_buf_fini(&why);
}

static void
an_address_alone_lets_in_itself_and_no_other(void)
{
	static const char *const four[] = { "127.0.0.1" };
	static const char *const six[] = { "2001:db8::7" };

	begin(four, 1);
	CHECK(have("127.0.0.1"));
	CHECK(have("[::ffff:127.0.0.1]:1"));
	CHECK(!have("127.0.0.2"));
	CHECK(!have("[::1]:1"));
	CHECK(!have("unix:/x"));
	svc_proxies_fini(&proxies);
	begin(six, 1);
	CHECK(have("[2001:db8::7]:1"));
	CHECK(!have("[2001:db8::8]:1"));
	svc_proxies_fini(&proxies);
}

/* Of who is banned that is otherwise. */
static void
a_network_lets_in_this_machine_too(void)
{
	static const char *const from[] = { "0.0.0.0/0" };

	begin(from, 1);
	CHECK(have("127.0.0.1"));
	CHECK(have("192.0.2.7"));
	CHECK(!have("[2001:db8::7]:1"));
	svc_proxies_fini(&proxies);
}

static void
each_network_lets_in_its_own(void)
{
	static const char *const from[] = { "unix", "192.0.2.0/25",
		"2001:db8::/33" };

	begin(from, 3);
	CHECK(have("192.0.2.127"));
	CHECK(!have("192.0.2.128"));
	CHECK(have("[2001:db8:7fff::1]:1"));
	CHECK(!have("[2001:db8:8000::1]:1"));
	CHECK(have("unix:/x"));
	svc_proxies_fini(&proxies);
}

static const struct {
	struct svc_endpoint listen[LISTEN_MAX];
	const char *from[FROM_MAX], *wrong, *words;
} mistakes[] = {
	{ { { "127.0.0.1:1", -1, true } }, { NULL }, "127.0.0.1:1",
	    "no proxy may come" },
	{ { { "127.0.0.1:1", -1, true } }, { "unix" }, "127.0.0.1:1",
	    "no proxy may come" },
	{ { { "unix:/x", -1, true } }, { "::1" }, "unix:/x",
	    "--proxy-from unix" },
	{ { { "unix:/x", -1, false } }, { NULL }, "unix:/x",
	    "--listen unix:/x,proxy" },
	{ { { "127.0.0.1:1", -1, false } }, { "::1" }, "::1",
	    "no address takes them" },
	{ { { "127.0.0.1:1", -1, true } }, { "::1", "unix" }, "unix",
	    "no Unix socket" },
	{ { { "127.0.0.1:1", -1, true } }, { "::1", "::1/129" }, "::1/129",
	    "is no network" },
	{ { { "127.0.0.1:1", -1, true } }, { "" }, "", "is no network" },
	{ { { "127.0.0.1:1", -1, true } }, { "10.0.0.0/ 8" }, "10.0.0.0/ 8",
	    "is no network" },
	{ { { "127.0.0.1:1", -1, true } }, { "10.0.0/8" }, "10.0.0/8",
	    "is no network" },
};

static void
what_does_not_fit_together_is_named(void)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		struct svc_config config = { .listen = mistakes[i].listen,
			.nlisten = 1,
			.proxy_from = mistakes[i].from };

		while (config.nproxy_from < FROM_MAX &&
		    mistakes[i].from[config.nproxy_from] != NULL)
			config.nproxy_from++;
		dw_buf_reset(&why);
		CHECK_INT(svc_proxies_init(&proxies, &config, &why),
		    DW_STATUS_CONFIG);
		CHECK_STR(proxies.wrong, mistakes[i].wrong);
		CHECK(strstr(dw_buf_str(&why), mistakes[i].words) != NULL);
		svc_proxies_fini(&proxies);
	}
	dw_buf_fini(&why);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_address_alone_lets_in_itself_and_no_other),
		T(a_network_lets_in_this_machine_too),
		T(each_network_lets_in_its_own),
		T(what_does_not_fit_together_is_named),
	};

	return t_main("proxies", cases, sizeof cases / sizeof cases[0]);
}
