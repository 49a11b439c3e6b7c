/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of the prompt, fitted to the window.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "console/prompt.h"

#define NAME_COLUMNS_MIN   8
#define NAME_COLUMNS_LEAST 2 /* where there is no room */
#define OWNER_COLUMNS      8

void
con_prompt_fini(struct con_prompt *p)
{
	dw_buf_fini(&p->text);
}

void
con_span(int64_t ms, char out[CON_SPAN_MAX])
{
	int64_t s = ms < 0 ? 0 : ms / 1000;

	if (s < 3600)
		snprintf(out, CON_SPAN_MAX, "%d:%02d", (int)(s / 60),
		    (int)(s % 60));
	else
		snprintf(out, CON_SPAN_MAX, "%" PRId64 ":%02d:%02d", s / 3600,
		    (int)(s / 60 % 60), (int)(s % 60));
}

/* " 1 min", or " 1:12"; in signs " 1m". */
static void
add_time(struct dw_buf *b, enum con_clock clock, int64_t ms, bool signs)
{
	unsigned long minutes = ms < 0 ? 0 : (unsigned long)(ms / 60000);
	char span[CON_SPAN_MAX];

	if (clock == CON_CLOCK_SECOND) {
		con_span(ms, span);
		dw_buf_addf(b, " %s", span);
	} else if (clock == CON_CLOCK_OFF || minutes == 0) {
		return;
	} else if (minutes < 60) {
		dw_buf_addf(b, signs ? _(" %lum") : _(" %lu min"), minutes);
	} else {
		dw_buf_addf(b, signs ? _(" %luh%02lu") : _(" %lu h %02lu min"),
		    minutes / 60, minutes % 60);
	}
}

static void
add_comma(struct dw_buf *b)
{
	if (b->len > 0)
		dw_buf_addc(b, ',');
}

/* What follows the bracket, without "> ". */
static void
add_words(struct dw_buf *b, const struct con_prompt *p,
    const struct con_facts *f, int64_t now_ms)
{
	if (f->waiting > 0) {
		dw_buf_addf(b, _(" %zu waiting"), f->waiting);
		add_time(b, p->clock, now_ms - f->oldest_ms, false);
	}
	if (f->leavers > 0) {
		add_comma(b);
		dw_buf_addf(b, _(" %zu left"), f->leavers);
	}
	if (f->unread > 0) {
		add_comma(b);
		dw_buf_addf(b, _(" %zu unread"), f->unread);
	}
	if (f->stale) {
		add_comma(b);
		dw_buf_adds(b, _(" stale?"));
	}
}

/* The same as short as it can be. */
static void
add_signs(struct dw_buf *b, const struct con_prompt *p,
    const struct con_facts *f, int64_t now_ms)
{
	if (f->stale) {
		dw_buf_adds(b, _(" stale?"));
		return;
	}
	if (f->waiting > 0)
		dw_buf_addf(b, _(" %zuw"), f->waiting);
	if (f->leavers > 0)
		dw_buf_addf(b, _(" %zul"), f->leavers);
	if (f->unread > 0)
		dw_buf_addf(b, _(" %zuu"), f->unread);
	if (f->waiting > 0)
		add_time(b, p->clock, now_ms - f->oldest_ms, true);
}

/* The name in at most `columns`, with an ellipsis where it was cut. */
static void
add_name(struct dw_buf *b, const char *name, size_t columns)
{
	size_t len = strlen(name);
	bool cut = dw_text_width(name, len) > columns;

	while (cut && len > 0 && dw_text_width(name, len) + 1 > columns)
		len = dw_text_cut(name, len, len - 1);
	dw_buf_add(b, name, len);
	if (cut)
		dw_buf_adds(b, "…");
}

/* Why what is typed may reach nobody; NULL: it may not. */
static const char *
obstacle_of(const struct con_facts *f)
{
	if (f->no_link)
		return _(", no link");
	if (f->closed)
		return _(", closed");
	return f->left ? _(", left") : NULL;
}

static void
add_owner(struct dw_buf *b, const struct con_facts *f, bool signs)
{
	struct dw_buf name = DW_BUF_INITIALIZER;

	if (f->yours)
		dw_buf_adds(b, signs ? "+" : _(", yours"));
	if (*f->owner == '\0')
		return;
	add_name(&name, f->owner, OWNER_COLUMNS);
	if (signs)
		dw_buf_addc(b, '!');
	else
		dw_buf_addf(b, _(", %s's"), dw_buf_str(&name));
	dw_buf_fini(&name);
}

/* What stands behind the name: a note is one whoever answers. */
static void
add_state(struct dw_buf *b, const struct con_facts *f, bool signs)
{
	const char *obstacle = obstacle_of(f);

	if (f->note)
		dw_buf_adds(b, _(" NOTE"));
	if (obstacle != NULL) {
		dw_buf_adds(b, obstacle);
		return;
	}
	if (!f->note)
		add_owner(b, f, signs);
	if (!f->note && f->away)
		dw_buf_adds(b, signs ? "~" : _(", away"));
}

static void
add_bracket(struct con_prompt *p, const struct con_facts *f, bool signs,
    size_t name_columns)
{
	struct dw_buf *b = &p->text;

	p->bold_at = 1;
	dw_buf_addc(b, '[');
	if (f->sid == 0)
		dw_buf_addc(b, '-');
	else
		dw_buf_addf(b, "%" PRIu64, f->sid);
	if (*f->name != '\0') {
		dw_buf_addc(b, ' ');
		add_name(b, f->name, name_columns);
	}
	p->bold_len = b->len - 1;
	add_state(b, f, signs);
	dw_buf_addc(b, ']');
}

static size_t
write_all(struct con_prompt *p, const struct con_facts *f,
    const struct dw_buf *counts, bool signs, size_t name_columns)
{
	dw_buf_reset(&p->text);
	add_bracket(p, f, signs, name_columns);
	dw_buf_adds(&p->text, dw_buf_str(counts));
	dw_buf_adds(&p->text, "> ");
	return dw_text_width(dw_buf_str(&p->text), p->text.len);
}

/* How wide the name may be so that a prompt of `all` columns takes no more
 * than `most`, but at least `least`. */
static size_t
name_room(const struct con_facts *f, size_t all, size_t most, size_t least)
{
	size_t name = dw_text_width(f->name, strlen(f->name));
	size_t over = all > most ? all - most : 0;

	if (name <= least || name - least < over)
		return least;
	return name - over;
}

int
con_prompt_format(struct con_prompt *p, const struct con_facts *f,
    int64_t now_ms, unsigned columns)
{
	struct dw_buf counts = DW_BUF_INITIALIZER;
	size_t all, name = SIZE_MAX;

	add_words(&counts, p, f, now_ms);
	all = write_all(p, f, &counts, false, name);
	if (columns > 0 && all > columns / 3) {
		name = name_room(f, all, columns / 3, NAME_COLUMNS_MIN);
		all = write_all(p, f, &counts, false, name);
	}
	if (columns > 0 && all > 2 * columns / 3) {
		dw_buf_reset(&counts);
		add_signs(&counts, p, f, now_ms);
		all = write_all(p, f, &counts, true, SIZE_MAX);
		name = name_room(f, all, 2 * columns / 3, NAME_COLUMNS_LEAST);
		write_all(p, f, &counts, true, name);
	}
	dw_buf_fini(&counts);
	/* What is bold is the bracket's inside. */
	assert(p->text.failed || p->bold_at + p->bold_len < p->text.len);
	return p->text.failed ? -ENOMEM : 0;
}

int64_t
con_prompt_tick_ms(const struct con_prompt *p, const struct con_facts *f,
    int64_t now_ms)
{
	int64_t waited = now_ms - f->oldest_ms;
	int64_t unit = p->clock == CON_CLOCK_SECOND ? 1000 : 60000;

	if (f->waiting == 0 || p->clock == CON_CLOCK_OFF)
		return -1;
	return waited < 0 ? unit : unit - waited % unit;
}
