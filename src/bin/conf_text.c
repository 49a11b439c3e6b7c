/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file makes a configuration file fit for libconfuse, and finds how far a
 * word is from another.
 */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/conf_text.h"

#define WORD_MAX 64

/* Where we are in text[at, len), with its line. */
struct scan {
	char *text;
	size_t at, len;
	unsigned line;
	unsigned open;      /* braces, */
	unsigned open_line; /* the first of them in this one */
	const char *wrong;  /* NULL so far, */
	unsigned where;     /* or in this line */
};

static char
peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

static void
advance(struct scan *s)
{
	if (peek(s, 0) == '\n')
		s->line++;
	s->at++;
}

static void
complain(struct scan *s, const char *wrong, unsigned where)
{
	if (s->wrong != NULL)
		return;
	s->wrong = wrong;
	s->where = where;
}

static void
blank(struct scan *s)
{
	if (peek(s, 0) != '\n')
		s->text[s->at] = ' ';
	advance(s);
}

static void
blank_line(struct scan *s)
{
	while (s->at < s->len && peek(s, 0) != '\n')
		blank(s);
}

static void
blank_block(struct scan *s)
{
	unsigned began = s->line;

	blank(s);
	blank(s);
	while (s->at < s->len && !(peek(s, 0) == '*' && peek(s, 1) == '/'))
		blank(s);
	if (s->at == s->len) {
		complain(s, N_("this comment has no end; write */ behind it"),
		    began);
		return;
	}
	blank(s);
	blank(s);
}

static void
check_dollar(struct scan *s)
{
	if (peek(s, 0) == '$' && peek(s, 1) == '{')
		complain(s,
		    N_("variables like ${HOME} are not filled in; where these "
		       "characters are meant, write \\${ in double quotes"),
		    s->line);
}

static void
check_escape(struct scan *s)
{
	char next = peek(s, 1);

	if (next >= '0' && next <= '9')
		complain(s,
		    N_("a backslash before a number means nothing here; write "
		       "\\\\ for a backslash"),
		    s->line);
}

static void
pass_string(struct scan *s)
{
	char quote = peek(s, 0);
	unsigned began = s->line;

	advance(s);
	while (s->at < s->len && peek(s, 0) != quote) {
		if (quote == '"')
			check_dollar(s);
		if (peek(s, 0) == '\\') {
			if (quote == '"')
				check_escape(s);
			advance(s);
		}
		advance(s);
	}
	if (s->at >= s->len)
		complain(s, N_("this text has no closing quote"), began);
	else
		advance(s);
}

/* libconfuse takes the end of the file for that of a section. */
static void
count_brace(struct scan *s, char c)
{
	if (c == '{' && s->open++ == 0)
		s->open_line = s->line;
	else if (c == '}' && s->open > 0)
		s->open--;
}

static void
pass_one(struct scan *s)
{
	char c = peek(s, 0), next = peek(s, 1);

	if (c == '#' || (c == '/' && next == '/'))
		blank_line(s);
	else if (c == '/' && next == '*')
		blank_block(s);
	else if (c == '"' || c == '\'')
		pass_string(s);
	else {
		check_dollar(s);
		count_brace(s, c);
		advance(s);
	}
}

static void
check_nul(struct scan *s)
{
	const char *nul = memchr(s->text, '\0', s->len);
	unsigned line = 1;

	for (const char *c = s->text; nul != NULL && c < nul; c++)
		line += *c == '\n';
	if (nul != NULL)
		complain(s, N_("this is no text: it has a NUL"), line);
}

const char *
conf_text_prepare(char *text, size_t len, unsigned *line)
{
	struct scan s = { .text = text, .len = len, .line = 1 };

	check_nul(&s);
	while (s.at < s.len && s.wrong == NULL)
		pass_one(&s);
	if (s.open > 0)
		complain(&s, N_("this { is never closed; a } is missing"),
		    s.open_line);
	*line = s.wrong != NULL ? s.where : s.line;
	return s.wrong;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
conf_distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX][WORD_MAX];
	size_t na = strlen(a), nb = strlen(b);

	if (na >= WORD_MAX || nb >= WORD_MAX)
		return UINT_MAX;
	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++)
		for (size_t j = 1; j <= nb; j++) {
			bool same = a[i - 1] == b[j - 1];

			d[i][j] = least(d[i - 1][j - 1] + !same,
			    least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[na][nb];
}
