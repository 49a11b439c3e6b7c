/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bare log, to be compared with a desk on the same disk:
 *
 *	desk_log FILE BATCH SIZE MS PAUSE_US
 *
 * writes BATCH records of SIZE bytes and syncs them, again and again for MS
 * milliseconds with PAUSE_US between, and removes the file.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "desk_times.h"

static void
append(int fd, const char *records, size_t len)
{
	if (write(fd, records, len) != (ssize_t)len || fdatasync(fd) < 0)
		desk_bench_die("the log");
}

static void
run(int fd, const char *records, size_t len, int64_t end, long pause_us,
    struct desk_times *t)
{
	const struct timespec pause = { 0, pause_us * 1000 };
	int64_t before;

	while ((before = dw_clock_ns()) < end) {
		append(fd, records, len);
		desk_times_add(t, dw_clock_ns() - before);
		if (pause_us > 0)
			nanosleep(&pause, NULL);
	}
}

int
main(int argc, char **argv)
{
	static struct desk_times t;
	size_t batch, len;
	int64_t start;
	char *records;
	int fd;

	if (argc != 6)
		return 2;
	batch = strtoul(argv[2], NULL, 10);
	len = batch * strtoul(argv[3], NULL, 10);
	if ((records = malloc(len)) == NULL)
		desk_bench_die("malloc");
	memset(records, 'x', len);
	fd = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
	if (fd < 0)
		desk_bench_die(argv[1]);
	start = dw_clock_ns();
	run(fd, records, len, start + strtol(argv[4], NULL, 10) * DW_MS,
	    strtol(argv[5], NULL, 10), &t);
	printf("{\"rate\":%.0f,",
	    (double)(t.len * batch) * 1e9 / (double)(dw_clock_ns() - start));
	desk_times_print("sync", &t);
	printf("}\n");
	unlink(argv[1]);
	return 0;
}
