/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file asks Linux who has a lock or a port, and whether the clock is kept
 * right.  Other systems have no files that say so.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_ADJTIMEX
#include <sys/timex.h>
#endif

#include "bin/doctor.h"

/* ---- the clock ---- */

#ifdef HAVE_ADJTIMEX

int
proc_clock_is_synchronised(void)
{
	struct timex tx = { .modes = 0 };
	int state = adjtimex(&tx);

	if (state < 0)
		return -1;
	return state != TIME_ERROR && (tx.status & STA_UNSYNC) == 0;
}

#else

int
proc_clock_is_synchronised(void)
{
	return -1;
}

#endif

/* ---- whose lock ---- */

/* What the desk that has it, or has had it, wrote there. */
static pid_t
read_pid(const char *path)
{
	char text[24] = "";
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	long pid = 0;

	if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
		pid = strtol(text, NULL, 10);
	if (fd >= 0)
		close(fd);
	return pid > 0 ? (pid_t)pid : DOCTOR_UNKNOWN;
}

#ifdef DW_WITH_LINUX_EXTRAS

/* "1: FLOCK  ADVISORY  WRITE 123 fe:01:131090 0 EOF".  The disk's numbers are not
 * always those that stat() has; the process that has the lock of another disk's
 * file of that number has not written its own into this one. */
static bool
is_lock_of(const char *row, uint64_t inode, pid_t pid)
{
	uint64_t number;
	long holder;

	return sscanf(row, "%*s FLOCK %*s %*s %ld %*[^:]:%*[^:]:%" SCNu64,
		   &holder, &number) == 2 &&
	    number == inode && (pid == DOCTOR_UNKNOWN || pid == (pid_t)holder);
}

pid_t
proc_lock_holder(const char *path)
{
	pid_t pid = read_pid(path);
	struct stat st;
	char row[256];
	bool held = false;
	FILE *f;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : DOCTOR_UNKNOWN;
	if ((f = fopen("/proc/locks", "re")) == NULL)
		return DOCTOR_UNKNOWN;
	while (!held && fgets(row, sizeof row, f) != NULL)
		held = is_lock_of(row, (uint64_t)st.st_ino, pid);
	fclose(f);
	return held ? pid : 0;
}

#else

/* Its number may be another process's by now. */
pid_t
proc_lock_holder(const char *path)
{
	pid_t pid = read_pid(path);

	if (access(path, F_OK) < 0)
		return 0;
	return pid != DOCTOR_UNKNOWN && kill(pid, 0) < 0 && errno == ESRCH ?
	    0 :
	    DOCTOR_UNKNOWN;
}

#endif

/* ---- whose port ---- */

#ifdef DW_WITH_LINUX_EXTRAS

/* "0100007F", a number as the machine keeps it, as its four bytes. */
static void
add_ipv4(char *out, size_t size, const char *hex)
{
	uint32_t word = (uint32_t)strtoul(hex, NULL, 16);
	uint8_t b[4];

	memcpy(b, &word, sizeof b);
	snprintf(out, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

/* Four such numbers. */
static void
add_ipv6(char *out, size_t size, const char *hex)
{
	size_t n = 0;
	char part[9] = "";
	uint8_t b[4];
	uint32_t word;

	for (int i = 0; i < 4; i++) {
		memcpy(part, hex + 8 * i, 8);
		word = (uint32_t)strtoul(part, NULL, 16);
		memcpy(b, &word, sizeof b);
		n += (size_t)snprintf(out + n, size - n, "%s%02x%02x:%02x%02x",
		    i > 0 ? ":" : "[", b[0], b[1], b[2], b[3]);
	}
	snprintf(out + n, size - n, "]");
}

static bool
is_wildcard(const char *hex)
{
	return hex[strspn(hex, "0")] == '\0';
}

/* Would a socket at this address of a table stand in our way? */
static bool
is_in_the_way(const struct sks_addr *ours, const char *hex, unsigned port)
{
	char host[64], text[80], theirs[SKS_ADDR_TEXT], own[SKS_ADDR_TEXT];
	struct sks_addr at;

	if (port != sks_addr_port(ours))
		return false;
	if (is_wildcard(hex) || sks_addr_scope(ours) == SKS_SCOPE_ANY)
		return true;
	if (strlen(hex) == 8)
		add_ipv4(host, sizeof host, hex);
	else
		add_ipv6(host, sizeof host, hex);
	snprintf(text, sizeof text, "%s:%u", host, port);
	if (sks_addr_parse(text, 0, &at) < 0)
		return false;
	sks_addr_format(&at, SKS_STYLE_PLAIN, theirs, sizeof theirs);
	sks_addr_format(ours, SKS_STYLE_PLAIN, own, sizeof own);
	return strcmp(theirs, own) == 0;
}

/* The inode of the socket in this table that has it; 0: none. */
static unsigned long
find_socket(const char *table, const struct sks_addr *at, unsigned state)
{
	char row[512], hex[33];
	unsigned port, row_state;
	unsigned long inode, found = 0;
	FILE *f = fopen(table, "re");

	while (f != NULL && found == 0 && fgets(row, sizeof row, f) != NULL)
		if (sscanf(row,
			"%*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %lu",
			hex, &port, &row_state, &inode) == 4 &&
		    (strlen(hex) == 8 || strlen(hex) == 32) &&
		    row_state == state && is_in_the_way(at, hex, port))
			found = inode;
	if (f != NULL)
		fclose(f);
	return found;
}

static bool
has_socket(const char *pid, unsigned long inode)
{
	char path[300], link[64], wanted[64];
	struct dirent *e;
	bool has = false;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	if ((dir = opendir(path)) == NULL)
		return false;
	while (!has && (e = readdir(dir)) != NULL) {
		n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		has = strcmp(link, wanted) == 0;
	}
	closedir(dir);
	return has;
}

static void
read_name(pid_t pid, char *name, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
	snprintf(name, size, "?");
	if ((f = fopen(path, "re")) == NULL)
		return;
	if (fgets(name, (int)size, f) != NULL)
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
}

static pid_t
find_owner(unsigned long inode, pid_t desk)
{
	pid_t pid = DOCTOR_UNKNOWN;
	struct dirent *e;
	char first[24];
	DIR *dir;

	snprintf(first, sizeof first, "%ld", (long)desk);
	if (desk > 0 && has_socket(first, inode))
		return desk;
	dir = opendir("/proc/");
	while (dir != NULL && pid == DOCTOR_UNKNOWN &&
	    (e = readdir(dir)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    has_socket(e->d_name, inode))
			pid = (pid_t)strtol(e->d_name, NULL, 10);
	if (dir != NULL)
		closedir(dir);
	return pid;
}

pid_t
proc_listener(const struct sks_addr *at, bool udp, pid_t desk, char *name,
    size_t size)
{
	/* TCP_LISTEN, and what a datagram socket without a peer has. */
	unsigned state = udp ? 7 : 10;
	unsigned long inode =
	    find_socket(udp ? "/proc/net/udp" : "/proc/net/tcp", at, state);
	pid_t pid;

	if (inode == 0)
		inode = find_socket(udp ? "/proc/net/udp6" : "/proc/net/tcp6",
		    at, state);
	pid = inode != 0 ? find_owner(inode, desk) : DOCTOR_UNKNOWN;
	if (pid != DOCTOR_UNKNOWN)
		read_name(pid, name, size);
	return pid;
}

#else

pid_t
proc_listener(const struct sks_addr *at, bool udp, pid_t desk, char *name,
    size_t size)
{
	(void)at;
	(void)udp;
	(void)desk;
	(void)name;
	(void)size;
	return DOCTOR_UNKNOWN;
}

#endif
