/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file runs ssh with a socket as its standard input and output.  Before the
 * operator protocol the relay says one row, by which it is known that ssh is
 * through; what a shell's start-up files said before that row is passed over.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/text.h"
#include "bin/ssh.h"

#define SSH_MAGIC     0x55a11e57u
#define AGAIN_SECONDS 10.0          /* for a link that was lost */
#define SLICE_NS      (200 * DW_MS) /* between two looks for a signal */
#define END_NS        (DW_SECOND)   /* that ssh has to end by itself */
#define STEP_NS       (10 * DW_MS)

extern char **environ;

/* What the relay says first; relay.c. */
static const char greeting[] = "{\"op\":\"relay\"";

/* ---- the process ---- */

/* All options are ours, and no word of the address is taken for one. */
static int
spawn(struct ssh_link *l, posix_spawn_file_actions_t *files,
    posix_spawnattr_t *attr)
{
	char *argv[32];
	size_t n = 0;
	const char *const fixed[] = { "ssh", "-T", "-o",
		"ServerAliveInterval=5", "-o", "ServerAliveCountMax=3", "-o",
		"ControlMaster=no", "-o", "ConnectTimeout=10", "-o",
		"ClearAllForwardings=yes", "-o", "RemoteCommand=none" };

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		argv[n++] = (char *)fixed[i];
	if (l->again) {
		argv[n++] = (char *)"-o";
		argv[n++] = (char *)"BatchMode=yes";
	}
	if (l->to.user[0] != '\0') {
		argv[n++] = (char *)"-l";
		argv[n++] = l->to.user;
	}
	if (l->to.port[0] != '\0') {
		argv[n++] = (char *)"-p";
		argv[n++] = l->to.port;
	}
	argv[n++] = (char *)"--";
	argv[n++] = l->to.host;
	argv[n++] = (char *)"deskwire relay";
	argv[n] = NULL;
	assert(n < sizeof argv / sizeof argv[0]);
	return posix_spawnp(&l->pid, "ssh", files, attr, argv, environ);
}

/* In a group of its own Ctrl-C at the console does not reach it; with the usual
 * signals, as all of ours are blocked. */
static int
start_with(struct ssh_link *l, int socket, int err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t set;
	int r;

	if ((r = posix_spawn_file_actions_init(&files)) != 0)
		return r;
	if ((r = posix_spawnattr_init(&attr)) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return r;
	}
	/* Nobody would wake one that was stopped at a password. */
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	posix_spawnattr_setsigmask(&attr, &set);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETSIGDEF);
	if ((r = posix_spawn_file_actions_adddup2(&files, socket, 0)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&files, socket, 1)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&files, err, 2)) == 0)
		r = spawn(l, &files, &attr);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return r;
}

/* Nobody but ssh gets these ends. */
static int
open_pipe(int fds[2])
{
	if (pipe(fds) < 0)
		return errno;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	return 0;
}

/* Returns our end of its standard input and output; or NULL and an errno. */
static struct sks_socket *
start(struct ssh_link *l, int *error)
{
	struct sks_socket *ours, *theirs;
	int err[2];

	*error = EMFILE;
	if (sks_socketpair(&ours, &theirs) < 0)
		return NULL;
	if ((*error = open_pipe(err)) == 0) {
		*error = start_with(l, sks_fileno(theirs), err[1]);
		close(err[1]);
		l->said = err[0];
	}
	sks_socket_free(theirs);
	if (*error == 0)
		return ours;
	sks_socket_free(ours);
	l->pid = 0;
	return NULL;
}

static bool
has_ended(struct ssh_link *l)
{
	pid_t r = waitpid(l->pid, &l->status, WNOHANG);

	if (r == 0 || (r < 0 && errno == EINTR))
		return false;
	l->pid = 0;
	return true;
}

static void
wait_for_end(struct ssh_link *l)
{
	static const struct timespec step = { 0, STEP_NS };
	int64_t until = dw_clock_ns() + END_NS;

	dw_may_block("waitpid");
	while (l->pid != 0 && !has_ended(l) && dw_clock_ns() < until)
		nanosleep(&step, NULL);
}

/* Asks it first: one that reads a password has changed the terminal. */
static void
end(struct ssh_link *l)
{
	if (l->pid != 0 && !has_ended(l)) {
		kill(l->pid, SIGTERM);
		wait_for_end(l);
	}
	if (l->pid != 0) {
		kill(l->pid, SIGKILL);
		wait_for_end(l);
	}
	if (l->said >= 0)
		close(l->said);
	l->said = -1;
}

/* ---- what it says ---- */

/* Keeps the last row that is not empty. */
static void
take_said(struct ssh_link *l, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool ends = text[i] == '\n' || text[i] == '\r';

		/* A new row takes the place of the one before. */
		if (!ends && l->len > 0 && l->row[l->len - 1] == '\n')
			l->len = 0;
		if ((ends && l->len == 0) ||
		    (l->len > 0 && l->row[l->len - 1] == '\n'))
			continue;
		if (ends || l->len < sizeof l->row - 1)
			l->row[l->len++] = ends ? '\n' : text[i];
	}
}

/* Returns false at its end. */
static bool
read_said(struct ssh_link *l)
{
	char buf[512];
	ssize_t n;

	while ((n = read(l->said, buf, sizeof buf)) > 0)
		take_said(l, buf, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void
say_why(struct ssh_link *l, const char *otherwise)
{
	struct dw_buf row = DW_BUF_INITIALIZER;
	size_t len = l->len;

	if (len > 0 && l->row[len - 1] == '\n')
		len--;
	if (len > 0 && dw_text_line(&row, l->row, len, 400) == 0)
		snprintf(l->why, sizeof l->why, "%s", dw_buf_str(&row));
	else
		snprintf(l->why, sizeof l->why, "%s", otherwise);
	dw_buf_fini(&row);
}

/* ---- until the relay is there ---- */

/* What comes over the link before the protocol does: so much of the relay's own
 * row has come last.  It may stand behind words that had no end of row. */
struct preamble {
	size_t matched;
};

/* Is it the end of the relay's own row?  Its first byte is in it only once. */
static bool
take_byte(struct preamble *p, char c)
{
	if (p->matched == sizeof greeting - 1)
		return c == '\n';
	p->matched =
	    c == greeting[p->matched] ? p->matched + 1 : c == greeting[0];
	return false;
}

/* Returns 1 when it is there, 0 when there is more to come, and -1 at the end. */
static int
read_preamble(struct sks_socket *s, struct preamble *p)
{
	char c;

	/* Not one byte of what follows. */
	if (sks_recv_deadline(s, &c, 1, sks_after(1)) != 1)
		return -1;
	return take_byte(p, c) ? 1 : 0;
}

/* All signals are blocked, and nobody takes them yet. */
static bool
is_signalled(void)
{
	sigset_t set;

	return sigpending(&set) == 0 &&
	    (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) ||
		sigismember(&set, SIGHUP));
}

static int
look(struct ssh_link *l, struct sks_socket *s, struct preamble *p,
    int64_t deadline_ns)
{
	struct pollfd fds[] = { { sks_fileno(s), POLLIN, 0 },
		{ l->said, POLLIN, 0 } };
	int64_t slice = l->again ? deadline_ns : dw_clock_ns() + SLICE_NS;

	if (poll(fds, 2,
		dw_clock_poll_ms(dw_clock_sooner(slice, deadline_ns))) < 0)
		return 0;
	if (fds[1].revents != 0 && !read_said(l)) {
		close(l->said);
		l->said = -1; /* poll() passes over it */
	}
	return fds[0].revents != 0 ? read_preamble(s, p) : 0;
}

/* Returns whether it is there. */
static bool
wait_for_relay(struct ssh_link *l, struct sks_socket *s)
{
	struct preamble p = { .matched = 0 };
	int64_t deadline = l->again ? dw_clock_after(AGAIN_SECONDS) : DW_NEVER;
	int r = 0;

	dw_may_block("poll");
	while (r == 0 && dw_clock_ns() < deadline &&
	    (l->again || !is_signalled()))
		r = look(l, s, &p, deadline);
	if (r < 0) {
		/* Its last words may come behind the end. */
		wait_for_end(l);
		if (l->said >= 0)
			(void)read_said(l);
	}
	return r > 0;
}

/* ---- the terminal ---- */

/* Makes the group that of the terminal, if the terminal is ours. */
static void
lend_terminal(pid_t from, pid_t to)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* SIGTTOU is blocked. */
	if (tcgetpgrp(fd) == from)
		(void)tcsetpgrp(fd, to);
	close(fd);
}

static bool
wait_at_terminal(struct ssh_link *l, struct sks_socket *s)
{
	pid_t group = l->pid;
	bool there;

	lend_terminal(getpgrp(), group);
	/* It may have looked for the terminal before that was its own. */
	kill(-group, SIGCONT);
	there = wait_for_relay(l, s);
	lend_terminal(group, getpgrp());
	return there;
}

/* ---- the link ---- */

int
ssh_link_init(struct ssh_link *l, const struct options *o)
{
	const char *why;

	memset(l, 0, sizeof *l);
	l->magic = SSH_MAGIC;
	l->said = -1;
	l->text = o->args[0];
	if (o->operator_socket != NULL || o->desk_user != NULL) {
		print_error(
		    _("--operator-socket and --desk-user are for a desk "
		      "on this machine, and not for %s"),
		    "ssh://");
		return DW_STATUS_USAGE;
	}
	if (ssh_address_parse(&l->to, l->text, &why) == 0)
		return DW_STATUS_OK;
	print_error("%s", why);
	return DW_STATUS_USAGE;
}

void
ssh_link_fini(struct ssh_link *l)
{
	end(l);
}

static void
no_ssh(struct ssh_link *l, int error)
{
	snprintf(l->why, sizeof l->why,
	    error == ENOENT ?
		_("there is no program ssh here; Debian's package is "
		  "openssh-client") :
		_("ssh cannot be started: %s"),
	    strerror(error));
}

struct sks_socket *
ssh_link_connect(void *arg, const char **why)
{
	struct ssh_link *l = arg;
	struct sks_socket *s;
	int error;

	assert(l->magic == SSH_MAGIC);
	end(l);
	l->len = 0;
	*why = l->why;
	if ((s = start(l, &error)) == NULL) {
		no_ssh(l, error);
		return NULL;
	}
	if (l->again ? wait_for_relay(l, s) : wait_at_terminal(l, s)) {
		l->again = true;
		return s;
	}
	say_why(l, _("ssh has ended without a word"));
	sks_socket_free(s);
	end(l);
	return NULL;
}

/* The relay's own status comes through. */
int
ssh_link_failed(const struct ssh_link *l, const char *why)
{
	print_error(_("there is no desk at %s: %s"), l->text, why);
	return WIFEXITED(l->status) &&
		WEXITSTATUS(l->status) == DW_STATUS_REFUSED ?
	    DW_STATUS_REFUSED :
	    DW_STATUS_FAILED;
}
