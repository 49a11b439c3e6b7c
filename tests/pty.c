/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file runs a program on a pseudo-terminal, with libvterm as its screen. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "base/buf.h"
#include "base/clock.h"
#include "pty.h"

/* Where the reader for strays stands in the stream. */
enum scan { GROUND, ESCAPE, CHARSET, CSI, STRING, STRING_ESCAPE };

struct pty {
	int fd;
	pid_t pid;
	bool eof;
	bool reaped;
	int status;
	size_t bytes;
	VTerm *vt;
	VTermScreen *screen;
	int rows, cols;
	int wanted_col;           /* pty_wait_at() */
	struct dw_buf scrollback; /* rows, each ended by LF */
	struct dw_buf row;        /* what pty_row() returned last */
	struct dw_buf all;        /* what pty_all() returned last */

	enum scan scan;
	char seq[64]; /* the sequence being read */
	size_t seq_len;
	unsigned char before; /* the byte before this one */
	struct dw_buf stray;
	int bells, escapes, sgrs;
};

/* ---- what was sent ---- */

static void
stray(struct pty *p, const char *kind)
{
	dw_buf_addf(&p->stray, "%s[", kind);
	for (size_t i = 0; i < p->seq_len; i++)
		dw_buf_addf(&p->stray, "%02x ", (unsigned char)p->seq[i]);
	dw_buf_adds(&p->stray, "] ");
}

static bool
csi_is_known(const char *args, char final)
{
	if (final == 'h' || final == 'l')
		return strcmp(args, "?2004") == 0;
	if (strspn(args, "0123456789;") != strlen(args))
		return false;
	return strchr("ABCDGHJKP@Xm", final) != NULL;
}

static void
csi_end(struct pty *p, char final)
{
	p->seq[p->seq_len] = '\0';
	p->sgrs += final == 'm';
	if (!csi_is_known(p->seq, final)) {
		p->seq[p->seq_len++] = final;
		stray(p, "CSI");
	}
	p->scan = GROUND;
}

static void
scan_ground(struct pty *p, unsigned char c)
{
	p->seq_len = 0;
	if (c == 0x1B)
		p->scan = ESCAPE;
	else if (c == '\a')
		p->bells++;
	else if ((c < 0x20 && strchr("\b\t\r\n", c) == NULL) || c == 0x7F ||
	    c == 0 || (p->before == 0xC2 && c >= 0x80 && c < 0xA0)) {
		p->seq[p->seq_len++] = (char)c;
		stray(p, "control");
	}
}

static void
scan_escape(struct pty *p, unsigned char c)
{
	p->scan = GROUND;
	p->escapes++;
	if (c == '[')
		p->scan = CSI;
	else if (c == '(')
		p->scan = CHARSET;
	else {
		p->seq[p->seq_len++] = (char)c;
		stray(p, "ESC");
		if (strchr("]PX^_", c) != NULL)
			p->scan = STRING;
	}
}

static void
scan_byte(struct pty *p, unsigned char c)
{
	if (p->scan == GROUND)
		scan_ground(p, c);
	else if (p->scan == ESCAPE)
		scan_escape(p, c);
	else if (p->scan == CHARSET)
		p->scan = GROUND; /* sgr0 of xterm has ESC ( B */
	else if (p->scan == CSI && c >= 0x40 && c < 0x7F)
		csi_end(p, (char)c);
	else if (p->scan == CSI && p->seq_len < sizeof p->seq - 2)
		p->seq[p->seq_len++] = (char)c;
	else if (p->scan == STRING && (c == '\a' || c == 0x1B))
		p->scan = c == 0x1B ? STRING_ESCAPE : GROUND;
	else if (p->scan == STRING_ESCAPE)
		p->scan = GROUND;
	p->before = c;
}

/* ---- the screen ---- */

static void
add_utf8(struct dw_buf *b, uint32_t c)
{
	if (c < 0x80)
		dw_buf_addc(b, (char)c);
	else if (c < 0x800)
		dw_buf_addf(b, "%c%c", (char)(0xC0 | c >> 6),
		    (char)(0x80 | (c & 0x3F)));
	else if (c < 0x10000)
		dw_buf_addf(b, "%c%c%c", (char)(0xE0 | c >> 12),
		    (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F)));
	else
		dw_buf_addf(b, "%c%c%c%c", (char)(0xF0 | c >> 18),
		    (char)(0x80 | (c >> 12 & 0x3F)),
		    (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F)));
}

static void
add_cell(struct dw_buf *b, const VTermScreenCell *cell)
{
	if (cell->chars[0] == (uint32_t)-1)
		return; /* the right half of a wide one */
	if (cell->chars[0] == 0)
		dw_buf_addc(b, ' ');
	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++)
		add_utf8(b, cell->chars[i]);
}

static void
trim_blanks(struct dw_buf *b, size_t start)
{
	while (b->len > start && b->data[b->len - 1] == ' ')
		b->data[--b->len] = '\0';
}

static int
on_push(int cols, const VTermScreenCell *cells, void *user)
{
	struct pty *p = user;
	size_t start = p->scrollback.len;

	for (int i = 0; i < cols; i++)
		add_cell(&p->scrollback, &cells[i]);
	trim_blanks(&p->scrollback, start);
	dw_buf_addc(&p->scrollback, '\n');
	return 1;
}

static void
add_row(struct pty *p, struct dw_buf *b, int n)
{
	size_t start = b->len;
	VTermScreenCell cell;
	VTermPos pos = { .row = n, .col = 0 };

	for (; pos.col < p->cols; pos.col++) {
		vterm_screen_get_cell(p->screen, pos, &cell);
		add_cell(b, &cell);
	}
	trim_blanks(b, start);
}

static void
screen_open(struct pty *p)
{
	static const VTermScreenCallbacks cbs = { .sb_pushline = on_push };

	p->vt = vterm_new(p->rows, p->cols);
	vterm_set_utf8(p->vt, 1);
	p->screen = vterm_obtain_screen(p->vt);
	vterm_screen_set_callbacks(p->screen, &cbs, p);
	vterm_screen_reset(p->screen, 1);
}

/* ---- the program ---- */

/* (Not forkpty(): its header has the name of ours.) */
static int
open_master(const struct winsize *ws)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (grantpt(fd) < 0 || unlockpt(fd) < 0 ||
	    ioctl(fd, TIOCSWINSZ, ws) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool
pty_is_missing(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && grantpt(fd) == 0 && ptsname(fd) != NULL) {
		close(fd);
		return false;
	}
	if (fd >= 0)
		close(fd);
	puts("1..0 # SKIP there is no pseudo-terminal here");
	return true;
}

/* The other side becomes the controlling terminal and 0, 1 and 2. */
static void
take_terminal(int master)
{
	const char *name = ptsname(master);
	int fd;

	setsid();
	if (name == NULL || (fd = open(name, O_RDWR)) < 0 ||
	    ioctl(fd, TIOCSCTTY, 0) < 0)
		_exit(126);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static void
run_child(char *const argv[], const char *const env[])
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("TERM", "xterm-256color", 1);
	setenv("INPUTRC", "/dev/null", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (; env != NULL && *env != NULL; env++) {
		char *name = strdup(*env), *eq = strchr(name, '=');

		*eq = '\0';
		setenv(name, eq + 1, 1);
	}
	execv(argv[0], argv);
	_exit(127);
}

struct pty *
pty_start(char *const argv[], int rows, int cols, const char *const env[])
{
	struct winsize ws = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };
	struct pty *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->rows = rows;
	p->cols = cols;
	if ((p->fd = open_master(&ws)) < 0 || (p->pid = fork()) < 0) {
		if (p->fd >= 0)
			close(p->fd);
		free(p);
		return NULL;
	}
	if (p->pid == 0) {
		take_terminal(p->fd);
		run_child(argv, env);
	}
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	screen_open(p);
	return p;
}

static void
take(struct pty *p, const char *data, size_t len)
{
	p->bytes += len;
	for (size_t i = 0; i < len; i++)
		scan_byte(p, (unsigned char)data[i]);
	vterm_input_write(p->vt, data, len);
}

void
pty_pump(struct pty *p)
{
	char data[65536];
	ssize_t n;

	while (!p->eof) {
		n = read(p->fd, data, sizeof data);
		if (n > 0)
			take(p, data, (size_t)n);
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			break;
		else
			p->eof = true;
	}
}

/* Waits for output.  Returns false when there will be none in time. */
static bool
more(struct pty *p, int64_t deadline)
{
	struct pollfd pfd = { p->fd, POLLIN, 0 };
	int left = dw_clock_poll_ms(deadline);

	return !p->eof && left > 0 && poll(&pfd, 1, left) > 0;
}

void
pty_type_bytes(struct pty *p, const void *bytes, size_t len)
{
	const char *s = bytes;
	int64_t deadline = dw_clock_after(10);

	while (len != 0 && !p->eof && dw_clock_ns() < deadline) {
		struct pollfd pfd = { p->fd, POLLIN | POLLOUT, 0 };
		ssize_t n;

		poll(&pfd, 1, 100);
		if ((pfd.revents & POLLIN) != 0)
			pty_pump(p);
		n = write(p->fd, s, len);
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
}

void
pty_type(struct pty *p, const char *text)
{
	pty_type_bytes(p, text, strlen(text));
}

/* ---- looking ---- */

const char *
pty_row(struct pty *p, int n)
{
	dw_buf_reset(&p->row);
	add_row(p, &p->row, n);
	return dw_buf_str(&p->row);
}

bool
pty_has(struct pty *p, const char *text)
{
	for (int i = 0; i < p->rows; i++)
		if (strstr(pty_row(p, i), text) != NULL)
			return true;
	return false;
}

static VTermPos
cursor(struct pty *p)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(p->vt), &pos);
	return pos;
}

int
pty_cursor_row(struct pty *p)
{
	return cursor(p).row;
}

int
pty_cursor_col(struct pty *p)
{
	return cursor(p).col;
}

const char *
pty_all(struct pty *p)
{
	dw_buf_reset(&p->all);
	dw_buf_add(&p->all, dw_buf_str(&p->scrollback), p->scrollback.len);
	for (int i = 0; i < p->rows; i++) {
		add_row(p, &p->all, i);
		dw_buf_addc(&p->all, '\n');
	}
	return dw_buf_str(&p->all);
}

int
pty_count_rows(struct pty *p, const char *text)
{
	const char *s = pty_all(p);
	size_t len = strlen(text);
	int n = 0;

	for (const char *lf; (lf = strchr(s, '\n')) != NULL; s = lf + 1)
		n += (size_t)(lf - s) == len && memcmp(s, text, len) == 0;
	return n;
}

/* ---- waiting ---- */

static bool
has(struct pty *p, const char *text)
{
	return pty_has(p, text);
}

static bool
has_not(struct pty *p, const char *text)
{
	return !pty_has(p, text);
}

static bool
line_is(struct pty *p, const char *text)
{
	return strcmp(pty_row(p, pty_cursor_row(p)), text) == 0;
}

static bool
line_is_at(struct pty *p, const char *text)
{
	return line_is(p, text) && pty_cursor_col(p) == p->wanted_col;
}

static bool
had(struct pty *p, const char *text)
{
	return strstr(pty_all(p), text) != NULL;
}

static void
say_screen(struct pty *p, const char *text)
{
	fprintf(stderr, "# waited in vain for \"%s\"; the screen is\n", text);
	for (int i = 0; i < p->rows; i++)
		fprintf(stderr, "# %s%s\n", i == pty_cursor_row(p) ? ">" : "|",
		    pty_row(p, i));
}

static bool
wait_for(struct pty *p, bool (*holds)(struct pty *p, const char *text),
    const char *text, double seconds)
{
	int64_t deadline = dw_clock_after(seconds);

	for (;;) {
		pty_pump(p);
		if (holds(p, text))
			return true;
		if (!more(p, deadline)) {
			say_screen(p, text);
			return false;
		}
	}
}

bool
pty_wait(struct pty *p, const char *text, double seconds)
{
	return wait_for(p, has, text, seconds);
}

bool
pty_wait_gone(struct pty *p, const char *text, double seconds)
{
	return wait_for(p, has_not, text, seconds);
}

bool
pty_wait_line(struct pty *p, const char *text, double seconds)
{
	return wait_for(p, line_is, text, seconds);
}

bool
pty_wait_at(struct pty *p, const char *text, int col, double seconds)
{
	p->wanted_col = col;
	return wait_for(p, line_is_at, text, seconds);
}

bool
pty_wait_ever(struct pty *p, const char *text, double seconds)
{
	return wait_for(p, had, text, seconds);
}

/* ---- the rest ---- */

void
pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };

	pty_pump(p);
	p->rows = rows;
	p->cols = cols;
	vterm_set_size(p->vt, rows, cols);
	ioctl(p->fd, TIOCSWINSZ, &ws);
}

int
pty_fd(struct pty *p)
{
	return p->fd;
}

pid_t
pty_pid(struct pty *p)
{
	return p->pid;
}

size_t
pty_bytes(struct pty *p)
{
	return p->bytes;
}

void
pty_hangup(struct pty *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->eof = true;
}

const char *
pty_stray(struct pty *p)
{
	pty_pump(p);
	return dw_buf_str(&p->stray);
}

int
pty_bells(struct pty *p)
{
	return p->bells;
}

int
pty_escapes(struct pty *p)
{
	return p->escapes;
}

int
pty_sgrs(struct pty *p)
{
	return p->sgrs;
}

static bool
reap(struct pty *p)
{
	pid_t r = p->reaped ? 0 : waitpid(p->pid, &p->status, WNOHANG);

	/* -1: the test has waited for it itself. */
	if (r == p->pid || r < 0)
		p->reaped = true;
	return p->reaped;
}

/* Its end shows as EOF here, or, after pty_hangup(), not at all: then look
 * every few milliseconds. */
int
pty_wait_exit(struct pty *p, double seconds)
{
	int64_t deadline = dw_clock_after(seconds);

	while (!reap(p) && dw_clock_ns() < deadline) {
		struct pollfd pfd = { p->eof ? -1 : p->fd, POLLIN, 0 };

		poll(&pfd, 1, 5);
		pty_pump(p);
	}
	pty_pump(p); /* what it wrote last */
	return p->reaped ? p->status : -1;
}

void
pty_end(struct pty *p)
{
	if (p == NULL)
		return;
	if (!reap(p)) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, &p->status, 0);
	}
	pty_hangup(p);
	vterm_free(p->vt);
	dw_buf_fini(&p->scrollback);
	dw_buf_fini(&p->row);
	dw_buf_fini(&p->all);
	dw_buf_fini(&p->stray);
	free(p);
}
