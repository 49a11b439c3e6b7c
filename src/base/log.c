/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file is the log: rows wait in memory of a fixed size until the thread
 * "log" has written them.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sink.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/wake.h"

#define LOG_MAGIC      0x106f11e5u
#define LINE_MAX_BYTES 1024                 /* with the time and the newline */
#define ROWS_BYTES     ((size_t)512 * 1024) /* one half of what may wait */
#define END_NS         DW_SECOND            /* for all that is left */
#define END_STILL_NS   (100 * DW_MS)        /* of it, without any progress */
#define PAUSE_MS       10
#define NOTE_BYTES     512
#define FIELD_MAX      64 /* bytes of one word of a row: there is room for all */
#define CUT            "\xe2\x80\xa6" /* U+2026 */

/*
 * Whole rows, one after the other.  Once some were lost for want of room none
 * is added, so that all the lost ones stand behind the others.  A sink that
 * was opened anew takes the rows from `turn` on.
 */
struct rows {
	char *data;
	size_t len;
	size_t lost;
	bool turned;
	size_t turn;
	struct dw_sink sink;
};

/*
 * Threads fill one half while the writer empties the other; it takes them in
 * turn.  The row that tells what was lost is written before the next row.
 */
struct dw_log {
	unsigned magic;
	char *path;    /* NULL: standard error */
	unsigned form; /* DW_LOG_* */
	struct dw_wake wake;
	struct dw_wake *news; /* its owner's, or NULL */
	pthread_t thread;
	atomic_bool ending;
	atomic_size_t untold; /* rows that were lost */
	atomic_int error;     /* of the last write */

	/* The writer's, and the owner's when the writer has ended. */
	struct dw_sink sink;
	struct rows writing;
	size_t at;          /* so much of it is written */
	size_t missing;     /* rows lost before it */
	struct dw_buf note; /* with room for it from the start */
	size_t note_at, note_says;
	bool torn;   /* the last row has no newline yet */
	bool broken; /* the last write failed */

	struct dw_lock lock; /* "log" */
	struct dw_cond over DW_GUARDED_BY(lock);
	struct rows filling DW_GUARDED_BY(lock);
	bool ended DW_GUARDED_BY(lock);
};

static void
check_log(const struct dw_log *log)
{
	assert(log->magic == LOG_MAGIC);
}

/* Rows were lost, or a row told of some. */
static void
ring_news(const struct dw_log *log)
{
	if (log->news != NULL)
		dw_wake_ring(log->news);
}

/* ---- what a row looks like ---- */

/* The time in UTC, as RFC 3339 has it. */
static void
add_utc(struct dw_buf *line)
{
	int64_t ms = dw_clock_wall_ms();
	time_t s = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	dw_buf_addf(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, (int)(ms % 1000));
}

static const char *
level_word(enum dw_log_level level)
{
	static const char *const words[] = {
		[DW_LOG_ERROR] = "error",
		[DW_LOG_WARNING] = "warning",
		[DW_LOG_NOTICE] = "notice",
		[DW_LOG_INFO] = "info",
	};

	assert(level >= DW_LOG_ERROR && level <= DW_LOG_INFO);
	return words[level];
}

/* stamped: where people read it. */
static void
begin_row(struct dw_buf *line, unsigned form, enum dw_log_level level,
    bool stamped)
{
	char stamp[DW_CLOCK_STAMP];

	if ((form & DW_LOG_JOURNAL) != 0)
		dw_buf_addf(line, "<%d>", (int)level);
	if ((form & DW_LOG_JSON) != 0) {
		dw_buf_adds(line, "{\"t\":\"");
		add_utc(line);
		dw_buf_addf(line, "\",\"level\":\"%s\"", level_word(level));
	} else if (form == 0 && stamped) {
		dw_clock_stamp(dw_clock_wall_ms(), stamp);
		dw_buf_addf(line, "%s ", stamp);
	}
}

/* In what is visible no other byte needs one. */
static bool
needs_escape(char c)
{
	return c == '"' || c == '\\';
}

/* How much of a text is at most so many bytes in JSON. */
static size_t
json_fits(const char *text, size_t len, size_t room)
{
	size_t i;

	for (i = 0; i < len; i++) {
		size_t takes = needs_escape(text[i]) ? 2 : 1;

		if (takes > room)
			break;
		room -= takes;
	}
	return i;
}

static void
add_escaped(struct dw_buf *line, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (needs_escape(text[i]))
			dw_buf_addc(line, '\\');
		dw_buf_addc(line, text[i]);
	}
}

/* A string of at most so many bytes with its quotes. */
static void
add_json(struct dw_buf *line, const char *text, size_t len, size_t room)
{
	const size_t mark = sizeof CUT - 1;
	bool whole;

	assert(room > 2 + mark);
	room -= 2;
	whole = json_fits(text, len, room) == len;
	if (!whole)
		len = dw_text_cut(text, len, json_fits(text, len, room - mark));
	dw_buf_addc(line, '"');
	add_escaped(line, text, len);
	if (!whole)
		dw_buf_adds(line, CUT);
	dw_buf_addc(line, '"');
}

/* One word where people read it, that does not end as all of them do. */
static void
add_word(struct dw_buf *line, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool ends = i + 1 == len && text[i] == ':';

		dw_buf_addc(line, text[i] == ' ' || ends ? '_' : text[i]);
	}
}

static void
add_value(struct dw_buf *line, bool json, const struct dw_log_field *f)
{
	struct dw_buf shown = DW_BUF_INITIALIZER;

	if (f->text == NULL)
		dw_buf_addf(line, "%llu", (unsigned long long)f->number);
	else if (dw_text_line(&shown, f->text, strlen(f->text), FIELD_MAX) < 0)
		line->failed = true;
	else if (json)
		add_json(line, dw_buf_str(&shown), shown.len,
		    2 * FIELD_MAX + 2);
	else
		add_word(line, dw_buf_str(&shown), shown.len);
	dw_buf_fini(&shown);
}

static void
add_fields(struct dw_buf *line, unsigned form,
    const struct dw_log_field *fields, size_t n)
{
	bool json = (form & DW_LOG_JSON) != 0;

	assert(n <= DW_LOG_FIELDS);
	for (size_t i = 0; i < n; i++) {
		if (json)
			dw_buf_addf(line, ",\"%s\":", fields[i].key);
		else if (i > 0)
			dw_buf_addf(line, " %s=", fields[i].key);
		add_value(line, json, &fields[i]);
	}
	if (n > 0 && !json)
		dw_buf_add(line, ": ", 2);
}

/* With the newline the row is no longer than it may be. */
static void
add_text(struct dw_buf *line, unsigned form, const char *raw, size_t len)
{
	static const char key[] = ",\"text\":";
	const size_t end = sizeof "}" - 1 + sizeof "\n" - 1;
	struct dw_buf shown = DW_BUF_INITIALIZER;

	assert(line->failed || line->len + 64 < LINE_MAX_BYTES);
	if ((form & DW_LOG_JSON) == 0) {
		dw_text_line(line, raw, len, LINE_MAX_BYTES - 1 - line->len);
	} else if (dw_text_line(&shown, raw, len, LINE_MAX_BYTES) < 0) {
		line->failed = true;
	} else {
		dw_buf_adds(line, key);
		add_json(line, dw_buf_str(&shown), shown.len,
		    LINE_MAX_BYTES - line->len - end);
		dw_buf_addc(line, '}');
	}
	dw_buf_addc(line, '\n');
	dw_buf_fini(&shown);
}

/* ---- the thread "log" ---- */

static size_t
count_rows(const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '\n';
	return n;
}

static bool
note_waits(const struct dw_log *log)
{
	return log->note_at < log->note.len;
}

static bool
rows_wait(const struct dw_log *log)
{
	return log->at < log->writing.len;
}

static void
empty_note(struct dw_log *log)
{
	dw_buf_reset(&log->note);
	log->note_at = 0;
}

/* The row that tells what was lost until here.  Without memory for it the next
 * row tries again. */
static void
make_note(struct dw_log *log)
{
	static const struct dw_log_field what = { "what", "lost", 0 };
	char text[NOTE_BYTES / 2];
	size_t n = log->missing;

	snprintf(text, sizeof text,
	    DW_PLURAL("%zu row was lost because the log took none",
		"%zu rows were lost because the log took none", n),
	    n);
	empty_note(log);
	begin_row(&log->note, log->form, DW_LOG_ERROR, true);
	add_fields(&log->note, log->form, &what, log->form != 0);
	add_text(&log->note, log->form, text, strlen(text));
	if (log->note.failed) {
		empty_note(log);
		return;
	}
	log->note_says = n;
	log->missing = 0;
}

static void
lose(struct dw_log *log, size_t rows)
{
	log->missing += rows;
	if (atomic_fetch_add(&log->untold, rows) == 0)
		ring_news(log);
}

/* The next bytes, which are whole rows if the sink takes as much at once. */
static size_t
next_piece(const struct dw_log *log)
{
	const struct rows *w = &log->writing;
	size_t end = w->turned && w->turn > log->at ? w->turn : w->len;
	size_t len = end - log->at;
	const char *last;

	if (len <= log->sink.at_most)
		return len;
	len = log->sink.at_most;
	last = dw_memrchr(w->data + log->at, '\n', len);
	return last != NULL ? (size_t)(last - (w->data + log->at)) + 1 : len;
}

static void
drop_note(struct dw_log *log)
{
	log->torn |= log->note_at > 0;
	log->missing += log->note_says;
	empty_note(log);
}

static void
drop_piece(struct dw_log *log, size_t len)
{
	const char *data = log->writing.data + log->at;

	log->torn |= log->at > 0 && data[-1] != '\n';
	/* What is cut here was too long for one write: all of its row goes. */
	while (data[len - 1] != '\n')
		len++;
	lose(log, count_rows(data, len));
	log->at += len;
}

static void
drop_some(struct dw_log *log, int error)
{
	log->broken = true;
	atomic_store(&log->error, error);
	if (note_waits(log))
		drop_note(log);
	else
		drop_piece(log, next_piece(log));
}

static void
move_on(struct dw_log *log, size_t n)
{
	log->broken = false;
	atomic_store(&log->error, 0);
	if (!note_waits(log)) {
		log->at += n;
		return;
	}
	log->note_at += n;
	if (note_waits(log))
		return;
	empty_note(log);
	if (atomic_fetch_sub(&log->untold, log->note_says) == log->note_says)
		ring_news(log);
}

/* Returns false when the log takes nothing now.  Behind what a full disk has
 * torn, a newline comes first. */
static bool
write_piece(struct dw_log *log)
{
	bool torn = log->torn;
	ssize_t n;

	if (torn)
		n = dw_sink_write(&log->sink, "\n", 1);
	else if (note_waits(log))
		n = dw_sink_write(&log->sink, log->note.data + log->note_at,
		    log->note.len - log->note_at);
	else
		n = dw_sink_write(&log->sink, log->writing.data + log->at,
		    next_piece(log));
	if (n < 0)
		drop_some(log, (int)-n);
	else if (torn)
		log->torn = n == 0;
	else if (n > 0)
		move_on(log, (size_t)n);
	return n != 0;
}

static const struct dw_sink no_sink = DW_SINK_INITIALIZER;

/* A row that the old sink took in part comes whole in the new one. */
static void
turn_over(struct dw_log *log, struct dw_sink new)
{
	dw_sink_close(&log->sink);
	log->sink = new;
	log->note_at = 0;
	log->torn = log->broken = false;
	while (log->at > 0 && log->writing.data[log->at - 1] != '\n')
		log->at--;
}

static struct dw_sink
take_sink(struct rows *r)
{
	struct dw_sink sink = r->sink;

	r->turned = false;
	r->sink = no_sink;
	return sink;
}

/* Is it time for the sink that was opened anew?  It comes early when the one
 * before takes nothing. */
static bool
turn_if_due(struct dw_log *log, bool stuck)
{
	struct rows *w = &log->writing;
	struct dw_sink new = no_sink;

	if (w->turned && (stuck || log->at >= w->turn)) {
		new = take_sink(w);
	} else if (!w->turned && stuck) {
		dw_lock(&log->lock);
		if (log->filling.turned)
			new = take_sink(&log->filling);
		dw_unlock(&log->lock);
	}
	if (new.fd < 0)
		return false;
	turn_over(log, new);
	return true;
}

static void
empty_rows(struct rows *r)
{
	assert(!r->turned);
	r->len = r->lost = r->turn = 0;
}

/* Takes the rows that were added meanwhile.  Returns false if there are
 * none. */
static bool
take_rows(struct dw_log *log)
{
	struct rows *f = &log->filling, taken;
	bool some;

	log->missing += log->writing.lost;
	empty_rows(&log->writing);
	log->at = 0;
	dw_lock(&log->lock);
	some = f->len > 0 || f->lost > 0 || f->turned;
	if (some) {
		taken = *f;
		*f = log->writing;
		log->writing = taken;
	}
	dw_unlock(&log->lock);
	return some;
}

/* Does what is next.  Returns false when there is nothing to do, or the log
 * takes nothing, which *stuck says. */
static bool
take_step(struct dw_log *log, bool *stuck)
{
	bool some;

	*stuck = false;
	if (turn_if_due(log, false))
		return true;
	if (note_waits(log) || rows_wait(log)) {
		if (write_piece(log))
			return true;
		*stuck = true;
		return turn_if_due(log, true);
	}
	some = take_rows(log);
	if (!some && (log->missing == 0 || log->broken))
		return false;
	/* Not again and again into a log that fails: with the next row. */
	if (log->missing > 0)
		make_note(log);
	return some || note_waits(log);
}

/* Until there are rows or the log takes some. */
static void
wait_for_news(struct dw_log *log, bool stuck, int64_t until_ns)
{
	struct pollfd p[] = {
		{ log->wake.rd, POLLIN, 0 },
		{ log->sink.fd, POLLOUT, 0 },
	};

	dw_may_block("poll");
	if (stuck && poll(&p[1], 1, 0) != 0) {
		/* It says that it takes some, and has just taken none. */
		if (poll(p, 1, PAUSE_MS) > 0)
			dw_wake_clear(&log->wake);
		return;
	}
	poll(p, stuck ? 2 : 1, dw_clock_poll_ms(until_ns));
	if (p[0].revents != 0)
		dw_wake_clear(&log->wake);
}

/* When the end is wanted: how long it may still take. */
struct end {
	int64_t all_ns, still_ns;
};

/* Returns until when to wait for news, or 0 for no longer. */
static int64_t
may_wait(struct dw_log *log, struct end *end, bool moved, bool stuck)
{
	int64_t now;

	if (!atomic_load(&log->ending))
		return DW_NEVER;
	now = dw_clock_ns();
	/* What was added before that was seen is looked for once more. */
	if (end->all_ns == DW_NEVER) {
		end->all_ns = now + END_NS;
		moved = true;
	}
	if (moved)
		end->still_ns = now + END_STILL_NS;
	if (now >= end->all_ns || now >= end->still_ns || (!moved && !stuck))
		return 0;
	return moved ? now : end->still_ns;
}

static void *
log_main(void *arg)
{
	struct dw_log *log = arg;
	struct end end = { DW_NEVER, DW_NEVER };
	int64_t until_ns;
	bool moved, stuck;

	check_log(log);
	do {
		moved = take_step(log, &stuck);
		until_ns = may_wait(log, &end, moved, stuck);
		if (!moved && until_ns != 0)
			wait_for_news(log, stuck, until_ns);
	} while (until_ns != 0);
	dw_lock(&log->lock);
	log->ended = true;
	dw_cond_signal(&log->over);
	dw_unlock(&log->lock);
	return NULL;
}

/* ---- its owner ---- */

static void
free_log(struct dw_log *log) DW_NO_TSA
{
	log->magic = 0;
	dw_sink_close(&log->sink);
	dw_sink_close(&log->writing.sink);
	dw_sink_close(&log->filling.sink);
	dw_wake_fini(&log->wake);
	dw_cond_fini(&log->over);
	dw_lock_fini(&log->lock);
	dw_buf_fini(&log->note);
	free(log->writing.data);
	free(log->filling.data);
	free(log->path);
	free(log);
}

static int
open_parts(struct dw_log *log, const char *path) DW_NO_TSA
{
	int r;

	if (path == NULL)
		dw_sink_open_stderr(&log->sink);
	else if ((r = dw_sink_open(&log->sink, path)) < 0)
		return r;
	if ((path != NULL && (log->path = strdup(path)) == NULL) ||
	    dw_buf_reserve(&log->note, NOTE_BYTES) < 0 ||
	    (log->writing.data = malloc(ROWS_BYTES)) == NULL ||
	    (log->filling.data = malloc(ROWS_BYTES)) == NULL)
		return -ENOMEM;
	if ((r = dw_wake_init(&log->wake)) < 0)
		return r;
	return dw_thread_start(&log->thread, "log", 0, log_main, log);
}

int
dw_log_open_as(const char *path, unsigned form, struct dw_wake *news,
    struct dw_log **out) DW_NO_TSA
{
	struct dw_log *log = calloc(1, sizeof *log);
	int r;

	if (log == NULL)
		return -ENOMEM;
	log->magic = LOG_MAGIC;
	log->form = form;
	log->news = news;
	log->wake.rd = log->wake.wr = -1;
	log->sink = log->writing.sink = log->filling.sink = no_sink;
	dw_lock_init(&log->lock, DW_LOCK_log);
	dw_cond_init(&log->over);
	if ((r = open_parts(log, path)) < 0)
		free_log(log);
	else
		*out = log;
	return r;
}

int
dw_log_open(const char *path, struct dw_wake *news, struct dw_log **out)
{
	return dw_log_open_as(path, 0, news, out);
}

/* Whoever gave it to us may have turned standard error elsewhere since: then the
 * variable names another file than it is. */
unsigned
dw_log_stderr_form(void)
{
	const char *told = getenv("JOURNAL_STREAM");
	struct stat st;
	char is[64];

	if (told == NULL || fstat(STDERR_FILENO, &st) < 0)
		return 0;
	snprintf(is, sizeof is, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(told, is) == 0 ? DW_LOG_JOURNAL : 0;
}

/* Not longer than the writer may need, unless the system keeps it. */
static bool
wait_for_writer(struct dw_log *log)
{
	int64_t until = dw_clock_ns() + END_NS + 2 * END_STILL_NS;
	bool ended;

	atomic_store(&log->ending, true);
	dw_wake_ring(&log->wake);
	dw_lock(&log->lock);
	while (!log->ended && dw_clock_ns() < until)
		dw_cond_wait_until(&log->over, &log->lock, until);
	ended = log->ended;
	dw_unlock(&log->lock);
	return ended;
}

static size_t
count_lost(struct dw_log *log) DW_NO_TSA
{
	const struct rows *w = &log->writing, *f = &log->filling;

	return atomic_load(&log->untold) + count_rows(f->data, f->len) +
	    count_rows(w->data + log->at, w->len - log->at);
}

size_t
dw_log_close(struct dw_log *log)
{
	size_t lost;

	if (log == NULL)
		return 0;
	check_log(log);
	if (!wait_for_writer(log))
		return atomic_load(&log->untold) + 1;
	dw_may_block("pthread_join");
	pthread_join(log->thread, NULL);
	lost = count_lost(log);
	free_log(log);
	return lost;
}

int
dw_log_reopen(struct dw_log *log)
{
	struct dw_sink new, unused = no_sink;
	int r;

	if (log == NULL || log->path == NULL)
		return 0;
	check_log(log);
	if ((r = dw_sink_open(&new, log->path)) < 0)
		return r;
	dw_lock(&log->lock);
	if (log->filling.turned)
		unused = log->filling.sink;
	else
		log->filling.turn = log->filling.len;
	log->filling.turned = true;
	log->filling.sink = new;
	dw_unlock(&log->lock);
	dw_sink_close(&unused);
	dw_wake_ring(&log->wake);
	return 0;
}

const char *
dw_log_path(const struct dw_log *log)
{
	return log->path;
}

bool
dw_log_is_losing(struct dw_log *log)
{
	return log != NULL && atomic_load(&log->untold) > 0;
}

int
dw_log_error(struct dw_log *log)
{
	return atomic_load(&log->error);
}

/* ---- rows ---- */

static void
put_row(struct dw_log *log, const char *line, size_t len)
{
	struct rows *f = &log->filling;
	bool first, begins = false;

	check_log(log);
	assert(len > 0 && line[len - 1] == '\n');
	dw_lock(&log->lock);
	first = f->len == 0 && f->lost == 0;
	if (f->lost == 0 && len <= ROWS_BYTES - f->len) {
		memcpy(f->data + f->len, line, len);
		f->len += len;
	} else {
		f->lost++;
		begins = atomic_fetch_add(&log->untold, 1) == 0;
	}
	dw_unlock(&log->lock);
	if (begins)
		ring_news(log);
	if (first)
		dw_wake_ring(&log->wake);
}

static void
end_row(struct dw_log *log, struct dw_buf *line, const char *raw, size_t len)
{
	add_text(line, log->form, raw, len);
	if (!line->failed)
		put_row(log, line->data, line->len);
	dw_buf_fini(line);
}

static void
put_text(struct dw_log *log, bool stamped, const char *raw, size_t len)
{
	struct dw_buf line = DW_BUF_INITIALIZER;

	begin_row(&line, log->form, DW_LOG_INFO, stamped);
	end_row(log, &line, raw, len);
}

void
dw_log_row(struct dw_log *log, enum dw_log_level level,
    const struct dw_log_field *fields, size_t n, const void *text, size_t len)
{
	struct dw_buf line = DW_BUF_INITIALIZER;

	if (log == NULL)
		return;
	begin_row(&line, log->form, level, true);
	add_fields(&line, log->form, fields, n);
	end_row(log, &line, text, len);
}

__attribute__((format(printf, 3, 0))) static void
put_format(struct dw_log *log, bool stamped, const char *format, va_list ap)
{
	char raw[LINE_MAX_BYTES + 64];
	int n = vsnprintf(raw, sizeof raw, format, ap);

	if (n >= 0)
		put_text(log, stamped, raw,
		    (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1);
}

void
dw_log(struct dw_log *log, const char *format, ...)
{
	va_list ap;

	if (log == NULL)
		return;
	va_start(ap, format);
	put_format(log, true, format, ap);
	va_end(ap);
}

void
dw_log_plain(struct dw_log *log, const char *format, ...)
{
	va_list ap;

	if (log == NULL)
		return;
	va_start(ap, format);
	put_format(log, false, format, ap);
	va_end(ap);
}

void
dw_log_bytes(struct dw_log *log, const char *before, const void *bytes,
    size_t len)
{
	char raw[LINE_MAX_BYTES + 64];
	size_t n = strlen(before);

	if (log == NULL)
		return;
	if (n > sizeof raw)
		n = sizeof raw;
	if (len > sizeof raw - n)
		len = sizeof raw - n;
	memcpy(raw, before, n);
	memcpy(raw + n, bytes, len);
	put_text(log, true, raw, n + len);
}
