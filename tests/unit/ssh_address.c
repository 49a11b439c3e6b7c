/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what an address of ssh may be. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "bin/ssh_address.h"
#include "t.h"

static void
an_address_is_taken_apart(void)
{
	static const struct {
		const char *text, *user, *host, *port;
	} rows[] = {
		{ "ssh://desk", "", "desk", "" },
		{ "ssh://desk/", "", "desk", "" },
		{ "ssh://lin@desk.example:2222", "lin", "desk.example",
		    "2222" },
		{ "ssh://a-b_c.d+e@192.0.2.1", "a-b_c.d+e", "192.0.2.1", "" },
		{ "ssh://[2001:db8::1]:22", "", "2001:db8::1", "22" },
		{ "ssh://lin@[fe80::1%eth0]", "lin", "fe80::1%eth0", "" },
		{ "ssh://desk:65535", "", "desk", "65535" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ssh_address a;
		const char *why;

		CHECK_INT(ssh_address_parse(&a, rows[i].text, &why), 0);
		CHECK_STR(a.user, rows[i].user);
		CHECK_STR(a.host, rows[i].host);
		CHECK_STR(a.port, rows[i].port);
	}
}

static void
what_could_be_an_option_or_a_command_is_refused(void)
{
	static const char *const texts[] = { "", "desk", "ssh:/desk",
		"SSH://desk", "ssh://", "ssh:///", "ssh://@desk", "ssh://lin@",
		"ssh://-oProxyCommand=id", "ssh://-l@desk", "ssh://lin@-desk",
		"ssh://[-x]", "ssh://[]", "ssh://[::1", "ssh://[::1]x",
		"ssh://::1", "ssh://de sk", "ssh://de\tsk", "ssh://de\nsk",
		"ssh://de\x7fsk", "ssh://\xc3\xa4sk", "ssh://$(id)",
		"ssh://`id`@desk", "ssh://a;b@desk", "ssh://a'b@desk",
		"ssh://a/b@desk", "ssh://a@b@c", "ssh://a:b@desk",
		"ssh://desk:", "ssh://desk:0", "ssh://desk:-1", "ssh://desk:x",
		"ssh://desk:65536", "ssh://desk:99999999", "ssh://desk:22/x",
		"ssh://desk/x", "ssh://desk?x" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct ssh_address a;
		const char *why = NULL;

		CHECK_INT(ssh_address_parse(&a, texts[i], &why), -EINVAL);
		CHECK(why != NULL && strlen(why) > 0);
	}
}

static void
a_name_that_is_too_long_is_refused_and_not_cut(void)
{
	char text[SSH_WORD_SIZE + 16] = "ssh://";
	struct ssh_address a;
	const char *why;

	memset(text + 6, 'a', SSH_WORD_SIZE - 1);
	CHECK_INT(ssh_address_parse(&a, text, &why), 0);
	text[6 + SSH_WORD_SIZE - 1] = 'a';
	CHECK_INT(ssh_address_parse(&a, text, &why), -EINVAL);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_address_is_taken_apart),
		T(what_could_be_an_option_or_a_command_is_refused),
		T(a_name_that_is_too_long_is_refused_and_not_cut),
	};

	return t_main("ssh_address", cases, sizeof cases / sizeof cases[0]);
}
