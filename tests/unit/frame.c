/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the library's frames, cut anywhere. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "socketserver/socketserver.h"
#include "t.h"

static void
a_message_cut_anywhere_arrives_whole(void)
{
	static const char sent[] = "客户端已就绪\n";
	const size_t len = sizeof sent - 1;
	const char *line = NULL;

	for (size_t cut = 0; cut <= len; cut++) {
		struct sks_frame *f = sks_frame_new(64);

		CHECK_INT(sks_frame_feed(f, sent, cut), 0);
		CHECK_INT(sks_frame_feed(f, sent + cut, len - cut), 0);
		CHECK_INT(sks_frame_next(f, &line), len - 1);
		CHECK_STR(line, "客户端已就绪");
		sks_frame_free(f);
	}
}

static void
lines_fed_together_come_out_one_by_one(void)
{
	static const char sent[] = "one\r\n\ntwo\nrest";
	struct sks_frame *f = sks_frame_new(64);
	const char *line;

	CHECK_INT(sks_frame_feed(f, sent, sizeof sent - 1), 0);
	CHECK_INT(sks_frame_next(f, &line), 3);
	CHECK_STR(line, "one");
	CHECK_INT(sks_frame_next(f, &line), 0);
	CHECK_STR(line, "");
	CHECK_INT(sks_frame_next(f, &line), 3);
	CHECK_STR(line, "two");
	CHECK_INT(sks_frame_next(f, &line), SKS_EAGAIN);
	CHECK(line == NULL);
	CHECK_INT(sks_frame_pending(f), 4);
	CHECK_INT(sks_frame_rest(f, &line), 4);
	CHECK_STR(line, "rest");
	CHECK_INT(sks_frame_rest(f, &line), SKS_EAGAIN);
	sks_frame_free(f);
}

static void
a_nul_inside_a_line_is_kept(void)
{
	struct sks_frame *f = sks_frame_new(64);
	const char *line;

	CHECK_INT(sks_frame_feed(f, "a\0b\n", 4), 0);
	CHECK_INT(sks_frame_next(f, &line), 3);
	CHECK_MEM(line, 3, "a\0b", 3);
	sks_frame_free(f);
}

/* Feeds `len` times x, in pieces, and a CR or not, and LF. */
static void
feed_long(struct sks_frame *f, int len, int piece, const char *end)
{
	const char *line;

	for (int i = 0; i < len; i += piece) {
		CHECK_INT(sks_frame_feed(f, "xxxxxxxxxxxxxxxx",
			      (size_t)(len - i < piece ? len - i : piece)),
		    0);
		CHECK_INT(sks_frame_next(f, &line), SKS_EAGAIN);
	}
	CHECK_INT(sks_frame_feed(f, end, strlen(end)), 0);
}

static void
a_line_of_exactly_the_limit_fits_and_one_more_does_not(void)
{
	for (int piece = 1; piece <= 16; piece++) {
		struct sks_frame *f = sks_frame_new(16);
		const char *line;

		feed_long(f, 16, piece, "\n");
		CHECK_INT(sks_frame_next(f, &line), 16);
		feed_long(f, 16, piece, "\r\n");
		CHECK_INT(sks_frame_next(f, &line), 16);
		feed_long(f, 17, piece, "\nnext\n");
		CHECK_INT(sks_frame_next(f, &line), SKS_ETOOLONG);
		CHECK_INT(sks_frame_next(f, &line), 4);
		CHECK_STR(line, "next");
		feed_long(f, 1000, piece, "\nnext\n");
		CHECK_INT(sks_frame_next(f, &line), SKS_ETOOLONG);
		CHECK_INT(sks_frame_next(f, &line), 4);
		sks_frame_free(f);
	}
}

static void
the_cr_of_a_line_of_the_limit_may_come_before_its_lf(void)
{
	struct sks_frame *f = sks_frame_new(16);
	const char *line;

	CHECK_INT(sks_frame_feed(f, "0123456789abcdef\r", 17), 0);
	CHECK_INT(sks_frame_next(f, &line), SKS_EAGAIN);
	CHECK_INT(sks_frame_feed(f, "\n", 1), 0);
	CHECK_INT(sks_frame_next(f, &line), 16);
	CHECK_STR(line, "0123456789abcdef");
	sks_frame_free(f);
}

static void
a_line_without_end_uses_no_memory(void)
{
	struct sks_frame *f = sks_frame_new(16);
	const char *line;
	int i;

	for (i = 0; i < 100000; i++)
		if (sks_frame_feed(f, "xxxxxxxxxx", 10) < 0 ||
		    sks_frame_next(f, &line) != SKS_EAGAIN ||
		    sks_frame_pending(f) > 32)
			break;
	CHECK_INT(i, 100000);
	CHECK_INT(sks_frame_rest(f, &line), SKS_ETOOLONG);
	CHECK_INT(sks_frame_rest(f, &line), SKS_EAGAIN);
	sks_frame_free(f);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_message_cut_anywhere_arrives_whole),
		T(lines_fed_together_come_out_one_by_one),
		T(a_nul_inside_a_line_is_kept),
		T(a_line_of_exactly_the_limit_fits_and_one_more_does_not),
		T(the_cr_of_a_line_of_the_limit_may_come_before_its_lf),
		T(a_line_without_end_uses_no_memory),
	};

	return t_main("frame", cases, sizeof cases / sizeof cases[0]);
}
