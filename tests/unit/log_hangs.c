/* SPDX-License-Identifier: BSD-2-Clause */
/* This file tests the log on a network file that hangs: the linker puts our
 * write(2) before the system's. */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/wake.h"
#include "t.h"

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

__attribute__((visibility("default"))) const char *__tsan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void);

/* The thread that hangs is left there on purpose, and what it works with. */
const char *
__tsan_default_options(void)
{
	return "report_thread_leaks=0";
}

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

static struct dw_wake release;
static atomic_bool hangs;

/* Whatever is a row. */
ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	struct pollfd p = { release.rd, POLLIN, 0 };

	if (atomic_load(&hangs) && len > 8)
		poll(&p, 1, -1);
	return __real_write(fd, data, len);
}

static void
a_write_that_hangs_keeps_neither_rows_nor_the_end(void)
{
	char path[256];
	struct dw_log *log = NULL;

	snprintf(path, sizeof path, "%s/log", t_tmpdir());
	CHECK_INT(dw_wake_init(&release), 0);
	CHECK_INT(dw_log_open(path, NULL, &log), 0);
	atomic_store(&hangs, true);
	for (int i = 0; i < 3000; i++)
		dw_log(log, "row %d", i);
	CHECK(dw_log_close(log) > 0);
	atomic_store(&hangs, false);
	dw_wake_ring(&release);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_write_that_hangs_keeps_neither_rows_nor_the_end),
	};

	return t_main("log_hangs", cases, sizeof cases / sizeof cases[0]);
}
