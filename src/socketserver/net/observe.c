/* SPDX-License-Identifier: BSD-2-Clause */
/* This file tells observers what passes through a socket, and prints it as the
 * tutorial does. */
#include "config.h"

#include <stdio.h>

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"
#include "socketserver/net/text.h"

int64_t (*sks_observe_clock)(void) = dw_clock_wall_ms;

int
sks_observe(struct sks_socket *s, enum sks_side side, sks_observe_fn *fn,
    void *arg)
{
	struct sks_observer *o = &s->observer;

	if (sks_check_enum(side, SKS_CLIENT + 1, "no such side") < 0)
		return SKS_EINVAL;
	o->side = side;
	o->fn = fn;
	o->arg = arg;
	return 0;
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
write_text(FILE *f, const char *text)
{
	for (; *text != '\0'; text++)
		putc_unlocked(*text, f);
}

static void
write_printable(FILE *f, const char *s, size_t len)
{
	char one[SKS_PRINTABLE_ONE];
	size_t n;

	for (size_t at = 0; at < len;) {
		at += sks_printable_one(s + at, len - at, one, &n);
		for (size_t i = 0; i < n; i++)
			putc_unlocked(one[i], f);
	}
}

void
sks_observe_print(const struct sks_observation *o, void *file)
{
	char stamp[DW_CLOCK_STAMP];
	FILE *f = file;

	dw_clock_stamp(o->wall_ms, stamp);
	flockfile(f);
	write_text(f, o->side == SKS_SERVER ? "Server " : "Client ");
	write_text(f,
	    o->direction == SKS_RECEIVED ? "received ==> " : "send --> ");
	write_text(f, stamp);
	write_text(f, " - ");
	write_printable(f, o->data, o->len);
	putc_unlocked('\n', f);
	funlockfile(f);
}
