/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is no customer is refused in the protocol that it speaks, so that its
 * own user is told; the operators hear how many there were.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "service/customer.h"

/* RFC 8446, section 6: an alert record that says fatal, protocol_version. */
#define TLS_ALERT "\x15\x03\x01\x00\x02\x02\x46"

void
svc_count_refused(struct svc *svc, enum svc_stranger kind)
{
	if (atomic_fetch_add(&svc->refused[kind], 1) == 0)
		svc_post_again(&svc->inbox, &svc->refusal);
}

void
svc_tell_refused(struct svc *svc)
{
	unsigned long n[SVC_STRANGERS];
	char text[160];

	for (int i = 0; i < SVC_STRANGERS; i++)
		n[i] = (unsigned long)atomic_exchange(&svc->refused[i], 0);
	snprintf(text, sizeof text,
	    _("connections refused because they are no customers: %lu HTTP, "
	      "%lu TLS"),
	    n[SVC_HTTP], n[SVC_TLS]);
	svc_notice(svc, EV_CODE_LIMIT, text);
}

/* An answer to HEAD has no body, and the length that it would have. */
static void
add_http(struct dw_buf *out, const char *first, size_t len)
{
	const char *sentence = _("This is a support desk and speaks plain "
				 "lines of text, not HTTP. Try: nc HOST PORT");
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

/* The start of a handshake and no more; or nothing at all, for which there
 * are no words. */
static void
add_unfinished(struct dw_buf *out, size_t len)
{
	const char *sentence = _("The handshake took too long.");

	if (len > 0 &&
	    wire_line_encode(out, NULL, sentence, strlen(sentence), true) < 0)
		dw_buf_reset(out);
}

void
svc_read_on(const struct svc *svc, struct sks_socket *s)
{
	int64_t until = dw_clock_ns() + svc->config->limits.linger * DW_SECOND;
	char buf[512];

	while (sks_recv_deadline(s, buf, sizeof buf, until) > 0)
		;
}

void
svc_refuse(struct svc_customer *cu, enum wire_opening opening,
    const char *first, size_t len)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	cu->why = EV_WHY_REFUSED;
	if (opening == WIRE_OPEN_HTTP) {
		svc_count_refused(cu->svc, SVC_HTTP);
		add_http(&out, first, len);
	} else if (opening == WIRE_OPEN_TLS) {
		svc_count_refused(cu->svc, SVC_TLS);
		dw_buf_add(&out, TLS_ALERT, sizeof TLS_ALERT - 1);
	} else {
		add_unfinished(&out, len);
	}
	if (!out.failed && out.len > 0 &&
	    sks_outbox_put(cu->outbox, out.data, out.len, NULL) < 0)
		cu->why = EV_WHY_RESET;
	sks_outbox_end(cu->outbox);
	dw_buf_fini(&out);
	svc_read_on(cu->svc, cu->base.request);
}
