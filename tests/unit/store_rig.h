/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the journal share: one that is opened, appended to, looked
 * at in its files and refused. */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/internal.h"
#include "store/store.h"
#include "t.h"

static struct dw_buf why = DW_BUF_INITIALIZER;

static const char *
in(const char *dir, const char *file)
{
	static char path[4][256];
	static unsigned at;

	at = (at + 1) % 4;
	if (!CHECK(snprintf(path[at], sizeof path[at], "%s/%s", dir, file) <
		(int)sizeof path[at]))
		return "";
	return path[at];
}

static int
try_open(const char *dir, bool begin_new, struct store **out)
{
	const struct store_config cfg = { .dir = dir, .begin_new = begin_new };

	*out = NULL;
	return store_open(&cfg, out, &why);
}

static struct store *
open_in(const char *dir)
{
	struct store *s;

	if (!CHECK_INT(try_open(dir, false, &s), 0))
		fprintf(stderr, "# %s\n", dw_buf_str(&why));
	return s;
}

static struct ev_event
event(uint64_t seq, uint64_t sid, enum ev_kind kind, const char *body)
{
	return (struct ev_event){
		.seq = seq,
		.t_ms = 1700000000000 + (int64_t)seq,
		.sid = sid,
		.kind = kind,
		.n = seq,
		.who = "ab",
		.mode = EV_MODE_CLASSIC,
		.addr = "",
		.why = "",
		.body = body,
		.len = strlen(body),
	};
}

static int
append(struct store *s, const struct ev_event *evs, size_t n)
{
	return store_append(s, evs, n);
}

static uint64_t
last_seq(const struct store *s)
{
	uint64_t seq, sid;

	store_last(s, &seq, &sid);
	return seq;
}

static int
say(struct store *s, uint64_t sid, enum ev_kind kind, const char *body)
{
	struct ev_event e = event(last_seq(s) + 1, sid, kind, body);

	return append(s, &e, 1);
}

static int
arrive(struct store *s, uint64_t sid)
{
	return say(s, sid, EV_ARRIVED, "");
}

/* "seq sid word body\n" for each event seen. */
static int
list(void *arg, const struct ev_event *ev)
{
	dw_buf_addf(arg, "%llu %llu %s ", (unsigned long long)ev->seq,
	    (unsigned long long)ev->sid, ev_word(&ev_kinds, ev->kind));
	dw_buf_add(arg, ev->body, ev->len);
	return dw_buf_addc(arg, '\n');
}

static void
check_why(const char *part)
{
	if (!CHECK(strstr(dw_buf_str(&why), part) != NULL))
		fprintf(stderr, "# \"%s\" is not in: %s\n", part,
		    dw_buf_str(&why));
	CHECK(strchr(dw_buf_str(&why), '\n') == NULL);
}

static void
check_refused(const char *dir, int err, const char *part)
{
	struct store *s;

	if (!CHECK_INT(try_open(dir, false, &s), err))
		store_close(s);
	check_why(part);
}

/* All of it is sound, and ends there. */
static void
check_sound(const char *dir, uint64_t end)
{
	uint64_t seq = 0;

	if (!CHECK_INT(store_verify(dir, NULL, NULL, &seq, &why), 0))
		fprintf(stderr, "# %s\n", dw_buf_str(&why));
	CHECK_INT(seq, end);
}

static void
check_unsound(const char *dir, const char *part)
{
	uint64_t seq;

	CHECK_INT(store_verify(dir, NULL, NULL, &seq, &why), -EBADMSG);
	check_why(part);
}

static char *
slurp(const char *path, size_t *len)
{
	struct dw_buf all = DW_BUF_INITIALIZER;
	char chunk[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0)
		dw_buf_add(&all, chunk, (size_t)n);
	if (fd >= 0)
		close(fd);
	*len = all.len;
	return dw_buf_take(&all);
}

static void
spill(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
}

static void
copy(const char *from, const char *to)
{
	size_t len;
	char *all = slurp(from, &len);

	spill(to, all, len);
	free(all);
}

static void
sql(const char *dir, const char *text)
{
	sqlite3 *db = NULL;

	CHECK_INT(sqlite3_open(in(dir, "journal.db"), &db), SQLITE_OK);
	CHECK_INT(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

#endif
