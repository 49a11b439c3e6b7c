/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The search for the texts that end a message. */
#include "config.h"

#include <string.h>

#include "socketserver/stream/internal.h"
#include "tests/t.h"

static const char *const texts[] = { "\r\n.\r\n", "quit", "\n.\r" };
static const char sent[] = "to be qui\r\n.\nquid \r\n.\r\nquit";

static struct sks_scan
scan_for(size_t n)
{
	return (struct sks_scan){ texts, n, 5, 0 };
}

static void
a_text_is_found_however_its_bytes_come(void)
{
	for (size_t step = 1; step < sizeof sent; step++) {
		struct sks_scan scan = scan_for(2);
		struct sks_match m = { 0, 0 };

		for (size_t len = 0; m.end == 0 && len < 23; len += step)
			m = sks_scan_next(&scan, sent, len);
		if (m.end == 0)
			m = sks_scan_next(&scan, sent, 23);
		CHECK_INT(m.end, 23);
		CHECK_INT(m.which, 0);
	}
}

static void
the_text_that_ends_first_wins(void)
{
	struct sks_scan scan = scan_for(3);
	struct sks_match m = sks_scan_next(&scan, sent, sizeof sent - 1);

	CHECK_INT(m.which, 2);
	CHECK_INT(m.end, 22);
}

static void
of_two_that_end_together_the_first_in_the_list_wins(void)
{
	static const char *const both[] = { "there", "re" };
	struct sks_scan scan = { both, 2, 5, 0 };
	struct sks_match m = sks_scan_next(&scan, "hello there", 11);

	CHECK_INT(m.which, 0);
	CHECK_INT(m.end, 11);
}

/* The bytes before `scanned` are overwritten: nobody may look there again. */
static void
no_byte_is_looked_at_again_but_the_beginning_of_a_text(void)
{
	struct sks_scan scan = SKS_SCAN_LF;
	char line[1000];

	memset(line, 'x', sizeof line);
	for (size_t len = 1; len < sizeof line; len++) {
		CHECK_INT(sks_scan_next(&scan, line, len).end, 0);
		if (!CHECK_INT(scan.scanned, len))
			break;
		line[len - 1] = '\n';
	}
	line[sizeof line - 1] = '\n';
	CHECK_INT(sks_scan_next(&scan, line, sizeof line).end, sizeof line);
}

static void
nothing_is_found_in_nothing(void)
{
	struct sks_scan scan = scan_for(2);

	CHECK_INT(sks_scan_next(&scan, "", 0).end, 0);
	CHECK_INT(scan.scanned, 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_text_is_found_however_its_bytes_come),
		T(the_text_that_ends_first_wins),
		T(of_two_that_end_together_the_first_in_the_list_wins),
		T(no_byte_is_looked_at_again_but_the_beginning_of_a_text),
		T(nothing_is_found_in_nothing),
	};

	return t_main("scan", cases, sizeof cases / sizeof cases[0]);
}
