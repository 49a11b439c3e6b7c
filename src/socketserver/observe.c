/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>

#include "base/clock.h"
#include "socketserver/observe.h"
#include "socketserver/socket.h"
#include "socketserver/utf8.h"

int64_t (*sks_observe_clock)(void) = dw_clock_wall_ms;

void
sks_observe(struct sks_socket *s, enum sks_side side, sks_observe_fn *fn,
    void *arg)
{
	struct sks_observer *o = &s->observer;

	o->side = side;
	o->fn = fn;
	o->arg = arg;
}

void
sks_observe_tell(struct sks_socket *s, enum sks_direction direction,
    const void *data, size_t len)
{
	const struct sks_observer *o = &s->observer;
	struct sks_observation seen;

	if (o->fn == NULL)
		return;
	seen.side = o->side;
	seen.direction = direction;
	seen.wall_ms = sks_observe_clock();
	seen.data = data;
	seen.len = len;
	o->fn(&seen, o->arg);
}

static void
put(FILE *f, const char *text)
{
	for (; *text != '\0'; text++)
		putc_unlocked(*text, f);
}

static void
put_escaped(FILE *f, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	putc_unlocked('\\', f);
	if (byte == '\n') {
		putc_unlocked('n', f);
		return;
	}
	putc_unlocked('x', f);
	putc_unlocked(digits[byte >> 4], f);
	putc_unlocked(digits[byte & 15], f);
}

/* Would the character at s move the cursor or command the terminal? */
static int
is_control(const char *s)
{
	unsigned char c = (unsigned char)s[0];

	if (c == 0xC2)
		return (unsigned char)s[1] < 0xA0;
	return (c < ' ' && c != '\t') || c == 0x7F;
}

static void
put_data(FILE *f, const char *s, size_t len)
{
	enum sks_utf8_rest rest;
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		n = sks_utf8_one(s + at, len - at, &rest);
		if (n == 0 || is_control(s + at)) {
			put_escaped(f, (unsigned char)s[at]);
			n = 1;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			putc_unlocked(s[at + i], f);
	}
}

void
sks_observe_print(const struct sks_observation *o, void *file)
{
	char stamp[DW_CLOCK_STAMP];
	FILE *f = file;

	dw_clock_stamp(o->wall_ms, stamp);
	flockfile(f);
	put(f, o->side == SKS_SERVER ? "Server " : "Client ");
	put(f, o->direction == SKS_RECEIVED ? "received ==> " : "send --> ");
	put(f, stamp);
	put(f, " - ");
	put_data(f, o->data, o->len);
	putc_unlocked('\n', f);
	funlockfile(f);
}
