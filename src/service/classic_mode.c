/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tutorial's client: a hello, then what one recv returns is a message. */
#include "config.h"

#include "base/clock.h"
#include "base/quit.h"
#include "service/customer.h"

/* Telnet's data mark, sent as urgent data before it, makes no text of a quit. */
static bool
is_marked_quit(const char *text, size_t len)
{
	return len > 1 && text[0] == '\xf2' && dw_is_quit(text + 1, len - 1);
}

static void
classic_messages(struct svc_customer *cu)
{
	enum wire_classic_kind kind;
	const char *text;
	size_t len;

	while (!cu->over &&
	    (kind = wire_classic_next(&cu->classic, &text, &len)) !=
		WIRE_CLASSIC_NONE) {
		if (kind == WIRE_CLASSIC_TEXT) {
			size_t mark = is_marked_quit(text, len) ? 1 : 0;

			svc_say(cu, text + mark, len - mark, 0);
		} else if (kind == WIRE_CLASSIC_HELLO) {
			cu->over = !svc_opened(cu, EV_MODE_CLASSIC,
			    atomic_load(&cu->charset));
		} else { /* there is no memory for its hello */
			cu->over = true;
			svc_no_memory(cu);
		}
	}
}

/* Told why and reset: an end before our hello would keep it reading. */
static void
reset_classic(struct svc_customer *cu)
{
	struct dw_buf *why = &svc_said_last(cu)->text;

	cu->why = EV_WHY_REFUSED;
	if (why->len > 0 &&
	    sks_outbox_put(cu->outbox, why->data, why->len, NULL) < 0)
		cu->why = EV_WHY_RESET;
	sks_outbox_close(cu->outbox);
	sks_reset(cu->base.request);
}

void
svc_classic(struct svc_customer *cu, const char *first, size_t len,
    const struct dw_charset *cs)
{
	ssize_t n = (ssize_t)len;

	cu->is_classic = true;
	atomic_store(&cu->charset, cs);
	wire_classic_init(&cu->classic,
	    cs == NULL ? EV_CLIENT_HELLO : EV_CLIENT_HELLO_GBK);
	while (!cu->over && (n > 0 || n == SKS_ETIMEDOUT)) {
		bool partial;

		wire_classic_charset(&cu->classic, atomic_load(&cu->charset));
		if (n > 0)
			wire_classic_feed(&cu->classic, first, (size_t)n);
		else if (wire_classic_partial(&cu->classic))
			wire_classic_flush(&cu->classic);
		else
			svc_idle(cu);
		classic_messages(cu);
		if (cu->over)
			break;
		partial = wire_classic_partial(&cu->classic);
		n = svc_recv(cu,
		    partial ? dw_clock_ns() +
			    svc_limits_of(cu)->line_timeout * DW_SECOND :
			      svc_idle_ns(cu));
		first = cu->input.bytes;
	}
	if (cu->refused)
		reset_classic(cu);
	if (cu->over)
		return;
	wire_classic_flush(&cu->classic);
	classic_messages(cu);
	svc_said_all(cu);
	if (n == 0)
		svc_await_end(cu);
	else
		cu->why = EV_WHY_RESET;
}
