/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file keeps the text of long pastes.  In the line each is one character,
 * its mark, so that every key of the editor takes it for one: what deletes,
 * kills or moves over a character does so to the whole block.  Marks are the
 * last 4096 code points of Unicode's private use.  No key and no paste can put
 * one into the line: tty_input drops them, and a paste that holds one is folded
 * however short it is.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "tty/internal.h"

/* U+10F000 to U+10FFFF, in UTF-8. */
#define FIRST "\xf4\x8f"

static bool
is_mark(const char *s, size_t len)
{
	return len >= TTY_MARK_LEN && memcmp(s, FIRST, sizeof FIRST - 1) == 0;
}

/* The same for what ends with NUL. */
static bool
begins_with_mark(const char *s)
{
	return strncmp(s, FIRST, sizeof FIRST - 1) == 0 &&
	    is_mark(s, strnlen(s, TTY_MARK_LEN));
}

bool
tty_folds_has_mark(const char *s, size_t len)
{
	return dw_memmem(s, len, FIRST, sizeof FIRST - 1) != NULL;
}

static const struct tty_fold *
fold_of(const struct tty_folds *f, const char *mark)
{
	for (size_t i = 0; i < f->n; i++)
		if (memcmp(f->list[i].mark, mark, TTY_MARK_LEN) == 0)
			return &f->list[i];
	return NULL;
}

static void
set_mark(char mark[TTY_MARK_LEN + 1], unsigned number)
{
	memcpy(mark, FIRST, sizeof FIRST - 1);
	mark[2] = (char)(0x80 | (number >> 6 & 0x3F));
	mark[3] = (char)(0x80 | (number & 0x3F));
	mark[4] = '\0';
}

size_t
tty_count_lines(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; n++) {
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	return n;
}

const char *
tty_folds_add(struct tty_folds *f, const char *text)
{
	struct tty_fold *fold = &f->list[f->n];

	assert(f->n < TTY_FOLDS);
	if ((fold->text = strdup(text)) == NULL)
		return NULL;
	fold->len = strlen(text);
	fold->lines = tty_count_lines(text);
	set_mark(fold->mark, f->next++);
	f->n++;
	return fold->mark;
}

const struct tty_fold *
tty_folds_oldest(const struct tty_folds *f, const char *line, const char *draft)
{
	for (size_t i = 0; i < f->n; i++)
		if (strstr(line, f->list[i].mark) == NULL &&
		    (draft == NULL || strstr(draft, f->list[i].mark) == NULL))
			return &f->list[i];
	return NULL;
}

void
tty_folds_drop(struct tty_folds *f, const struct tty_fold *fold)
{
	size_t i = (size_t)(fold - f->list);

	assert(i < f->n);
	free(f->list[i].text);
	f->n--;
	memmove(&f->list[i], &f->list[i + 1], (f->n - i) * sizeof f->list[0]);
}

/* ---- a line with marks, and what it stands for ---- */

typedef void put_fn(struct dw_buf *out, const struct tty_fold *fold);

static void
put_all(const struct tty_folds *f, const char *line, size_t len,
    struct dw_buf *out, put_fn *put)
{
	for (size_t i = 0; i < len;) {
		const char *next =
		    dw_memmem(line + i, len - i, FIRST, sizeof FIRST - 1);
		size_t n = next != NULL ? (size_t)(next - line) - i : len - i;

		dw_buf_add(out, line + i, n);
		i += n;
		if (!is_mark(line + i, len - i)) {
			i = next != NULL ? len : i; /* half of one */
			continue;
		}
		put(out, fold_of(f, line + i));
		i += TTY_MARK_LEN;
	}
}

static void
put_text(struct dw_buf *out, const struct tty_fold *fold)
{
	if (fold != NULL)
		dw_buf_add(out, fold->text, fold->len);
}

void
tty_folds_expand(const struct tty_folds *f, const char *line, size_t len,
    struct dw_buf *out)
{
	put_all(f, line, len, out, put_text);
}

/* 1234567 as 1,234,567. */
static void
put_number(struct dw_buf *out, size_t n)
{
	if (n < 1000) {
		dw_buf_addf(out, "%zu", n);
		return;
	}
	put_number(out, n / 1000);
	dw_buf_addf(out, ",%03zu", n % 1000);
}

static void
put_label(struct dw_buf *out, const struct tty_fold *fold)
{
	struct dw_buf lines = DW_BUF_INITIALIZER, bytes = lines;

	if (fold == NULL) {
		dw_buf_adds(out, "[]");
		return;
	}
	put_number(&lines, fold->lines);
	put_number(&bytes, fold->len);
	dw_buf_addf(out,
	    DW_PLURAL("[%s line, %s bytes]", "[%s lines, %s bytes]",
		fold->lines),
	    dw_buf_str(&lines), dw_buf_str(&bytes));
	dw_buf_fini(&lines);
	dw_buf_fini(&bytes);
}

void
tty_folds_show(const struct tty_folds *f, const char *line, size_t len,
    struct dw_buf *out)
{
	put_all(f, line, len, out, put_label);
}

void
tty_folds_fold(const struct tty_folds *f, const char *text, struct dw_buf *out)
{
	while (*text != '\0') {
		const struct tty_fold *found = NULL;

		for (size_t i = f->n; i > 0 && found == NULL; i--)
			if (strncmp(text, f->list[i - 1].text,
				f->list[i - 1].len) == 0)
				found = &f->list[i - 1];
		if (found != NULL) {
			dw_buf_adds(out, found->mark);
			text += found->len;
		} else if (begins_with_mark(text))
			text += TTY_MARK_LEN;
		else
			dw_buf_addc(out, *text++);
	}
}

size_t
tty_folds_point(const struct tty_folds *f, const char *line, size_t cursor)
{
	size_t at = 0, n = 0;

	while (line[at] != '\0' && n < cursor) {
		bool mark = begins_with_mark(line + at);
		const struct tty_fold *fold =
		    mark ? fold_of(f, line + at) : NULL;

		n += mark ? (fold != NULL ? fold->len : 0) : 1;
		at += mark ? TTY_MARK_LEN : 1;
	}
	return at;
}

const struct tty_fold *
tty_folds_near(const struct tty_folds *f, const char *line, size_t point,
    size_t *at)
{
	const struct tty_fold *fold, *near = NULL;
	size_t len = strlen(line);

	for (size_t i = 0; i < len; i++) {
		if (!is_mark(line + i, len - i) ||
		    (fold = fold_of(f, line + i)) == NULL)
			continue;
		near = fold;
		*at = i;
		if (i + TTY_MARK_LEN >= point)
			break;
	}
	return near;
}

void
tty_folds_fini(struct tty_folds *f)
{
	while (f->n > 0)
		free(f->list[--f->n].text);
}
