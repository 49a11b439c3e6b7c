/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The console alone, for tests/system/console.c: VICTIM_FDS=5,6 names the
 * descriptors of its links to a desk, of which the second is taken when the
 * first is lost.  Options: open (it owns the desk), history=FILE, clock=WORD,
 * bell=WORD.
 */
#include "config.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "console/console.h"

#define HISTORY "history="

static const char *fds; /* the links that are left */

static struct sks_socket *
next_link(void *arg, const char **why)
{
	struct sks_socket *s = NULL;
	char *end;
	long fd;

	(void)arg;
	*why = "nobody answers";
	fd = fds == NULL ? -1 : strtol(fds, &end, 10);
	if (fd < 0)
		return NULL;
	fds = *end == ',' ? end + 1 : NULL;
	return sks_socket_fromfd((int)fd, &s) < 0 ? NULL : s;
}

int
main(int argc, char *argv[])
{
	struct con_config cfg = { .name = "lin", .connect = next_link };
	const char *why;
	struct con *con;
	int status;

	setlocale(LC_ALL, "");
	dw_thread_block_signals();
	fds = getenv("VICTIM_FDS");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "open") == 0)
			cfg.owns_desk = true;
		if (strncmp(argv[i], "clock=", 6) == 0)
			cfg.clock = (enum con_clock)con_clock_of(argv[i] + 6);
		if (strncmp(argv[i], "bell=", 5) == 0)
			cfg.bell = (enum con_bell)con_bell_of(argv[i] + 5);
		if (strncmp(argv[i], HISTORY, strlen(HISTORY)) == 0)
			cfg.history = argv[i] + strlen(HISTORY);
	}
	if (cfg.owns_desk) {
		cfg.connect = NULL;
		cfg.socket = next_link(NULL, &why);
	}
	if (con_new(&cfg, &con) < 0)
		return 99;
	status = con_run(con);
	con_free(con);
	return status;
}
