/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts the system calls of a program, each thread's by themselves:
 *
 *	count_calls FD PROGRAM [ARGUMENT...]
 *
 * A process beside the program counts, so the program keeps its number and its
 * parent.  It writes its own number to FD.  For each SIGUSR1 it waits until
 * every thread of the program sleeps, and writes the counts since the last one:
 * a row for each thread's name and call, and an empty row at the end.  Exits
 * with 77 where it may not look.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOT_HERE 77

#ifdef PTRACE_GET_SYSCALL_INFO

#define THREADS 256
#define ROWS    1024
#define TRAP    (SIGTRAP | 0x80) /* as PTRACE_O_TRACESYSGOOD has it */

struct row {
	char thread[32];
	long call, count;
};

static struct row rows[ROWS];
static size_t n_rows;
static pid_t threads[THREADS];
static size_t n_threads;

/* Names for people who read that there are too many. */
static const struct {
	long call;
	const char *name;
} names[] = {
#define NAME(call) { SYS_##call, #call }
	NAME(accept4),
	NAME(clone),
	NAME(clone3),
	NAME(close),
	NAME(epoll_ctl),
	NAME(exit),
	NAME(fcntl),
	NAME(fdatasync),
	NAME(fsync),
	NAME(futex),
	NAME(getrandom),
	NAME(getsockopt),
	NAME(ioctl),
	NAME(madvise),
	NAME(mmap),
	NAME(mprotect),
	NAME(munmap),
	NAME(openat),
	NAME(ppoll),
	NAME(prctl),
	NAME(pread64),
	NAME(pwrite64),
	NAME(read),
	NAME(recvfrom),
	NAME(recvmsg),
	NAME(rseq),
	NAME(rt_sigprocmask),
	NAME(sendmsg),
	NAME(sendto),
	NAME(set_robust_list),
	NAME(setsockopt),
	NAME(shutdown),
	NAME(write),
	NAME(writev),
#ifdef SYS_newfstatat
	NAME(newfstatat),
#endif
#ifdef SYS_poll
	NAME(poll),
#endif
#ifdef SYS_epoll_wait
	NAME(epoll_wait),
#endif
#ifdef SYS_epoll_pwait
	NAME(epoll_pwait),
#endif
};

static const char *
call_name(long call)
{
	static char number[32];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].call == call)
			return names[i].name;
	snprintf(number, sizeof number, "call-%ld", call);
	return number;
}

/* The first row of a file in /proc; empty when its thread has gone. */
static void
read_proc(pid_t tid, const char *file, char *out, size_t size)
{
	char path[64];
	FILE *f;

	*out = '\0';
	snprintf(path, sizeof path, "/proc/%d/%s", (int)tid, file);
	if ((f = fopen(path, "r")) == NULL)
		return;
	if (fgets(out, (int)size, f) == NULL)
		*out = '\0';
	fclose(f);
}

/* Workers that do the same have one name: what is behind it is a number. */
static void
thread_name(pid_t tid, char *out, size_t size)
{
	size_t n;

	read_proc(tid, "comm", out, size);
	n = strcspn(out, " \n");
	while (n > 0 && strchr("-0123456789", out[n - 1]) != NULL)
		n--;
	out[n] = '\0';
}

static void
count(pid_t tid, long call)
{
	char thread[32];
	size_t i = 0;

	thread_name(tid, thread, sizeof thread);
	while (i < n_rows &&
	    (rows[i].call != call || strcmp(rows[i].thread, thread) != 0))
		i++;
	if (i == ROWS)
		abort();
	if (i == n_rows) {
		rows[n_rows++] = (struct row){ .call = call };
		strcpy(rows[i].thread, thread);
	}
	rows[i].count++;
}

static void
write_counts(int fd)
{
	for (size_t i = 0; i < n_rows; i++)
		dprintf(fd, "%s %s %ld\n", rows[i].thread,
		    call_name(rows[i].call), rows[i].count);
	dprintf(fd, "\n");
	n_rows = 0;
}

static void
remember(pid_t tid)
{
	for (size_t i = 0; i < n_threads; i++)
		if (threads[i] == tid)
			return;
	if (n_threads == THREADS)
		abort();
	threads[n_threads++] = tid;
}

static void
forget(pid_t tid)
{
	for (size_t i = 0; i < n_threads; i++)
		if (threads[i] == tid)
			threads[i] = threads[--n_threads];
}

/* A thread stands: it begins or ends a call, has begun itself, or gets a
 * signal, which it is given. */
static void
stopped(pid_t tid, int status)
{
	struct __ptrace_syscall_info info;
	int sig = WSTOPSIG(status);
	bool is_event = status >> 16 != 0;

	remember(tid);
	if (sig == TRAP &&
	    ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_ENTRY)
		count(tid, (long)info.entry.nr);
	ptrace(PTRACE_SYSCALL, tid, 0, sig == TRAP || is_event ? 0 : sig);
}

/* Serves all that stand.  Returns how many there were. */
static size_t
serve_stopped(void)
{
	size_t n = 0;
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
		n++;
		if (WIFSTOPPED(status))
			stopped(tid, status);
		else
			forget(tid);
	}
	return n;
}

/* Not one that has just gone, whose end is still to come. */
static bool
sleeps(pid_t tid)
{
	char row[512], *state;

	read_proc(tid, "stat", row, sizeof row);
	state = strrchr(row, ')');
	return state != NULL && state[1] == ' ' && state[2] == 'S';
}

static bool
all_sleep(void)
{
	for (size_t i = 0; i < n_threads; i++)
		if (!sleeps(threads[i]))
			return false;
	return true;
}

/* One that is woken by another cannot be missed: that one makes a call to
 * sleep, and so stands once more. */
static void
await_rest(void)
{
	const struct timespec moment = { 0, 100000 };

	for (;;) {
		bool rest = all_sleep();

		if (serve_stopped() == 0 && rest)
			return;
		if (!rest)
			nanosleep(&moment, NULL);
	}
}

static void
serve_forever(int fd, const sigset_t *set)
{
	int sig = 0;

	while (n_threads > 0) {
		if (sigwait(set, &sig) != 0)
			abort();
		if (sig == SIGUSR1) {
			await_rest();
			write_counts(fd);
		}
		serve_stopped();
	}
}

static int
look_at(pid_t pid, int fd, int ready)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (ptrace(PTRACE_SEIZE, pid, 0,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
		return NOT_HERE;
	remember(pid);
	dprintf(fd, "%d\n", (int)getpid());
	if (write(ready, "", 1) != 1)
		return NOT_HERE;
	close(ready);
	serve_forever(fd, &set);
	return 0;
}

/* In between is a process that ends at once: the program gets no child. */
static bool
start_looking(int fd)
{
	int ready[2];
	pid_t pid = getpid(), between;
	char c;
	bool is_ready;

	if (pipe(ready) < 0)
		return false;
#ifdef PR_SET_PTRACER
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
	if ((between = fork()) == 0) {
		close(ready[0]);
		_exit(fork() == 0 ? look_at(pid, fd, ready[1]) : 0);
	}
	close(ready[1]);
	is_ready = read(ready[0], &c, 1) == 1;
	close(ready[0]);
	waitpid(between, NULL, 0);
	return is_ready;
}

#else

static bool
start_looking(int fd)
{
	(void)fd;
	return false;
}

#endif

int
main(int argc, char **argv)
{
	int fd;

	if (argc < 3)
		return 2;
	fd = atoi(argv[1]);
	if (!start_looking(fd))
		return NOT_HERE;
	close(fd);
	execv(argv[2], argv + 2);
	return 127;
}
