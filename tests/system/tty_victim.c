/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small console for tests/system/tty.c: a thread takes orders, one a row,
 * from the descriptor named in VICTIM_FD and puts them in a queue; the owner
 * of the terminal carries them out.  Options: erase, suspend, history=FILE, and
 * hold: each line is held for a millisecond.
 */
#include "config.h"

#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/wake.h"
#include "tty/tty.h"

struct victim {
	struct tty *tty;
	struct dw_wake wake; /* rung for the owner */
	struct dw_wake stop; /* rung for the thread */
	int exit_status;
	int redraws;
	bool holds;
	bool waits;   /* tty_ready() said no */
	bool reports; /* what it is told about the next rows */
	int keys;
	struct dw_wake watched;

	struct dw_lock lock;  /* "test" */
	struct dw_buf orders; /* rows for the owner */
};

static struct victim victim = { .lock = DW_LOCK_INITIALIZER(test) };

/* ---- the thread that takes orders ---- */

static void
post(const char *data, size_t len)
{
	dw_lock(&victim.lock);
	dw_buf_add(&victim.orders, data, len);
	dw_unlock(&victim.lock);
	dw_wake_ring(&victim.wake);
}

static void *
take_orders(void *arg)
{
	const char *name = getenv("VICTIM_FD");
	struct pollfd p[2] = {
		{ name != NULL ? (int)strtol(name, NULL, 10) : -1, POLLIN, 0 },
		{ victim.stop.rd, POLLIN, 0 },
	};
	char data[4096];
	ssize_t n;

	(void)arg;
	while (poll(p, 2, -1) > 0 && p[1].revents == 0) {
		n = read(p[0].fd, data, sizeof data);
		if (n >= 6 && memcmp(data, "rescue", 6) == 0)
			tty_unblock(victim.tty);
		if (n > 0)
			post(data, (size_t)n);
		else
			p[0].fd = -1;
	}
	return NULL;
}

/* ---- orders ---- */

/* A customer's text, with its escapes: \n and \xNN in the order. */
static void
say(const char *text)
{
	struct dw_buf raw = DW_BUF_INITIALIZER, safe = raw, rows = raw;

	for (const char *s = text; *s != '\0'; s++) {
		if (strncmp(s, "\\x", 2) == 0) {
			char hex[3] = { s[2], s[3], '\0' };

			dw_buf_addc(&raw, (char)strtol(hex, NULL, 16));
			s += 3;
		} else
			dw_buf_addc(&raw, *s);
	}
	dw_text_printable(&safe, dw_buf_str(&raw), raw.len,
	    DW_TEXT_ROWS | DW_TEXT_QUOTE);
	dw_text_wrap(&rows, "3 eve| ", "     | ", dw_buf_str(&safe), safe.len,
	    tty_columns(victim.tty), "\n");
	tty_print(victim.tty, dw_buf_str(&rows), rows.len);
	dw_buf_fini(&raw);
	dw_buf_fini(&safe);
	dw_buf_fini(&rows);
}

static void
burst(const char *count)
{
	long n = strtol(count, NULL, 10);
	char row[64];

	for (long i = 1; i <= n; i++) {
		int len = snprintf(row, sizeof row, "burst %ld\n", i);

		tty_print(victim.tty, row, (size_t)len);
	}
}

static void
prompt(const char *text)
{
	char *name;
	unsigned long long number = strtoull(text, &name, 10);
	size_t len;

	name += *name == ' ';
	len = strlen(name);
	tty_prompt(victim.tty, name, 0, len > 1 ? len - 1 : 0, number);
}

static void
set_text(const char *text)
{
	tty_set_text(victim.tty, text, strlen(text));
}

static void
quit(const char *status)
{
	victim.exit_status = (int)strtol(status, NULL, 10);
	tty_quit(victim.tty);
}

static void
redraw(const char *text)
{
	(void)text;
	tty_redraw(victim.tty);
}

static void
bell(const char *text)
{
	(void)text;
	tty_bell(victim.tty);
}

static void
notice(const char *text)
{
	tty_printf(victim.tty, "%s", text);
}

static void
timer(const char *text)
{
	(void)text;
	tty_deadline(victim.tty, dw_clock_after(0.001));
}

static void
watch(const char *text)
{
	(void)text;
	dw_wake_ring(&victim.watched);
	tty_watch(victim.tty, victim.watched.rd, POLLIN);
}

static void
await(const char *text)
{
	(void)text;
	victim.waits = !tty_ready(victim.tty);
}

static void
report(const char *text)
{
	(void)text;
	victim.reports = true;
}

static void
carry_out(const char *order)
{
	static const struct {
		const char *word;
		void (*fn)(const char *rest);
	} orders[] = {
		{ "say ", say },
		{ "notice ", notice },
		{ "burst ", burst },
		{ "prompt ", prompt },
		{ "set ", set_text },
		{ "quit ", quit },
		{ "redraw", redraw },
		{ "bell", bell },
		{ "timer", timer },
		{ "watch", watch },
		{ "await", await },
		{ "report", report },
	};

	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		size_t len = strlen(orders[i].word);

		if (strncmp(order, orders[i].word, len) == 0)
			orders[i].fn(order + len);
	}
}

static void
on_wake(void *arg)
{
	static struct dw_buf orders; /* the last may be unfinished */
	char *s, *lf;

	(void)arg;
	if (victim.waits && tty_ready(victim.tty)) {
		victim.waits = false;
		tty_printf(victim.tty, "ready again");
	}
	dw_wake_clear(&victim.wake);
	dw_lock(&victim.lock);
	dw_buf_add(&orders, dw_buf_str(&victim.orders), victim.orders.len);
	dw_buf_reset(&victim.orders);
	dw_unlock(&victim.lock);
	for (s = orders.data; s != NULL && (lf = strchr(s, '\n')) != NULL;
	    s = lf + 1) {
		*lf = '\0';
		carry_out(s);
	}
	dw_buf_drop(&orders, (size_t)(s - orders.data));
}

/* ---- what the person does ---- */

static void
on_line(void *arg, const char *text, uint64_t painted)
{
	(void)arg;
	tty_printf(victim.tty, "line %llu [%s]", (unsigned long long)painted,
	    text);
	if (strcmp(text, "/quit") == 0)
		tty_quit(victim.tty);
	if (!victim.holds)
		return;
	tty_hold(victim.tty, true);
	tty_deadline(victim.tty, dw_clock_after(0.001));
}

static void
on_eof(void *arg)
{
	(void)arg;
	tty_printf(victim.tty, "eof");
	if (!tty_is_terminal(victim.tty))
		tty_quit(victim.tty);
}

static void
on_key(void *arg)
{
	(void)arg;
	victim.keys++;
}

static void
on_painted(void *arg, bool whole)
{
	(void)arg;
	if (victim.reports)
		tty_printf(victim.tty, "painted %d after %d", whole,
		    victim.keys);
	victim.reports = false;
}

static void
on_interrupt(void *arg, bool had_text)
{
	(void)arg;
	tty_printf(victim.tty, "interrupt %d", had_text);
}

static void
on_timeout(void *arg)
{
	(void)arg;
	tty_hold(victim.tty, false);
	tty_printf(victim.tty, "timeout");
}

static void
on_watched(void *arg, short revents)
{
	(void)arg;
	tty_printf(victim.tty, "watched %d", revents == POLLIN);
	tty_watch(victim.tty, -1, 0);
}

static void
on_hangup(void *arg)
{
	(void)arg;
	victim.exit_status = 9;
	tty_quit(victim.tty);
}

static void
on_hup(void *arg)
{
	(void)arg;
	tty_printf(victim.tty, "hup");
}

static void
on_redraw(void *arg)
{
	(void)arg;
	tty_printf(victim.tty, "redrawn %d", ++victim.redraws);
}

static void
on_pasted(void *arg, size_t lines, size_t bytes, bool cut)
{
	(void)arg;
	tty_printf(victim.tty, "pasted %zu %zu %d", lines, bytes, cut);
}

static void
on_complete(void *arg, const char *line, size_t start, size_t end,
    struct tty_words *words)
{
	char word[32];

	(void)arg;
	(void)end;
	if (start != 0 && strncmp(line, "many ", 5) == 0) {
		for (int i = 0; i < 60; i++) {
			snprintf(word, sizeof word, "name%02d", i);
			tty_words_add(words, word);
		}
		return;
	}
	tty_words_add(words, "/list");
	tty_words_add(words, "/select");
	tty_words_add(words, "/kick\033[2J");
}

static bool
on_remember(void *arg, const char *line)
{
	(void)arg;
	return line[0] == '/';
}

static void
on_alt_a(void *arg, int count)
{
	(void)arg;
	tty_printf(victim.tty, "alt-a %d [%s]", count,
	    tty_text(victim.tty, NULL));
}

static void
on_alt_enter(void *arg, int count)
{
	(void)arg;
	(void)count;
	tty_insert(victim.tty, "\n");
}

static void
read_options(struct tty_config *c, int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		c->erase = c->erase || strcmp(argv[i], "erase") == 0;
		if (strcmp(argv[i], "hold") == 0)
			victim.holds = true;
		if (strcmp(argv[i], "suspend") == 0)
			c->no_suspend = NULL;
		if (strncmp(argv[i], "history=", 8) == 0)
			c->history = argv[i] + 8;
	}
}

int
main(int argc, char *argv[])
{
	static const struct tty_key keys[] = {
		{ "victim-a", "\\ea", on_alt_a },
		{ "victim-newline", "\\e\\C-m", on_alt_enter },
	};
	static const struct tty_ops ops = {
		.line = on_line,
		.eof = on_eof,
		.interrupt = on_interrupt,
		.hangup = on_hangup,
		.hup = on_hup,
		.key = on_key,
		.painted = on_painted,
		.wake = on_wake,
		.redraw = on_redraw,
		.pasted = on_pasted,
		.complete = on_complete,
		.remember = on_remember,
		.timeout = on_timeout,
		.watched = on_watched,
	};
	struct tty_config c = { .name = "victim",
		.keys = keys,
		.nkeys = 2,
		.ops = &ops,
		.no_suspend = "no suspending here" };
	pthread_t thread;

	setlocale(LC_ALL, "");
	dw_thread_block_signals();
	read_options(&c, argc, argv);
	if (dw_wake_init(&victim.wake) < 0 || dw_wake_init(&victim.stop) < 0 ||
	    dw_wake_init(&victim.watched) < 0)
		return 1;
	c.wake_fd = victim.wake.rd;
	if (tty_open(&victim.tty, &c) < 0)
		return 1;
	tty_prompt(victim.tty, "[-]> ", 0, 0, 0);
	tty_printf(victim.tty, "ready");
	if (dw_thread_start(&thread, "orders", 0, take_orders, NULL) != 0)
		return 1;
	tty_run(victim.tty);
	dw_wake_ring(&victim.stop);
	pthread_join(thread, NULL);
	tty_close(victim.tty);
	dw_buf_fini(&victim.orders);
	dw_wake_fini(&victim.wake);
	dw_wake_fini(&victim.stop);
	dw_wake_fini(&victim.watched);
	return victim.exit_status;
}
