/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How each kind of event looks on the screen.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "console/rows.h"

static const struct {
	const char *sign, *words;
} marks[] = {
	[CON_MARK_ASKED] = { " …", NULL },
	[CON_MARK_STORED] = { " ·", NULL },
	[CON_MARK_HELD] = { " ·", N_(" (held until they write)") },
	[CON_MARK_SENT] = { " ✓", NULL },
	[CON_MARK_DOUBT] = { "", N_(" (perhaps not delivered)") },
	[CON_MARK_FAILED] = { "", N_(" (not sent)") },
};

/* SGR before the tag; the text is never coloured. */
static const char *const colours[] = {
	[CON_STYLE_OURS] = "\033[2m",
	[CON_STYLE_CUSTOMER] = "\033[36m",
	[CON_STYLE_SELECTED] = "\033[1;36m",
	[CON_STYLE_OPERATOR] = "\033[32m",
	[CON_STYLE_DATAGRAM] = "\033[36m",
	[CON_STYLE_UDP_REPLY] = "\033[32m",
	[CON_STYLE_INTERNAL] = "\033[35m",
};

void
con_age(int64_t ms, char out[CON_SPAN_MAX])
{
	unsigned long s = ms < 0 ? 0 : (unsigned long)(ms / 1000);

	if (s < 60)
		snprintf(out, CON_SPAN_MAX, _("%lu s"), s);
	else if (s < 3600)
		snprintf(out, CON_SPAN_MAX, _("%lu min"), s / 60);
	else if (s < 48 * 3600)
		snprintf(out, CON_SPAN_MAX, _("%lu h %02lu min"), s / 3600,
		    s / 60 % 60);
	else
		snprintf(out, CON_SPAN_MAX, _("%lu days"), s / 86400);
}

void
con_row_fini(struct con_row *row)
{
	free(row->tag);
	free(row->text);
	row->tag = row->text = NULL;
}

/* Takes both buffers' bytes. */
static int
finish(struct con_row *row, struct dw_buf *tag, struct dw_buf *text,
    enum con_style style)
{
	bool failed = tag->failed || text->failed;

	row->style = style;
	row->tag = failed ? NULL : dw_buf_take(tag);
	row->text = failed ? NULL : dw_buf_take(text);
	dw_buf_fini(tag);
	dw_buf_fini(text);
	if (row->tag != NULL && row->text != NULL)
		return 1;
	con_row_fini(row);
	return -ENOMEM;
}

static int
add_printable(struct dw_buf *out, const char *text, size_t len)
{
	size_t n = dw_text_cut(text, len, CON_BODY_MAX);
	int r = dw_text_printable(out, text, n, DW_TEXT_ROWS | DW_TEXT_QUOTE);

	return r == 0 && n < len ? dw_buf_adds(out, " …") : r;
}

int
con_row_ours(struct con_row *row, const char *format, ...)
{
	struct dw_buf tag = DW_BUF_INITIALIZER, text = DW_BUF_INITIALIZER;
	char *raw = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&raw, format, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	dw_buf_adds(&tag, "* ");
	add_printable(&text, raw, (size_t)n);
	free(raw);
	n = finish(row, &tag, &text, CON_STYLE_OURS);
	return n < 0 ? n : 0;
}

/* The time before the tag, or behind the text. */
static void
add_time(struct dw_buf *tag, struct dw_buf *text, const struct ev_event *ev,
    bool speak)
{
	char hms[DW_CLOCK_STAMP];

	dw_clock_hms(ev->t_ms, hms);
	if (speak)
		dw_buf_addf(text, " %s", hms);
	else
		dw_buf_addf(tag, "%s ", hms);
}

static int
said_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf tag = DW_BUF_INITIALIZER, text = DW_BUF_INITIALIZER,
		      body = DW_BUF_INITIALIZER;

	if (dw_charset_decode(&body, about->charset, ev->body, ev->len) < 0)
		text.failed = true;
	add_printable(&text, dw_buf_str(&body), body.len);
	dw_buf_fini(&body);
	if (ev->flags & EV_FLAG_CUT_SHORT)
		dw_buf_adds(&text, _(" (cut short)"));
	if (ev->flags & EV_FLAG_REST_LOST)
		dw_buf_adds(&text, _(" (more may have followed, and is lost)"));
	add_time(&tag, &text, ev, about->speak);
	dw_buf_addf(&tag, "%s| ", about->label);
	return finish(row, &tag, &text,
	    about->selected ? CON_STYLE_SELECTED : CON_STYLE_CUSTOMER);
}

static void
add_mark(struct dw_buf *text, enum con_mark mark)
{
	dw_buf_adds(text, marks[mark].sign);
	if (marks[mark].words != NULL)
		dw_buf_adds(text, _(marks[mark].words));
}

static int
reply_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf tag = DW_BUF_INITIALIZER, text = DW_BUF_INITIALIZER;

	add_printable(&text, ev->body, ev->len);
	add_mark(&text, about->mark);
	add_time(&tag, &text, ev, about->speak);
	dw_buf_addf(&tag, "%" PRIu64 " ", ev->sid);
	dw_text_name(&tag, ev->who, strlen(ev->who));
	dw_buf_adds(&tag, "> ");
	return finish(row, &tag, &text, CON_STYLE_OPERATOR);
}

int
con_row_written(struct con_row *row, const struct ev_event *ev,
    struct dw_buf *who, const struct con_row_about *about)
{
	struct dw_buf tag = DW_BUF_INITIALIZER, text = DW_BUF_INITIALIZER;

	add_printable(&text, ev->body, ev->len);
	if (about->mark == CON_MARK_ASKED)
		add_mark(&text, about->mark);
	add_time(&tag, &text, ev, about->speak);
	dw_buf_add(&tag, dw_buf_str(who), who->len);
	tag.failed |= who->failed;
	dw_buf_fini(who);
	return finish(row, &tag, &text, CON_STYLE_INTERNAL);
}

/* What the words of the protocol mean to people; others are shown as they
 * are. */
static const struct {
	const char *word, *meaning;
} reasons[] = {
	{ EV_WHY_CLOSED, "" }, /* the row says so itself */
	{ "banned", N_("banned") },
	{ EV_WHY_GONE, N_("did not come back") },
	{ EV_WHY_KICKED, N_("kicked") },
	{ EV_WHY_LEFT, N_("left") },
	{ EV_WHY_QUIET, N_("nobody has written for long") },
	{ EV_WHY_QUIT, N_("said goodbye") },
	{ EV_WHY_RESET, N_("connection lost") },
	{ EV_WHY_RESTART, N_("the desk was restarted") },
	{ EV_WHY_SLOW, N_("does not read") },
	{ EV_WHY_STOP, N_("the desk stopped") },
	{ EV_WHY_TIMEOUT, N_("silent for too long") },
	{ EV_WHY_UNREACHABLE, N_("there is no way to this address") },
};

const char *
con_why_words(const char *why)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (strcmp(reasons[i].word, why) == 0)
			return *reasons[i].meaning == '\0' ?
			    "" :
			    _(reasons[i].meaning);
	}
	return why;
}

static void
add_why(struct dw_buf *b, const char *why)
{
	why = con_why_words(why);
	if (*why != '\0')
		dw_buf_addf(b, ": %s", why);
}

/* "text" in one row, whatever it is. */
static void
add_quoted(struct dw_buf *out, const char *text, size_t len)
{
	struct dw_buf safe = DW_BUF_INITIALIZER;
	const char *c;

	if (dw_text_printable(&safe, text, len, DW_TEXT_QUOTE) < 0)
		out->failed = true;
	dw_buf_addc(out, '"');
	for (c = dw_buf_str(&safe); *c != '\0'; c++) {
		if (*c == '"')
			dw_buf_addc(out, '\\');
		dw_buf_addc(out, *c);
	}
	dw_buf_addc(out, '"');
	dw_buf_fini(&safe);
}

/* The time stands last: what comes first says whose row it is. */
static int
finish_datagram(struct con_row *row, const struct ev_event *ev,
    struct dw_buf *text, enum con_style style)
{
	struct dw_buf tag = DW_BUF_INITIALIZER;
	char hms[DW_CLOCK_STAMP];

	dw_clock_hms(ev->t_ms, hms);
	dw_buf_adds(&tag, "~ ");
	dw_buf_addf(text, " %s", hms);
	return finish(row, &tag, text, style);
}

static void
add_peer(struct dw_buf *out, const struct ev_event *ev)
{
	dw_buf_adds(out, "udp ");
	dw_text_line(out, ev->addr, strlen(ev->addr), 80);
	dw_buf_addc(out, ' ');
}

static int
datagram_row(struct con_row *row, const struct ev_event *ev)
{
	const struct dw_charset *cs = dw_charset_find(ev->why, strlen(ev->why));
	struct dw_buf text = DW_BUF_INITIALIZER, body = DW_BUF_INITIALIZER;

	add_peer(&text, ev);
	if (dw_charset_decode(&body, cs, ev->body, ev->len) < 0)
		text.failed = true;
	add_quoted(&text, dw_buf_str(&body), body.len);
	dw_buf_fini(&body);
	/* Not every system tells the desk how long it was. */
	if ((ev->flags & EV_FLAG_TRUNCATED) && ev->n > ev->len)
		dw_buf_addf(&text, _(" (cut, %lu bytes in all)"),
		    (unsigned long)ev->n);
	else if (ev->flags & EV_FLAG_TRUNCATED)
		dw_buf_adds(&text, _(" (cut)"));
	if (ev->flags & EV_FLAG_PEER_QUIT)
		dw_buf_adds(&text, _(" (has left)"));
	return finish_datagram(row, ev, &text, CON_STYLE_DATAGRAM);
}

static int
answer_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf text = DW_BUF_INITIALIZER, why = DW_BUF_INITIALIZER;

	add_peer(&text, ev);
	dw_text_name(&text, ev->who, strlen(ev->who));
	dw_buf_adds(&text, "> ");
	add_quoted(&text, ev->body, ev->len);
	add_mark(&text, about->mark);
	if (about->mark == CON_MARK_FAILED)
		add_why(&why, about->why);
	add_printable(&text, dw_buf_str(&why), why.len);
	dw_buf_fini(&why);
	return finish_datagram(row, ev, &text, CON_STYLE_UDP_REPLY);
}

int
con_row_timed(struct con_row *row, const struct ev_event *ev,
    struct dw_buf *text, const struct con_row_about *about)
{
	char hms[DW_CLOCK_STAMP];
	bool speak = about->speak;
	int r;

	dw_clock_hms(ev->t_ms, hms);
	r = con_row_ours(row, "%s %s", speak ? dw_buf_str(text) : hms,
	    speak ? hms : dw_buf_str(text));
	dw_buf_fini(text);
	return r < 0 ? r : 1;
}

const char *
con_mode_word(enum ev_mode mode)
{
	return mode == EV_MODE_NONE ? "?" : ev_word(&ev_modes, mode);
}

static int
arrived_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	dw_buf_addf(&b, _("%s is waiting (%s, %s)"), about->label,
	    con_mode_word(ev->mode), ev->addr);
	return con_row_timed(row, ev, &b, about);
}

static int
name_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf b = DW_BUF_INITIALIZER, name = DW_BUF_INITIALIZER;
	char sid[24];

	snprintf(sid, sizeof sid, "%" PRIu64, ev->sid);
	dw_text_name(&name, ev->who, strlen(ev->who));
	dw_buf_addf(&b, _("%s is called %s now"), sid, dw_buf_str(&name));
	dw_buf_reset(&name);
	if (*ev->why != '\0') {
		dw_text_name(&name, ev->why, strlen(ev->why));
		dw_buf_addf(&b, _(", says %s"), dw_buf_str(&name));
	}
	dw_buf_fini(&name);
	return con_row_timed(row, ev, &b, about);
}

/* The name comes from the table; one of a newer desk is made harmless by
 * con_row_ours(). */
static int
charset_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf b = DW_BUF_INITIALIZER, name = DW_BUF_INITIALIZER;

	dw_text_name(&name, ev->who, strlen(ev->who));
	if (*ev->who == '\0')
		dw_buf_addf(&b, _("%s writes in %s"), about->label, ev->why);
	else
		dw_buf_addf(&b, _("%s writes in %s, says %s"), about->label,
		    ev->why, dw_buf_str(&name));
	dw_buf_fini(&name);
	return con_row_timed(row, ev, &b, about);
}

static void
add_unsent(struct dw_buf *b, uint64_t unsent)
{
	if (unsent == 0)
		return;
	dw_buf_addf(b,
	    DW_PLURAL("; %lu reply perhaps not delivered",
		"; %lu replies perhaps not delivered", (unsigned long)unsent),
	    (unsigned long)unsent);
}

static int
eof_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	dw_buf_addf(&b, _("%s will write no more, and may still read"),
	    about->label);
	return con_row_timed(row, ev, &b, about);
}

static int
gone_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	/* Its answers may be what it did not get. */
	dw_buf_addf(&b,
	    about->unsent > 0 ? _("%s left") : _("%s left unanswered"),
	    about->label);
	add_why(&b, ev->why);
	add_unsent(&b, about->unsent);
	return con_row_timed(row, ev, &b, about);
}

static int
closed_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	if (*ev->who == '\0')
		dw_buf_addf(&b, _("%s is closed"), about->label);
	else
		dw_buf_addf(&b, _("%s is closed by %s"), about->label, ev->who);
	add_why(&b, ev->why);
	add_unsent(&b, about->unsent);
	return con_row_timed(row, ev, &b, about);
}

static int
duty_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about, const char *text)
{
	struct dw_buf b = DW_BUF_INITIALIZER, name = DW_BUF_INITIALIZER;

	dw_text_name(&name, ev->who, strlen(ev->who));
	dw_buf_addf(&b, "%s %s", dw_buf_str(&name), text);
	dw_buf_fini(&name);
	return con_row_timed(row, ev, &b, about);
}

static int
erased_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf b = DW_BUF_INITIALIZER, name = DW_BUF_INITIALIZER;

	dw_text_name(&name, ev->who, strlen(ev->who));
	if (ev->sid != 0)
		dw_buf_addf(&b, _("%s has erased what the customer of %s gave"),
		    dw_buf_str(&name), about->label);
	else
		dw_buf_addf(&b, _("%s has erased datagrams"),
		    dw_buf_str(&name));
	dw_buf_fini(&name);
	return con_row_timed(row, ev, &b, about);
}

int
con_row_event(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	switch (ev->kind) {
	case EV_ARRIVED:
		return arrived_row(row, ev, about);
	case EV_SAID:
		return said_row(row, ev, about);
	case EV_REPLY:
		return reply_row(row, ev, about);
	case EV_NAME:
		return name_row(row, ev, about);
	case EV_CHARSET:
		return charset_row(row, ev, about);
	case EV_EOF:
		return eof_row(row, ev, about);
	case EV_GONE:
		return gone_row(row, ev, about);
	case EV_CLOSED:
		return closed_row(row, ev, about);
	case EV_ON:
		return duty_row(row, ev, about, _("is on duty"));
	case EV_OFF:
		return duty_row(row, ev, about, _("has left"));
	case EV_UDP:
		return datagram_row(row, ev);
	case EV_UDP_REPLY:
		return answer_row(row, ev, about);
	case EV_ERASED:
		return erased_row(row, ev, about);
	case EV_CLAIM: /* team.c */
	case EV_FREE:
	case EV_OFFER:
	case EV_DECLINED:
	case EV_KEEP:
	case EV_NOTE:
	case EV_MSG:
	case EV_AWAY:
	case EV_BACK:
	case EV_SAME:
	case EV_REOPENED:
	case EV_BAN:
	case EV_UNBAN:
		return con_row_team(row, ev, about);
	case EV_SENT: /* these two are marks of an earlier row */
	case EV_UDP_SENT:
	case EV_UNKNOWN:
		return 0;
	}
	return 0;
}

/* Below "* " and "~ " there is nothing. */
static bool
is_plain(enum con_style style)
{
	return style == CON_STYLE_OURS || style == CON_STYLE_DATAGRAM ||
	    style == CON_STYLE_UDP_REPLY;
}

static bool
is_operators(enum con_style style)
{
	return style == CON_STYLE_OPERATOR || style == CON_STYLE_INTERNAL;
}

/* As wide as the tag, and ending as it does. */
static void
add_gutter(struct dw_buf *b, const struct con_row *row)
{
	size_t width = dw_text_width(row->tag, strlen(row->tag));

	for (; width > 2; width--)
		dw_buf_addc(b, ' ');
	if (is_plain(row->style))
		dw_buf_adds(b, "  ");
	else
		dw_buf_adds(b, is_operators(row->style) ? "> " : "| ");
}

/* How far the row is the tag; all of it where the tag needs several rows. */
static size_t
tag_bytes(const char *row, size_t len, const char *tag)
{
	size_t n = 0;

	while (n < len && tag[n] != '\0' && row[n] == tag[n])
		n++;
	return dw_text_cut(row, len, n);
}

/* A narrow window takes the last two bytes of the gutter alone. */
static size_t
gutter_bytes(const char *row, const struct dw_buf *gutter)
{
	const char *all = dw_buf_str(gutter);
	size_t len = gutter->len;

	if (strncmp(row, all, len) == 0)
		return len;
	return len > 2 && strncmp(row, all + len - 2, 2) == 0 ? 2 : 0;
}

/* Copies rows with their beginnings, tag or gutter, in colour. */
static void
add_coloured(struct dw_buf *out, const char *rows, const struct con_row *row,
    const struct dw_buf *gutter)
{
	const char *end, *first = rows;
	size_t len, head;

	for (; (end = strchr(rows, '\n')) != NULL; rows = end + 1) {
		len = (size_t)(end - rows);
		head = rows == first ? tag_bytes(rows, len, row->tag) :
				       gutter_bytes(rows, gutter);
		dw_buf_adds(out, colours[row->style]);
		dw_buf_add(out, rows, head);
		dw_buf_adds(out, "\033[0m");
		dw_buf_add(out, rows + head, len - head + 1);
	}
}

int
con_row_lay(const struct con_row *row, unsigned columns, bool colour,
    struct dw_buf *out)
{
	struct dw_buf gutter = DW_BUF_INITIALIZER, rows = DW_BUF_INITIALIZER;

	add_gutter(&gutter, row);
	dw_text_wrap(&rows, row->tag, dw_buf_str(&gutter), row->text,
	    strlen(row->text), columns, "\n");
	if (colour && columns > 0)
		add_coloured(out, dw_buf_str(&rows), row, &gutter);
	else
		dw_buf_adds(out, dw_buf_str(&rows));
	if (gutter.failed || rows.failed)
		out->failed = true;
	dw_buf_fini(&gutter);
	dw_buf_fini(&rows);
	return out->failed ? -ENOMEM : 0;
}
