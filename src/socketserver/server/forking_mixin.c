/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SKS_FORKING: each conversation in a process of its own.
 *
 * The parent keeps the request on the list `children`, with the child's pid
 * and the reading end of a pipe whose writing end only the child has.  When
 * the child is gone the pipe is at its end, which wakes the loop; no signal is
 * used, so the application may do with SIGCHLD what it likes.  A pipe that is
 * at its end while the child still runs tells nothing more: the parent closes
 * it and looks by the clock, first after 1 ms, since usually the child was on
 * its way out.
 *
 * A pid is ours from fork() to the one waitpid() that reaps it, which takes it
 * off the list in the same hold of the lock; kill() happens under that lock
 * too.  So no pid that may already be somebody else's is ever used, and
 * nothing but these pids is ever waited for.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

/* Between asking a child to end and ending it. */
#define AFTER_TERM_NS DW_SECOND

/* How soon it is noticed at the latest that a child has ended whose pipe does
 * not tell: it was closed by the child, or is held open by a child of that. */
#define LOOK_NS (100 * DW_MS)

#ifdef DW_WITH_LINUX_EXTRAS

/* How many threads this process has, or 1 where the system does not tell. */
static unsigned
count_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	const struct dirent *e;
	unsigned n = 0;

	if (d == NULL)
		return 1;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

#else

static unsigned
count_threads(void)
{
	return 1;
}

#endif

int
sks_check_fork(struct sks_server *srv)
{
	if (srv->cfg.concurrency != SKS_FORKING || srv->cfg.fork_anyway)
		return 0;
	/* A thread that was joined is listed for a moment longer. */
	for (int tries = 0; tries < 20; tries++) {
		if (count_threads() <= 1)
			return 0;
		poll(NULL, 0, 1);
	}
	return sks_fail(SKS_ENOTSUP,
	    "a process that has other threads does "
	    "not fork (see fork_anyway)");
}

int
sks_children_full(struct sks_server *srv)
{
	int full;

	dw_lock(&srv->lock);
	full = srv->cfg.concurrency == SKS_FORKING &&
	    srv->stats.children >= srv->cfg.max_children;
	dw_unlock(&srv->lock);
	return full;
}

size_t
sks_children_polled(struct sks_server *srv, struct pollfd *p,
    int64_t *deadline_ns)
{
	size_t n = 0;
	int mute = 0;

	dw_lock(&srv->lock);
	DW_LIST_EACH(node, &srv->children) {
		int fd = DW_LIST_OF(node, struct sks_request, node)->pipe;

		p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		mute |= fd < 0;
	}
	dw_unlock(&srv->lock);
	if (mute || (n > 0 && sks_at_limit(srv))) {
		*deadline_ns = dw_clock_sooner(*deadline_ns,
		    dw_clock_ns() + (mute ? srv->look_ns : LOOK_NS));
		srv->look_ns = dw_clock_sooner(2 * srv->look_ns, LOOK_NS);
	}
	return n;
}

/* Returns 1 when it was a child's still.  While the loop polled, another thread
 * that closes the server may have reaped the child and closed the number. */
static int
take_pipe(struct sks_server *srv, int fd)
{
	int found = 0;

	dw_lock(&srv->lock);
	DW_LIST_EACH(node, &srv->children) {
		struct sks_request *req =
		    DW_LIST_OF(node, struct sks_request, node);

		if (req->pipe != fd)
			continue;
		req->pipe = -1;
		found = 1;
	}
	dw_unlock(&srv->lock);
	return found;
}

void
sks_children_heard(struct sks_server *srv, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i].revents == 0 || !take_pipe(srv, p[i].fd))
			continue;
		srv->look_ns = DW_MS;
		close(p[i].fd);
	}
}

static int
new_pipe(int fds[2])
{
	if (pipe(fds) < 0)
		return -errno;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static void
close_pipe(struct sks_request *req)
{
	if (req->pipe >= 0)
		close(req->pipe);
	req->pipe = -1;
}

/* --- the child --- */

/* A datagram's request is on the listener's socket. */
static void
close_listeners(struct sks_server *srv, const struct sks_request *mine)
{
	for (size_t i = 0; i < srv->n_listeners; i++) {
		struct sks_socket *s = srv->listeners[i].sock;

		if (s != NULL && s != mine->sock)
			sks_close(s);
	}
}

/* Those that wait for the loop, and the other children's. */
static void
forget_requests(struct sks_server *srv) DW_NO_TSA
{
	struct dw_list *node;

	while ((node = dw_list_take(&srv->adopted)) != NULL)
		sks_request_unref(DW_LIST_OF(node, struct sks_request, node));
	while ((node = dw_list_take(&srv->children)) != NULL) {
		struct sks_request *req =
		    DW_LIST_OF(node, struct sks_request, node);

		close_pipe(req);
		req->admitted = 0;
		sks_request_unref(req);
	}
	srv->stats.children = 0;
}

/* What the server has open is not for this child: a peer would wait for its
 * end of file, a port for its listener, and the parent's loop for its wake. */
static void
forget_the_others(struct sks_server *srv, const struct sks_request *mine)
{
	close_listeners(srv, mine);
	forget_requests(srv);
	dw_wake_fini(&srv->wake);
	if (srv->reserve >= 0)
		close(srv->reserve);
	srv->reserve = -1;
}

/* A thread that sks_server_start() made blocks it, and so would the child. */
static void
hear_sigterm(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static _Noreturn void
child_main(struct sks_server *srv, struct sks_request *req)
{
	int r;

	hear_sigterm();
	forget_the_others(srv, req);
	if ((r = srv->ops.finish_request(srv, req)) < 0)
		sks_report(srv, req, r);
	srv->ops.shutdown_request(srv, req);
	_exit(r < 0 || r == SKS_STOP ? 1 : 0);
}

/* --- the parent --- */

/*
 * fork() with the lock held, so that the child's copy of it is the child's
 * whatever other threads do.  In the parent the request is on its list before
 * the lock is let go.  Returns the pid, 0 in the child, or -errno.
 */
static pid_t
fork_locked(struct sks_server *srv, struct sks_request *req, int pipe)
{
	pid_t pid;

	dw_lock(&srv->lock);
	if ((pid = fork()) < 0)
		pid = -errno;
	if (pid > 0) {
		req->pid = pid;
		req->pipe = pipe;
		dw_list_del(&req->node);
		dw_list_add(&srv->children, &req->node);
		srv->stats.children++;
		srv->lent -= req->borrowed != 0; /* it has its own */
	}
	dw_unlock(&srv->lock);
	return pid;
}

int
sks_process_forking(struct sks_server *srv, struct sks_request *req)
{
	int fds[2], r;
	pid_t pid;

	if ((r = sks_check_fork(srv)) < 0)
		return r;
	if ((r = new_pipe(fds)) < 0)
		return sks_fail_as(SKS_ENOTHREAD, -r, "pipe");
	atomic_fetch_add(&req->refs, 1); /* the child's */
	req->forked = 1;
	pid = fork_locked(srv, req, fds[0]);
	if (pid == 0) {
		close(fds[0]);
		child_main(srv, req);
	}
	close(fds[1]);
	if (pid > 0) {
		srv->ops.close_request(srv, req);
		return 0;
	}
	close(fds[0]);
	req->forked = 0;
	sks_request_unref(req);
	return sks_fail_as(SKS_ENOTHREAD, (int)-pid, "fork");
}

/* Returns 1 when it runs no more; somebody else may have waited for it. */
static int
reap_locked(struct sks_server *srv, const struct sks_request *req)
    DW_REQUIRES(srv -> lock)
{
	int status = 0;
	pid_t r = waitpid(req->pid, &status, WNOHANG);

	if (r == 0 || (r < 0 && errno != ECHILD))
		return 0;
	if (r > 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		srv->stats.children_failed++;
	srv->stats.children--;
	return 1;
}

static void
take_ended(struct sks_server *srv, struct dw_list *ended)
{
	dw_lock(&srv->lock);
	DW_LIST_EACH_SAFE(node, &srv->children) {
		struct sks_request *req =
		    DW_LIST_OF(node, struct sks_request, node);

		if (!reap_locked(srv, req))
			continue;
		dw_list_del(node);
		dw_list_add(ended, node);
	}
	dw_unlock(&srv->lock);
}

unsigned
sks_reap_children(struct sks_server *srv)
{
	struct dw_list ended, *node;
	unsigned n = 0;

	dw_list_init(&ended);
	take_ended(srv, &ended);
	while ((node = dw_list_take(&ended)) != NULL) {
		struct sks_request *req =
		    DW_LIST_OF(node, struct sks_request, node);

		close_pipe(req);
		sks_request_retire(req);
		sks_request_unref(req);
		n++;
	}
	return n;
}

int
sks_server_collect_children(struct sks_server *srv)
{
	int busy;

	dw_lock(&srv->lock);
	busy = srv->state == LOOP_RUNNING && !sks_on_loop_thread_locked(srv);
	dw_unlock(&srv->lock);
	return busy ? sks_fail(SKS_EBUSY, "collect_children") :
		      (int)sks_reap_children(srv);
}

static void
signal_children(struct sks_server *srv, int sig)
{
	dw_lock(&srv->lock);
	DW_LIST_EACH(node, &srv->children)
		kill(DW_LIST_OF(node, struct sks_request, node)->pid, sig);
	dw_unlock(&srv->lock);
}

/* Returns 1 when all have ended, 0 when the deadline has passed. */
static int
await_children(struct sks_server *srv, int64_t deadline_ns)
{
	for (;;) {
		int64_t now = dw_clock_ns();
		int64_t look_ns = dw_clock_sooner(deadline_ns, now + LOOK_NS);
		size_t n;

		sks_reap_children(srv);
		n = sks_children_polled(srv, srv->polled, &look_ns);
		if (n == 0)
			return 1;
		if (now >= deadline_ns)
			return 0;
		if (poll(srv->polled, (nfds_t)n, dw_clock_poll_ms(look_ns)) > 0)
			sks_children_heard(srv, srv->polled, n);
	}
}

void
sks_end_children(struct sks_server *srv, int64_t grace_ns, int block)
{
	if (await_children(srv, grace_ns))
		return;
	signal_children(srv, SIGTERM);
	if (!block)
		return;
	if (await_children(srv, dw_clock_ns() + AFTER_TERM_NS))
		return;
	signal_children(srv, SIGKILL);
	await_children(srv, DW_NEVER);
}
