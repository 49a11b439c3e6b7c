/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file runs each request in a process of its own: Python's ForkingMixIn.
 *
 * The parent keeps the request on the list `children`, with the child's pid
 * and the reading end of a pipe whose writing end only the child has.  When
 * the child is gone the pipe is at its end, which wakes the loop; no signal is
 * used, so the application may do with SIGCHLD what it likes.  A pipe that is
 * at its end while the child still runs tells nothing more: the parent closes
 * the pipe and checks the child by the clock, first after 1 ms, since usually
 * the child is about to end.
 *
 * A pid is ours from fork() to the one waitpid() that reaps it.  The child is
 * taken off the list in the same hold of the lock, and kill() happens under
 * that lock, too.  So no pid that may already be somebody else's is ever used,
 * and nothing but these pids is ever waited for.
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
#include "base/lock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

/* The time between SIGTERM and SIGKILL. */
#define AFTER_TERM_NS DW_SECOND

/* Within this time it is noticed that a child has ended whose pipe does not
 * tell: the child has closed it, or a child of the child holds it open. */
#define RECHECK_NS (100 * DW_MS)

#ifdef DW_WITH_LINUX_EXTRAS

/* Returns how many threads this process has, or 1 where the system does not
 * tell. */
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

static int
check_threads(const struct sks_server *srv)
{
	if (srv->cfg.fork_anyway)
		return 0;
	/* A thread that was joined is listed for a moment longer. */
	for (int tries = 0; tries < 20; tries++) {
		if (count_threads() <= 1)
			return 0;
		dw_may_block("poll");
		poll(NULL, 0, 1);
	}
	return sks_fail(SKS_ENOTSUP,
	    "a process that has other threads does "
	    "not fork (see fork_anyway)");
}

static int
check_loop(struct sks_server *srv, int start)
{
	if (start)
		return srv->cfg.fork_anyway ?
		    0 :
		    sks_fail(SKS_ENOTSUP,
			"a forking server is served by "
			"the only thread (see fork_anyway)");
	return check_threads(srv);
}

static int
at_limit(struct sks_server *srv)
{
	int full;

	dw_lock(&srv->lock);
	full = srv->stats.children >= srv->cfg.max_children;
	dw_unlock(&srv->lock);
	return full;
}

static size_t
add_polled(struct sks_server *srv, struct pollfd *p, int64_t *deadline_ns)
{
	size_t n = 0;
	int without_pipe = 0;

	dw_lock(&srv->lock);
	DW_LIST_EACH(node, &srv->children) {
		int fd = sks_request_of(node)->pipe;

		assert(n < srv->cfg.max_children);
		p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		without_pipe |= fd < 0;
	}
	dw_unlock(&srv->lock);
	if (without_pipe || (n > 0 && sks_at_limit(srv))) {
		*deadline_ns = dw_clock_sooner(*deadline_ns,
		    dw_clock_ns() +
			(without_pipe ? srv->recheck_ns : RECHECK_NS));
		srv->recheck_ns =
		    dw_clock_sooner(2 * srv->recheck_ns, RECHECK_NS);
	}
	return n;
}

/* Returns 1 when the pipe was still a child's.  While the loop polled, another
 * thread that closes the server may have reaped the child and closed the
 * pipe. */
static int
take_pipe(struct sks_server *srv, int fd)
{
	int found = 0;

	dw_lock(&srv->lock);
	DW_LIST_EACH(node, &srv->children) {
		struct sks_request *req = sks_request_of(node);

		if (req->pipe != fd)
			continue;
		req->pipe = -1;
		found = 1;
	}
	dw_unlock(&srv->lock);
	return found;
}

static void
polled(struct sks_server *srv, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i].revents == 0 || !take_pipe(srv, p[i].fd))
			continue;
		srv->recheck_ns = DW_MS;
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

/* Keeps the listener whose socket a datagram's request uses. */
static void
close_listeners(struct sks_server *srv, const struct sks_request *own)
{
	for (size_t i = 0; i < srv->n_listeners; i++) {
		struct sks_socket *s = srv->listeners[i].sock;

		if (s != NULL && s != own->sock)
			sks_close(s);
	}
}

/* Forgets the requests that wait for the loop, and the other children's. */
static void
forget_requests(struct sks_server *srv) DW_NO_TSA
{
	struct dw_list *node;

	while ((node = dw_list_take(&srv->adopted)) != NULL)
		sks_request_unref(sks_request_of(node));
	while ((node = dw_list_take(&srv->children)) != NULL) {
		struct sks_request *req = sks_request_of(node);

		close_pipe(req);
		req->admitted = 0;
		sks_request_unref(req);
	}
	srv->stats.children = 0;
}

/* Closes what the server has open.  If the child kept it, other peers would get
 * no end of file, a port would stay in use, and the child's wake would be the
 * parent's. */
static void
close_inherited(struct sks_server *srv, const struct sks_request *own)
{
	close_listeners(srv, own);
	forget_requests(srv);
	dw_wake_fini(&srv->wake);
	if (srv->reserve_fd >= 0)
		close(srv->reserve_fd);
	srv->reserve_fd = -1;
}

/* A thread that sks_server_start() made blocks all signals, and a child of it
 * would, too. */
static void
unblock_sigterm(void)
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

	req->in_child = 1;
	unblock_sigterm();
	close_inherited(srv, req);
	if ((r = srv->ops.finish_request(srv, req)) < 0)
		sks_report(srv, req, r);
	srv->ops.shutdown_request(srv, req);
	_exit(r < 0 || r == SKS_STOP ? 1 : 0);
}

/* --- the parent --- */

/*
 * Forks with the lock held, so that the child holds its copy of the lock
 * whatever other threads do.  In the parent the request is on its list before
 * the unlock.  Returns the pid, 0 in the child, or -errno.
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
		/* The child has a descriptor of its own. */
		srv->borrowers -= (unsigned)req->borrows;
		req->borrows = 0;
	}
	dw_unlock(&srv->lock);
	return pid;
}

static int
process_request(struct sks_server *srv, struct sks_request *req)
{
	int fds[2], r;
	pid_t pid;

	if ((r = check_threads(srv)) < 0)
		return r;
	if ((r = new_pipe(fds)) < 0)
		return sks_fail_as(SKS_ENOTHREAD, -r, "pipe");
	atomic_fetch_add(&req->refs, 1); /* the child's */
	req->handed_over = 1;
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
	req->handed_over = 0;
	sks_request_unref(req);
	return sks_fail_as(SKS_ENOTHREAD, (int)-pid, "fork");
}

/* Returns 1 when the child has ended.  ECHILD: the application has waited for
 * it, against the rules. */
static int
reap_locked(struct sks_server *srv, const struct sks_request *req)
    DW_REQUIRES(srv->lock)
{
	int status = 0;
	pid_t r;

	assert(req->pid > 0 && srv->stats.children > 0);
	r = waitpid(req->pid, &status, WNOHANG);

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
		struct sks_request *req = sks_request_of(node);

		if (!reap_locked(srv, req))
			continue;
		dw_list_del(node);
		dw_list_add(ended, node);
	}
	dw_unlock(&srv->lock);
}

static unsigned
reap(struct sks_server *srv)
{
	struct dw_list ended, *node;
	unsigned n = 0;

	dw_list_init(&ended);
	take_ended(srv, &ended);
	while ((node = dw_list_take(&ended)) != NULL) {
		struct sks_request *req = sks_request_of(node);

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
	if (busy)
		return sks_fail(SKS_EBUSY, "collect_children");
	return srv->mixin == &sks_forking_mixin ? (int)reap(srv) : 0;
}

static void
signal_children(struct sks_server *srv, int sig)
{
	dw_lock(&srv->lock);
	DW_LIST_EACH(node, &srv->children)
		kill(sks_request_of(node)->pid, sig);
	dw_unlock(&srv->lock);
}

/* Returns 1 when all have ended, 0 when the deadline has passed. */
static int
await_children(struct sks_server *srv, int64_t deadline_ns)
{
	for (;;) {
		int64_t now = dw_clock_ns();
		int64_t recheck_ns =
		    dw_clock_sooner(deadline_ns, now + RECHECK_NS);
		size_t n;

		reap(srv);
		n = add_polled(srv, srv->polled, &recheck_ns);
		if (n == 0)
			return 1;
		if (now >= deadline_ns)
			return 0;
		if (poll(srv->polled, (nfds_t)n, dw_clock_poll_ms(recheck_ns)) >
		    0)
			polled(srv, srv->polled, n);
	}
}

static void
end(struct sks_server *srv, int64_t grace_ns, int block)
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

const struct sks_mixin_ops sks_forking_mixin = {
	.runs_in = "process",
	.refusal = SKS_OVER_PROCESSES,
	.check_loop = check_loop,
	.process_request = process_request,
	.at_limit = at_limit,
	.add_polled = add_polled,
	.polled = polled,
	.reap = reap,
	.end = end,
};
