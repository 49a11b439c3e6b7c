/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what a worker reads into. */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "service/input.h"
#include "tests/t.h"

static struct sks_socket *ours, *theirs;
static char first[SVC_INPUT_FIRST];
static struct svc_input in;

static int
begin(void)
{
	return sks_socketpair(&ours, &theirs);
}

static void
write_bytes(size_t len)
{
	static char bytes[2 * SVC_INPUT_MAX];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)('a' + i % 26);
	CHECK_INT(sks_sendall(theirs, bytes, len, NULL), 0);
}

static bool
has_bytes(size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (in.bytes[i] != (char)('a' + i % 26))
			return false;
	return in.len == len;
}

static void
what_is_short_needs_no_memory(void)
{
	svc_input_init(&in, ours, first);
	write_bytes(SVC_INPUT_FIRST - 1);
	CHECK_INT(svc_input_recv(&in, DW_NEVER), SVC_INPUT_FIRST - 1);
	CHECK(has_bytes(SVC_INPUT_FIRST - 1));
	CHECK(in.bytes == first);
	CHECK(!svc_input_is_full(&in));
	svc_input_fini(&in);
}

static void
one_read_takes_all_that_has_come(void)
{
	svc_input_init(&in, ours, first);
	write_bytes(5000);
	CHECK_INT(svc_input_recv(&in, DW_NEVER), 5000);
	CHECK(has_bytes(5000));
	svc_input_reset(&in);
	CHECK(in.more == NULL);
	CHECK_INT(in.len, 0);
	svc_input_fini(&in);
}

static void
a_read_that_just_fills_it_does_not_wait_for_more(void)
{
	svc_input_init(&in, ours, first);
	write_bytes(SVC_INPUT_FIRST);
	CHECK_INT(svc_input_recv(&in, DW_NEVER), SVC_INPUT_FIRST);
	CHECK(has_bytes(SVC_INPUT_FIRST));
	CHECK(!svc_input_is_full(&in));
	svc_input_fini(&in);
}

static void
it_takes_so_much_and_no_more(void)
{
	svc_input_init(&in, ours, first);
	write_bytes(SVC_INPUT_MAX + 1);
	while (!svc_input_is_full(&in))
		CHECK(svc_input_recv(&in, DW_NEVER) > 0);
	CHECK(has_bytes(SVC_INPUT_MAX));
	svc_input_reset(&in);
	CHECK_INT(svc_input_recv(&in, DW_NEVER), 1);
	svc_input_fini(&in);
}

static void
dropped_bytes_make_room_for_others(void)
{
	svc_input_init(&in, ours, first);
	write_bytes(30);
	CHECK_INT(svc_input_recv(&in, DW_NEVER), 30);
	svc_input_drop(&in, 26);
	CHECK_INT(in.len, 4);
	CHECK_MEM(in.bytes, in.len, "abcd", 4);
	svc_input_fini(&in);
}

/* The last one: it ends the peer. */
static void
an_end_is_told_by_the_read_behind_the_bytes(void)
{
	svc_input_init(&in, ours, first);
	write_bytes(SVC_INPUT_FIRST);
	sks_socket_free(theirs);
	CHECK_INT(svc_input_recv(&in, DW_NEVER), SVC_INPUT_FIRST);
	CHECK_INT(svc_input_recv(&in, DW_NEVER), 0);
	svc_input_fini(&in);
	sks_socket_free(ours);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(what_is_short_needs_no_memory),
		T(one_read_takes_all_that_has_come),
		T(a_read_that_just_fills_it_does_not_wait_for_more),
		T(it_takes_so_much_and_no_more),
		T(dropped_bytes_make_room_for_others),
		T(an_end_is_told_by_the_read_behind_the_bytes),
	};

	return t_main_setup("input", begin, cases,
	    sizeof cases / sizeof cases[0]);
}
