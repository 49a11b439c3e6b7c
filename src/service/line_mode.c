/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nc, telnet and our own client: rows of text. */
#include "config.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "service/customer.h"
#include "wire/opening.h"

#define TOO_LONG_MAX 3  /* lines, then it is no customer */
#define DISCARD_MAX  16 /* times the longest line */

static void
tell_too_long(struct svc_customer *cu)
{
	char sentence[200];

	snprintf(sentence, sizeof sentence,
	    _("That line is too long and was not read: a line has %lld bytes "
	      "at most, with its end."),
	    (long long)svc_limits_of(cu)->max_line);
	svc_tell(cu, sentence);
}

static void
line_too_long(struct svc_customer *cu)
{
	if (++cu->too_long >= TOO_LONG_MAX)
		svc_give_up(cu, EV_WHY_TOO_LONG,
		    _("These lines are too long. "
		      "Goodbye."));
	else
		tell_too_long(cu);
}

/* Refuses what telnet asks for; from then on it gets telnet's line ends. */
static void
line_telnet(struct svc_customer *cu)
{
	const char *bytes;
	size_t len = wire_line_answer(&cu->line, &bytes);

	if (wire_line_telnet(&cu->line))
		atomic_store(&cu->telnet, true);
	if (len > 0)
		svc_request(cu, DESK_RQ_ANSWER, bytes, len, 0);
}

/* Of one who has said nothing before, it may be no text. */
static void
line_cut_short(struct svc_customer *cu, const char *text, size_t len)
{
	const char *what;

	if (!cu->spoke &&
	    wire_opening(text, len, true, &what) == WIRE_OPEN_VISITOR)
		svc_visited(cu, what, text, len);
	else
		svc_say(cu, text, len, EV_FLAG_CUT_SHORT);
}

/* Returns whether a row has ended. */
static bool
line_messages(struct svc_customer *cu)
{
	enum wire_line_kind kind;
	bool ended = false;
	const char *text;
	size_t len;

	while ((kind = wire_line_next(&cu->line, &text, &len)) !=
	    WIRE_LINE_NONE) {
		ended = true;
		line_telnet(cu);
		if (kind == WIRE_LINE_TEXT)
			svc_say(cu, text, len, 0);
		else if (kind == WIRE_LINE_CUT_SHORT)
			line_cut_short(cu, text, len);
		else
			line_too_long(cu);
	}
	line_telnet(cu);
	return ended;
}

static bool
in_line(const struct svc_customer *cu)
{
	return cu->line.row.len > 0 || cu->line.cr;
}

/* When the customer must have sent something; began: the line's first byte. */
static int64_t
line_deadline(const struct svc_customer *cu, int64_t accepted, int64_t began)
{
	const struct svc_limits *l = svc_limits_of(cu);

	if (in_line(cu))
		return began + l->line_timeout * DW_SECOND;
	if (cu->spoke)
		return svc_idle_ns(cu);
	return svc_first_line_ns(cu, accepted);
}

static void
line_timeout(struct svc_customer *cu)
{
	if (cu->spoke && !in_line(cu))
		svc_idle(cu);
	else
		svc_give_up(cu, EV_WHY_TIMEOUT,
		    _("That took too long. Goodbye."));
}

/* What has come, and whether a new line has begun in it. */
static bool
line_bytes(struct svc_customer *cu, const char *buf, size_t len)
{
	bool inside = in_line(cu), ended;

	wire_line_feed(&cu->line, buf, len);
	ended = line_messages(cu);
	if (wire_line_discarded(&cu->line) >
	    DISCARD_MAX * (size_t)svc_limits_of(cu)->max_line)
		svc_give_up(cu, EV_WHY_TOO_LONG,
		    _("That line has no end. "
		      "Goodbye."));
	return in_line(cu) && (!inside || ended);
}

/* A classic client that said something of telnet's first. */
static bool
is_late_classic(const struct svc_customer *cu)
{
	const char *what;

	return !cu->spoke &&
	    wire_opening(dw_buf_str(&cu->line.row), cu->line.row.len, false,
		&what) == WIRE_OPEN_CLASSIC;
}

/* Returns what ended it: 0 for end of file, 1 for a classic client. */
static ssize_t
line_read(struct svc_customer *cu, char *buf, size_t len, int64_t accepted)
{
	int64_t began = accepted, until;
	ssize_t n = (ssize_t)len;

	for (;;) {
		if (n > 0 && line_bytes(cu, buf, (size_t)n))
			began = dw_clock_ns();
		if (is_late_classic(cu))
			return 1;
		until = line_deadline(cu, accepted, began);
		n = svc_recv(cu, buf, until);
		if (n == SKS_ETIMEDOUT) {
			line_timeout(cu);
			n = svc_recv(cu, buf, svc_idle_ns(cu));
		}
		if (n <= 0 && n != SKS_ETIMEDOUT)
			return n;
	}
}

void
svc_line(struct svc_customer *cu, char *buf, size_t len, int64_t accepted)
{
	ssize_t n;

	cu->is_line = true;
	wire_line_init(&cu->line, (size_t)svc_limits_of(cu)->max_line);
	if (!cu->opened)
		svc_opened(cu, EV_MODE_LINE);
	n = line_read(cu, buf, len, accepted);
	if (n == 1) {
		svc_classic(cu, cu->line.row.data, cu->line.row.len, buf);
		return;
	}
	wire_line_eof(&cu->line);
	line_messages(cu);
	svc_said_all(cu);
	if (!cu->spoke && len > 0)
		svc_visited(cu, N_("nothing readable"), "", 0);
	if (n == 0)
		svc_await_end(cu);
	else
		cu->why = EV_WHY_RESET;
}
