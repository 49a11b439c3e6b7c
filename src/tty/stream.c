/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file is readline's output stream.  Where a stream can have a function
 * for its end, its buffer empties into `out`.  Otherwise it is one in memory,
 * whose bytes tty_stream_flush() moves to `out`; that is called at the end of
 * whatever writes, so it holds a repaint at most.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "tty/internal.h"

#define STREAM_BYTES ((size_t)64 << 10)

#ifdef HAVE_FOPENCOOKIE

static ssize_t
to_out(void *cookie, const char *data, size_t len)
{
	tty_out_add(cookie, data, len);
	return (ssize_t)len;
}

FILE *
tty_stream_open(struct tty_stream *s, struct tty_out *out)
{
	const cookie_io_functions_t io = { .write = to_out };

	if ((s->file = fopencookie(out, "w", io)) != NULL)
		setvbuf(s->file, NULL, _IOFBF, STREAM_BYTES);
	return s->file;
}

void
tty_stream_flush(struct tty_stream *s)
{
	fflush(s->file);
}

#else

FILE *
tty_stream_open(struct tty_stream *s, struct tty_out *out)
{
	s->out = out;
	s->file = open_memstream(&s->data, &s->len);
	return s->file;
}

void
tty_stream_flush(struct tty_stream *s)
{
	long n = fflush(s->file) == 0 ? ftell(s->file) : 0;

	/* Not s->len, which may be what it was before the last rewind. */
	if (n > 0)
		tty_out_add(s->out, s->data, (size_t)n);
	rewind(s->file);
}

#endif

void
tty_stream_close(struct tty_stream *s)
{
	if (s->file == NULL)
		return;
	tty_stream_flush(s);
	fclose(s->file);
	free(s->data);
	*s = (struct tty_stream){ NULL, NULL, NULL, 0 };
}
