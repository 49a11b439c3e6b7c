/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A socket as a FILE. */
#include "config.h"

#include <errno.h>
#include <signal.h>

#include "rig.h"

static struct sks_socket *ours, *theirs;

static void
open_pair(void)
{
	CHECK_INT(sks_socketpair(&ours, &theirs), 0);
}

static void
close_pair(void)
{
	sks_socket_free(ours);
	sks_socket_free(theirs);
}

static FILE *
file(const char *mode)
{
	FILE *f;

	CHECK_INT(sks_makefile_stdio(ours, mode, &f), 0);
	return f;
}

static void
a_file_reads_lines_to_the_end_and_leaves_the_socket(void)
{
	char line[32];
	FILE *f;

	open_pair();
	f = file("r");
	CHECK_INT(sks_send_text(theirs, "one\nrest"), 0);
	CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
	CHECK_STR(fgets(line, sizeof line, f), "one\n");
	CHECK_STR(fgets(line, sizeof line, f), "rest");
	CHECK(fgets(line, sizeof line, f) == NULL);
	CHECK(feof(f));
	CHECK_INT(fclose(f), 0);
	CHECK_INT(sks_send_text(ours, "still open"), 0);
	CHECK_INT(sks_recv(theirs, line, sizeof line), 10);
	close_pair();
}

static void
a_file_writes_when_it_is_flushed_or_closed(void)
{
	char buf[32];
	FILE *f;

	open_pair();
	f = file("wb");
	CHECK_INT(fprintf(f, "n=%d", 5), 3);
	CHECK_INT(sks_settimeout(theirs, 0), 0);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), SKS_EAGAIN);
	CHECK_INT(fflush(f), 0);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), 3);
	CHECK_INT(fputs("bye", f) >= 0, 1);
	CHECK_INT(fclose(f), 0);
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), 3);
	close_pair();
}

/* A FILE of the C library that reads ahead loses that, or fails, when it is
 * written to. */
static void
a_file_may_read_and_write_in_turns(void)
{
	char buf[32];
	FILE *f;

	open_pair();
	CHECK_INT(sks_send_text(theirs, "one\ntwo\nthree\n"), 0);
	f = file("rw");
	for (int i = 0; i < 2; i++) {
		CHECK(fgets(buf, sizeof buf, f) != NULL);
		CHECK_INT(fputs("answer\n", f) >= 0, 1);
		CHECK_INT(sks_recv(theirs, buf, sizeof buf), 7);
	}
	CHECK_INT(getc(f), 't');
	CHECK_INT(putc('!', f), '!');
	CHECK_INT(getc(f), 'h');
	CHECK_STR(fgets(buf, sizeof buf, f), "ree\n");
	CHECK_INT(sks_recv(theirs, buf, sizeof buf), 1);
	CHECK_INT(fclose(f), 0);
	close_pair();
}

#ifdef HAVE_FOPENCOOKIE

static void
a_file_keeps_the_sockets_time_out_and_goes_on_after_it(void)
{
	static char big[8 << 20];
	char line[32];
	FILE *f;

	open_pair();
	CHECK_INT(sks_settimeout(ours, 0.05), 0);
	f = file("r");
	CHECK(fgets(line, sizeof line, f) == NULL);
	CHECK_INT(errno, ETIMEDOUT);
	CHECK(ferror(f) && !feof(f));
	clearerr(f);
	CHECK_INT(sks_send_text(theirs, "late\n"), 0);
	CHECK_STR(fgets(line, sizeof line, f), "late\n");
	CHECK_INT(sks_settimeout(ours, 0), 0);
	CHECK(fgets(line, sizeof line, f) == NULL);
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(fclose(f), 0);
	CHECK_INT(sks_settimeout(ours, 0.05), 0);
	f = file("w");
	CHECK(fwrite(big, 1, sizeof big, f) < sizeof big);
	CHECK_INT(errno, ETIMEDOUT);
	(void)fclose(f);
	close_pair();
}

static void
a_file_outlives_its_socket_and_says_that_it_is_closed(void)
{
	char line[32];
	FILE *f;
	int fds = count_fds();

	if (no_proc())
		return;
	open_pair();
	f = file("rw");
	CHECK_INT(count_fds(), fds + 2); /* none of its own */
	close_pair();
	CHECK(fgets(line, sizeof line, f) == NULL);
	CHECK_INT(errno, EBADF);
	clearerr(f);
	CHECK(fputs("x", f) < 0);
	CHECK_INT(errno, EBADF);
	(void)fclose(f);
	CHECK_INT(count_fds(), fds);
}

static void
writing_to_a_peer_that_is_gone_is_an_error_and_no_signal(void)
{
	FILE *f;

	open_pair();
	f = file("w");
	sks_close(theirs);
	CHECK(fputs("x", f) >= 0);
	CHECK_INT(fflush(f), EOF);
	CHECK_INT(errno, EPIPE);
	(void)fclose(f);
	close_pair();
}

#else

static void
without_cookies_a_time_out_is_refused(void)
{
	FILE *f;

	open_pair();
	CHECK_INT(sks_settimeout(ours, 1), 0);
	CHECK_INT(sks_makefile_stdio(ours, "r", &f), SKS_ENOTSUP);
	CHECK(f == NULL);
	close_pair();
}

#endif

static void
only_pythons_modes_are_modes(void)
{
	static const char *const good[] = { "", "r", "w", "b", "rw", "wr", "rb",
		"wb", "rwb" };
	static const char *const bad[] = { "a", "r+", "w+", "x", "rt", "U" };
	FILE *f;

	open_pair();
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		f = file(good[i]);
		CHECK_INT(fclose(f), 0);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_INT(sks_makefile_stdio(ours, bad[i], &f), SKS_EINVAL);
		CHECK(f == NULL);
	}
	sks_close(ours);
	CHECK_INT(sks_makefile_stdio(ours, "r", &f), SKS_ECLOSED);
	close_pair();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_file_reads_lines_to_the_end_and_leaves_the_socket),
		T(a_file_writes_when_it_is_flushed_or_closed),
		T(a_file_may_read_and_write_in_turns),
#ifdef HAVE_FOPENCOOKIE
		T(a_file_keeps_the_sockets_time_out_and_goes_on_after_it),
		T(a_file_outlives_its_socket_and_says_that_it_is_closed),
		T(writing_to_a_peer_that_is_gone_is_an_error_and_no_signal),
#else
		T(without_cookies_a_time_out_is_refused),
#endif
		T(only_pythons_modes_are_modes),
	};

	return t_main("stdio", cases, sizeof cases / sizeof cases[0]);
}
