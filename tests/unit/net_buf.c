/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The growable buffer that streams, frames and outboxes share. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "socketserver/net/buf.h"
#include "socketserver/socketserver.h"
#include "tests/t.h"

static void
bytes_come_off_the_front_as_they_were_added(void)
{
	struct sks_buf b = { NULL, 0, 0, 0 };
	unsigned char out[3], next = 0;

	for (int i = 0; i < 3000; i++) {
		unsigned char c = (unsigned char)i;

		CHECK_INT(sks_buf_add(&b, &c, 1), 0);
		if (i % 4 != 3)
			continue;
		sks_buf_take(&b, out, sizeof out);
		for (size_t k = 0; k < sizeof out; k++)
			if (!CHECK_INT(out[k], next++))
				goto out;
	}
	CHECK_INT(sks_buf_len(&b), 750);
	CHECK_INT((unsigned char)sks_buf_head(&b)[0], next);
out:
	sks_buf_free(&b);
}

static void
an_empty_buffer_has_a_head_and_no_memory(void)
{
	struct sks_buf b = { NULL, 0, 0, 0 };

	CHECK_INT(sks_buf_len(&b), 0);
	CHECK_STR(sks_buf_head(&b), "");
	sks_buf_take(&b, NULL, 0);
	CHECK(b.data == NULL);
	CHECK_INT(sks_buf_add(&b, "x", 1), 0);
	sks_buf_free(&b);
	CHECK(b.data == NULL);
	CHECK_STR(sks_buf_head(&b), "");
}

static void
an_impossible_length_is_refused_before_it_wraps(void)
{
	struct sks_buf b = { NULL, 0, 0, 0 };

	CHECK_INT(sks_buf_add(&b, "x", 1), 0);
	CHECK_INT(sks_buf_reserve(&b, SIZE_MAX), SKS_ENOMEM);
	CHECK_INT(sks_buf_reserve(&b, SIZE_MAX - 1), SKS_ENOMEM);
	CHECK_INT(sks_buf_reserve(&b, SIZE_MAX / 2), SKS_ENOMEM);
	CHECK_INT(sks_buf_len(&b), 1);
	CHECK_INT(sks_buf_head(&b)[0], 'x');
	sks_buf_free(&b);
}

static void
what_was_taken_gives_its_memory_to_what_is_added(void)
{
	struct sks_buf b = { NULL, 0, 0, 0 };
	char piece[48] = { 0 };
	size_t cap;

	CHECK_INT(sks_buf_add(&b, piece, sizeof piece), 0);
	cap = b.cap;
	for (int i = 0; i < 1000; i++) {
		sks_buf_take(&b, NULL, 40);
		CHECK_INT(sks_buf_add(&b, piece, 40), 0);
	}
	CHECK_INT(b.cap, cap);
	CHECK_INT(sks_buf_len(&b), sizeof piece);
	sks_buf_free(&b);
}

static void
taking_moves_nothing(void)
{
	struct sks_buf b = { NULL, 0, 0, 0 };
	const char *head;

	CHECK_INT(sks_buf_add(&b, "hello there", 12), 0);
	head = sks_buf_head(&b);
	sks_buf_take(&b, NULL, 6);
	CHECK_STR(head, "hello there");
	CHECK(sks_buf_head(&b) == head + 6);
	sks_buf_take(&b, NULL, 6);
	CHECK_STR(head, "hello there");
	sks_buf_free(&b);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(bytes_come_off_the_front_as_they_were_added),
		T(an_empty_buffer_has_a_head_and_no_memory),
		T(an_impossible_length_is_refused_before_it_wraps),
		T(what_was_taken_gives_its_memory_to_what_is_added),
		T(taking_moves_nothing),
	};

	return t_main("net_buf", cases, sizeof cases / sizeof cases[0]);
}
