/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nc, telnet and our own client: rows of text. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "event/receipt.h"
#include "service/customer.h"
#include "wire/opening.h"

#define TOO_LONG_MAX 3  /* lines, then it is no customer */
#define DISCARD_MAX  16 /* times the longest line */

/* After it a CR was the whole end of a telnet row. */
#define LONE_CR_NS (300 * DW_MS)

static void
tell_too_long(struct svc_customer *cu)
{
	char sentence[200];

	snprintf(sentence, sizeof sentence,
	    _("That line is too long and was not read: a line has %lld bytes "
	      "at most, with its end."),
	    (long long)svc_limits_of(cu)->max_line);
	svc_unread(cu, sentence);
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

/* Answers what telnet asks; from its first command on the customer gets
 * telnet's line ends. */
static void
line_telnet(struct svc_customer *cu)
{
	const char *bytes;
	size_t len = wire_line_answer(&cu->line, &bytes);

	if (wire_line_telnet(&cu->line))
		atomic_store(&cu->telnet, true);
	if (len > 0)
		svc_request(cu, DESK_RQ_ANSWER, bytes, len, 0);
	if (wire_line_asked(&cu->line))
		svc_tell_at_rate(cu, _("Yes, the desk is here."));
}

/* In the encoding of this customer, or in the one that the desk expects, 0xff
 * may be a letter.  Our own client writes that twice, as telnet does. */
static void
line_charset(struct svc_customer *cu)
{
	const struct dw_charset *cs = atomic_load(&cu->charset);

	wire_line_charset(&cu->line, cs);
	if (cs == NULL && !cu->began_telnet)
		cs = cu->svc->config->charset;
	wire_line_plain(&cu->line,
	    cs != NULL && cs->has_ff && !cu->wants_receipts);
}

static bool
is_charset_command(const char *text, size_t len)
{
	const char *space = memchr(text, ' ', len);

	return dw_text_is_word(text,
	    space != NULL ? (size_t)(space - text) : len, "/charset");
}

/* What stands behind the command is in the new encoding already. */
static void
line_text(struct svc_customer *cu, const char *text, size_t len)
{
	bool charset = is_charset_command(text, len);

	svc_say(cu, text, len, 0);
	if (charset) {
		svc_settle(cu);
		line_charset(cu);
	}
}

/* A whole row.  Only the first request for receipts is one: a second one is a
 * command that nobody knows. */
static void
line_row(struct svc_customer *cu, const char *text, size_t len)
{
	if (cu->wants_receipts || !ev_asks_for_receipts(text, len)) {
		line_text(cu, text, len);
		return;
	}
	cu->wants_receipts = true;
	line_charset(cu);
	svc_request(cu, DESK_RQ_RECEIPTS, "", 0, 0);
}

/* Of one who has said nothing before, it may be no text. */
static void
line_cut_short(struct svc_customer *cu, const char *text, size_t len)
{
	const char *what;

	if (!cu->spoke && !cu->wants_receipts &&
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
			line_row(cu, text, len);
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

	line_charset(cu);
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
is_late_classic(struct svc_customer *cu, enum wire_opening *opening)
{
	struct dw_buf *row = &cu->line.row;
	const char *what;
	bool more;

	if (cu->spoke || cu->wants_receipts)
		return false;
	dw_buf_drop(row, wire_opening_lead(dw_buf_str(row), row->len, &more));
	*opening = wire_opening(dw_buf_str(row), row->len, false, &what);
	return *opening == WIRE_OPEN_CLASSIC ||
	    *opening == WIRE_OPEN_CLASSIC_GBK;
}

/* The next bytes; a CR that nothing follows has ended its row. */
static ssize_t
line_recv(struct svc_customer *cu, int64_t accepted, int64_t began)
{
	ssize_t n = SKS_ETIMEDOUT;

	if (wire_line_cr_waits(&cu->line)) {
		n = svc_recv(cu, dw_clock_ns() + LONE_CR_NS);
		if (n != SKS_ETIMEDOUT)
			return n;
		wire_line_pause(&cu->line);
		line_messages(cu);
	}
	return svc_recv(cu, line_deadline(cu, accepted, began));
}

/* Returns what ended it: 0 for end of file, 1 for a classic client with this
 * opening. */
static ssize_t
line_read(struct svc_customer *cu, int64_t accepted, enum wire_opening *opening)
{
	int64_t began = accepted;
	const struct svc_input *in = &cu->input;
	ssize_t n;

	for (;;) {
		if (in->len > 0 && line_bytes(cu, in->bytes, in->len))
			began = dw_clock_ns();
		if (is_late_classic(cu, opening))
			return 1;
		n = line_recv(cu, accepted, began);
		if (n == SKS_ETIMEDOUT) {
			line_timeout(cu);
			n = svc_recv(cu, svc_idle_ns(cu));
		}
		if (n <= 0 && n != SKS_ETIMEDOUT)
			return n;
	}
}

/* Its row so far is the beginning of what it said. */
static void
late_classic(struct svc_customer *cu, const struct dw_charset *cs)
{
	struct dw_buf row = cu->line.row;

	cu->line.row = (struct dw_buf)DW_BUF_INITIALIZER;
	wire_line_fini(&cu->line);
	cu->is_line = false;
	svc_classic(cu, row.data, row.len, cs);
	dw_buf_fini(&row);
}

void
svc_line(struct svc_customer *cu, int64_t accepted)
{
	enum wire_opening opening = WIRE_OPEN_LINE;
	size_t len = cu->input.len;
	ssize_t n;

	cu->is_line = true;
	cu->began_telnet = wire_line_begins_telnet(cu->input.bytes, len);
	wire_line_init(&cu->line, (size_t)svc_limits_of(cu)->max_line);
	cu->line.keys = cu->keys;
	if (!cu->opened)
		svc_opened(cu, EV_MODE_LINE, NULL);
	n = line_read(cu, accepted, &opening);
	if (n == 1) {
		late_classic(cu, wire_opening_charset(opening));
		return;
	}
	wire_line_eof(&cu->line);
	line_messages(cu);
	svc_said_all(cu);
	if (!cu->spoke && !cu->wants_receipts && len > 0)
		svc_visited(cu, N_("nothing readable"), "", 0);
	if (n == 0)
		svc_await_end(cu);
	else
		cu->why = EV_WHY_RESET;
}
