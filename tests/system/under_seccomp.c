/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a program under filters of seccomp(2), which are in files as under_seccomp.py
 * makes them:
 *
 *	under_seccomp FILTER... -- PROGRAM [ARGUMENT...]
 *
 * It is linked statically, so that what a test preloads is the program's alone.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MOST 4096 /* instructions, as the kernel has it */

static int
install(const char *path)
{
	static struct sock_filter rows[MOST];
	struct sock_fprog program = { .filter = rows };
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return -1;
	program.len = (unsigned short)fread(rows, sizeof rows[0], MOST, f);
	fclose(f);
	if (program.len == 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int
main(int argc, char **argv)
{
	int at = 1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		perror("under_seccomp: no_new_privs");
		return 126;
	}
	for (; at < argc && strcmp(argv[at], "--") != 0; at++)
		if (install(argv[at]) < 0) {
			perror(argv[at]);
			return 126;
		}
	if (at + 1 < argc)
		execv(argv[at + 1], argv + at + 1);
	perror("under_seccomp: no program");
	return 127;
}
