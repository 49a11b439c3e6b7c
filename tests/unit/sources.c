/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests how fast hosts may send datagrams. */
#include "config.h"

#include <stdio.h>

#include "base/clock.h"
#include "service/sources.h"
#include "t.h"

static struct svc_sources sources;

static void
begin(size_t max, int64_t together)
{
	CHECK_INT(svc_sources_init(&sources, max, 2, 5, together, together, 0),
	    0);
}

/* How many of n datagrams that come at once are kept. */
static int
kept(const char *host, int n, int64_t now)
{
	struct sks_addr from;
	int all = 0;

	CHECK_INT(sks_addr_parse(host, 5000, &from), 0);
	for (int i = 0; i < n; i++)
		all += svc_sources_take(&sources, &from, now);
	return all;
}

static void
one_host_has_its_burst_and_then_its_rate(void)
{
	begin(16, 1000);
	CHECK_INT(kept("192.0.2.1", 100, 0), 5);
	CHECK_INT(kept("192.0.2.1", 100, DW_SECOND), 2);
	CHECK_INT(kept("192.0.2.1", 100, 100 * DW_SECOND), 5);
	svc_sources_fini(&sources);
}

static void
one_that_floods_takes_nothing_from_another(void)
{
	begin(16, 10);
	CHECK_INT(kept("192.0.2.1", 10000, 0), 5);
	CHECK_INT(kept("192.0.2.2", 10, 0), 5);
	svc_sources_fini(&sources);
}

static void
many_hosts_together_have_one_rate(void)
{
	char host[32];
	int all = 0;

	begin(16, 50);
	for (int i = 0; i < 20000; i++) {
		snprintf(host, sizeof host, "10.0.%d.%d", i / 256, i % 256);
		all += kept(host, 1, 0);
	}
	CHECK_INT(all, 50);
	CHECK_INT(sources.max, 16);
	svc_sources_fini(&sources);
}

static void
the_smallest_table_works(void)
{
	begin(0, 1000);
	CHECK_INT(kept("192.0.2.1", 10, 0), 5);
	CHECK_INT(kept("[2001:db8::1]", 10, 1), 5);
	CHECK_INT(kept("192.0.2.1", 10, 2), 0);
	svc_sources_fini(&sources);
}

/* Whoever has one address of IPv6 has its 2^64 neighbours as well. */
static void
the_first_half_of_an_ipv6_address_is_a_host(void)
{
	begin(64, 1000);
	CHECK_INT(kept("[2001:db8::1]", 10, 0), 5);
	CHECK_INT(kept("[2001:db8::2]", 10, 0), 0);
	CHECK_INT(kept("[2001:db8:0:1::1]", 10, 0), 5);
	CHECK_INT(kept("192.0.2.1", 10, 0), 5);
	CHECK_INT(kept("[::ffff:192.0.2.1]", 10, 0), 0);
	CHECK_INT(kept("[::ffff:192.0.2.2]", 10, 0), 5);
	svc_sources_fini(&sources);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(one_host_has_its_burst_and_then_its_rate),
		T(one_that_floods_takes_nothing_from_another),
		T(many_hosts_together_have_one_rate),
		T(the_smallest_table_works),
		T(the_first_half_of_an_ipv6_address_is_a_host),
	};

	return t_main("sources", cases, sizeof cases / sizeof cases[0]);
}
