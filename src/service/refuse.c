/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is no customer is shown to the operators who ask, and where it ends it is
 * refused in the protocol that it speaks, so that its own user is told.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "service/customer.h"

/* RFC 8446, section 6: an alert record that says fatal, protocol_version. */
#define TLS_ALERT "\x15\x03\x01\x00\x02\x02\x46"

#define TEXT_MAX 80 /* bytes of what a visitor said that are shown */

void
svc_visited(struct svc_customer *cu, const char *what, const char *bytes,
    size_t len)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	const char *why = cu->why;

	if (cu->visited)
		return;
	cu->visited = true;
	cu->why = what;
	if (wire_opening_text(&text, bytes, len, TEXT_MAX) == 0)
		svc_request(cu, DESK_RQ_STRANGER, dw_buf_str(&text), text.len,
		    0);
	cu->why = why;
	dw_buf_fini(&text);
}

static const char *
not_http(void)
{
	return _("This is a support desk and speaks plain lines of text, not "
		 "HTTP. Try: nc HOST PORT");
}

/* An answer to HEAD has no body, and the length that it would have. */
static void
add_http(struct dw_buf *out, const char *first, size_t len)
{
	const char *sentence = not_http();
	bool head = len >= 4 && memcmp(first, "HEAD", 4) == 0;

	dw_buf_addf(out,
	    "HTTP/1.1 400 Bad Request\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n"
	    "Connection: close\r\n\r\n",
	    strlen(sentence) + 1);
	if (!head) {
		dw_buf_adds(out, sentence);
		dw_buf_addc(out, '\n');
	}
}

/* The start of a handshake or of a row and no more; or nothing at all, for which
 * there are no words. */
static void
add_unfinished(struct dw_buf *out, const char *first, size_t len)
{
	const char *sentence = wire_opening_is_cut_hello(first, len) ?
	    _("The handshake took too long.") :
	    _("That took too long. Goodbye.");

	if (len > 0 &&
	    wire_line_encode(out, NULL, sentence, strlen(sentence), true) < 0)
		dw_buf_reset(out);
}

void
svc_read_on(struct svc *svc, struct sks_socket *s)
{
	struct svc_settings *settings = svc_settings_take(svc);
	int64_t until = dw_clock_ns() + settings->limits.linger * DW_SECOND;
	char buf[512];

	svc_settings_drop(settings);
	while (sks_recv_deadline(s, buf, sizeof buf, until) > 0)
		;
}

static const char *
not_utf16(void)
{
	return _(
	    "This desk reads UTF-8, not UTF-16. Please set your program to "
	    "UTF-8 and try again.\n");
}

/* Without memory for it nothing is said. */
static void
add_utf16(struct dw_buf *out, bool big)
{
	const char *sentence = not_utf16();

	if (dw_charset_utf16(out, big, sentence, strlen(sentence)) < 0)
		dw_buf_reset(out);
}

/* What is said in its own protocol; nothing to most. */
static void
add_refusal(struct dw_buf *out, enum wire_opening opening, const char *first,
    size_t len)
{
	if (opening == WIRE_OPEN_HTTP)
		add_http(out, first, len);
	else if (opening == WIRE_OPEN_TLS)
		dw_buf_add(out, TLS_ALERT, sizeof TLS_ALERT - 1);
	else if (opening == WIRE_OPEN_UTF16LE || opening == WIRE_OPEN_UTF16BE)
		add_utf16(out, opening == WIRE_OPEN_UTF16BE);
	else if (opening == WIRE_OPEN_MORE)
		add_unfinished(out, first, len);
}

static const char *
last_words(enum wire_opening opening)
{
	if (opening == WIRE_OPEN_HTTP)
		return not_http();
	if (opening == WIRE_OPEN_UTF16LE || opening == WIRE_OPEN_UTF16BE)
		return not_utf16();
	if (opening == WIRE_OPEN_MORE)
		return _("That took too long. Goodbye.");
	return "";
}

/* It has been greeted, so the desk says the rest, too; the worker goes on when
 * that is said. */
static void
refuse_greeted(struct svc_customer *cu, enum wire_opening opening)
{
	svc_give_up(cu,
	    opening == WIRE_OPEN_MORE ? EV_WHY_TIMEOUT : EV_WHY_REFUSED,
	    last_words(opening));
	svc_settle(cu);
}

static void
refuse_unknown(struct svc_customer *cu, enum wire_opening opening,
    const char *first, size_t len)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	/* Who has said nothing was refused for that, or has gone by itself. */
	if (opening != WIRE_OPEN_MORE)
		svc_refused(cu->svc, SVC_REFUSED_PROTOCOL,
		    cu->base.client_address);
	cu->why = EV_WHY_REFUSED;
	add_refusal(&out, opening, first, len);
	if (!out.failed && out.len > 0 &&
	    sks_outbox_put(cu->outbox, out.data, out.len, NULL) < 0)
		cu->why = EV_WHY_RESET;
	sks_outbox_end(cu->outbox);
	dw_buf_fini(&out);
}

void
svc_refuse(struct svc_customer *cu, enum wire_opening opening)
{
	if (cu->opened)
		refuse_greeted(cu, opening);
	else
		refuse_unknown(cu, opening, cu->input.bytes, cu->input.len);
	svc_read_on(cu->svc, cu->base.request);
}
