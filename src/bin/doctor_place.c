/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file looks at the folder of the journal, at its disk, and at the files
 * that the options name.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "bin/desk.h"
#include "bin/doctor.h"
#include "bin/paths.h"
#include "store/store.h"

#define MIB         ((uint64_t)1024 * 1024)
#define FREE_LEAST  (64 * MIB)
#define FREE_ENOUGH (1024 * MIB)
#define SYNCS       9
#define SYNC_SLOW   (100 * DW_MS)
#define BLOCK       4096

/* ---- the folder ---- */

/* The nearest folder above it that is there; the caller frees. */
static char *
folder_above(const char *path)
{
	char *above = strdup(path), *slash;

	while (above != NULL && access(above, F_OK) < 0) {
		slash = strrchr(above, '/');
		if (slash == NULL) {
			free(above);
			return strdup(".");
		}
		slash[slash == above] = '\0';
	}
	return above;
}

static void
look_at_absent(struct doctor *d)
{
	char *above = folder_above(d->state);

	d->can_have_state = above != NULL && access(above, W_OK | X_OK) == 0;
	if (d->can_have_state)
		doctor_say(d, DOCTOR_OK, _("state folder"),
		    _("there is no %s yet, and the first start makes it"),
		    d->state);
	else
		doctor_say(d, DOCTOR_FAIL, _("state folder"),
		    _("there is no %s, and it cannot be made in %s: %s; make "
		      "it, or choose another with --state DIR"),
		    d->state, above != NULL ? above : "", strerror(errno));
	free(above);
}

/* Root sees the folder of a service, which is another user's and has to be. */
static bool
is_anothers_for_root(const char *dir, char **user)
{
	struct stat st;
	const struct passwd *pw;

	if (geteuid() != 0 || lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid == 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return false;
	pw = getpwuid(st.st_uid);
	*user = pw != NULL ? strdup(pw->pw_name) : NULL;
	return *user != NULL;
}

void
doctor_state(struct doctor *d)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r = store_look_at_folder(d->state, &why);

	d->can_have_state = r == 0;
	if (r == -ENOENT)
		look_at_absent(d);
	else if (r < 0 && is_anothers_for_root(d->state, &d->owner))
		doctor_say(d, DOCTOR_WARN, _("state folder"),
		    _("%s belongs to the user %s, and so only that user's desk "
		      "can have it; look as that user, too, with the options that "
		      "you gave here: runuser -u %s -- deskwire doctor ..."),
		    d->state, d->owner, d->owner);
	else if (r < 0)
		doctor_say(d, DOCTOR_FAIL, _("state folder"), "%s",
		    why.len > 0 ? dw_buf_str(&why) : strerror(-r));
	else
		doctor_say(d, DOCTOR_OK, _("state folder"),
		    _("%s is yours alone to write"), d->state);
	dw_buf_fini(&why);
}

void
doctor_desk(struct doctor *d)
{
	char *path;

	if (asprintf(&path, "%s/lock", d->state) < 0)
		return;
	d->desk = proc_lock_holder(path);
	free(path);
	if (d->desk == 0)
		doctor_say(d, DOCTOR_OK, _("desk"),
		    _("no desk has the journal in %s open"), d->state);
	else if (d->desk == DOCTOR_UNKNOWN)
		doctor_say(d, DOCTOR_WARN, _("desk"),
		    _("a desk may have the journal in %s open; if none does, "
		      "nothing is to be done"),
		    d->state);
	else
		doctor_say(d, DOCTOR_OK, _("desk"),
		    _("process %ld has the journal in %s open, and no other "
		      "desk can; join it with 'deskwire attach'"),
		    (long)d->desk, d->state);
}

/* ---- the disk ---- */

static void
say_space(struct doctor *d, uint64_t bytes)
{
	enum doctor_level level = bytes < FREE_LEAST ? DOCTOR_FAIL :
	    bytes < FREE_ENOUGH                      ? DOCTOR_WARN :
						       DOCTOR_OK;

	if (level == DOCTOR_OK)
		doctor_say(d, level, _("disk"),
		    _("%" PRIu64 " MiB are free for the journal"), bytes / MIB);
	else
		doctor_say(d, level, _("disk"),
		    _("only %" PRIu64 " MiB are free for the journal; a full "
		      "disk takes no messages: make room, or choose another "
		      "with --state DIR"),
		    bytes / MIB);
}

void
doctor_disk(struct doctor *d)
{
	char *above = folder_above(d->state);
	struct statvfs fs;

	if (above == NULL || statvfs(above, &fs) < 0)
		doctor_say(d, DOCTOR_FAIL, _("disk"),
		    _("the disk of %s cannot be looked at: %s; choose another "
		      "with --state DIR"),
		    d->state, strerror(errno));
	else if ((fs.f_flag & ST_RDONLY) != 0)
		doctor_say(d, DOCTOR_FAIL, _("disk"),
		    _("the disk of %s can only be read; choose another with "
		      "--state DIR"),
		    d->state);
	else if (fs.f_files > 0 && fs.f_favail == 0)
		doctor_say(d, DOCTOR_FAIL, _("disk"),
		    _("the disk of %s takes no more files; remove some"),
		    d->state);
	else
		say_space(d, (uint64_t)fs.f_bavail * fs.f_frsize);
	free(above);
}

static int
compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* How long one takes, as most of them do.  Returns -1 and errno. */
static int64_t
time_syncs(int fd)
{
	static const char block[BLOCK];
	int64_t times[SYNCS], began;

	for (int i = 0; i < SYNCS; i++) {
		began = dw_clock_ns();
		if (pwrite(fd, block, sizeof block, i * BLOCK) !=
		    (ssize_t)sizeof block) {
			errno = errno != 0 ? errno : ENOSPC;
			return -1;
		}
		if (fdatasync(fd) < 0)
			return -1;
		times[i] = dw_clock_ns() - began;
	}
	qsort(times, SYNCS, sizeof times[0], compare_times);
	return times[SYNCS / 2];
}

/* A file without a name, so that nothing stays. */
static int
open_nameless(const char *dir)
{
	char *path;
	int fd = -1;

	if (asprintf(&path, "%s/doctor.XXXXXX", dir) < 0)
		return -1;
	if ((fd = mkstemp(path)) >= 0)
		unlink(path);
	free(path);
	return fd;
}

void
doctor_sync(struct doctor *d)
{
	char *above = folder_above(d->state);
	int64_t ns = -1;
	int fd = -1;

	if (!d->can_have_state) {
		doctor_say(d, DOCTOR_OK, _("sync"),
		    _("how long the disk takes is only seen in a state folder "
		      "of yours"));
		free(above);
		return;
	}
	errno = 0;
	if (above != NULL && (fd = open_nameless(above)) >= 0)
		ns = time_syncs(fd);
	if (ns < 0)
		doctor_say(d, DOCTOR_FAIL, _("sync"),
		    _("nothing can be written in %s: %s; make room there, or "
		      "choose another with --state DIR"),
		    d->state, strerror(errno));
	else if (ns > SYNC_SLOW)
		doctor_say(d, DOCTOR_WARN, _("sync"),
		    _("the disk takes %.1f ms until a message is safe, and "
		      "each waits for that; choose a faster one with --state "
		      "DIR"),
		    (double)ns / DW_MS);
	else
		doctor_say(d, DOCTOR_OK, _("sync"),
		    _("the disk takes %.1f ms until a message is safe"),
		    (double)ns / DW_MS);
	if (fd >= 0)
		close(fd);
	free(above);
}

/* ---- what the options name ---- */

/* Whoever may change it says who is an operator.  One that everybody may write to
 * was not even read. */
static bool
configuration_is_safe(struct doctor *d, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return true;
	if ((st.st_mode & S_IWGRP) != 0)
		doctor_say(d, DOCTOR_WARN, _("files"),
		    _("a group may write in %s, which says who is an operator; "
		      "say 'chmod g-w %s'"),
		    path, path);
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		doctor_say(d, DOCTOR_WARN, _("files"),
		    _("%s, which says who is an operator, belongs to user "
		      "%lu; say 'chown root %s'"),
		    path, (unsigned long)st.st_uid, path);
	else
		return true;
	return false;
}

static bool
greeting_is_good(struct doctor *d)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	char *text = NULL;

	if (d->o->greeting_file != NULL &&
	    (text = read_greeting(d->o->greeting_file, &why)) == NULL)
		doctor_say(d, DOCTOR_FAIL, _("files"),
		    _("%s; name another with --greeting FILE"),
		    dw_buf_str(&why));
	free(text);
	dw_buf_fini(&why);
	return text != NULL || d->o->greeting_file == NULL;
}

/* What is not there is made. */
static bool
log_is_good(struct doctor *d)
{
	const char *path = d->o->log_file, *slash;
	char *folder = NULL;
	bool good;

	if (path == NULL)
		return true;
	slash = strrchr(path, '/');
	if (access(path, F_OK) < 0)
		folder = slash == NULL ?
		    strdup(".") :
		    strndup(path, (size_t)(slash - path) + 1);
	good = access(folder != NULL ? folder : path,
		   folder != NULL ? W_OK | X_OK : W_OK) == 0;
	if (!good)
		doctor_say(d, DOCTOR_FAIL, _("files"),
		    _("the log %s cannot be written: %s; choose another with "
		      "--log FILE"),
		    path, strerror(errno));
	free(folder);
	return good;
}

void
doctor_files(struct doctor *d)
{
	bool good = greeting_is_good(d);

	good &= log_is_good(d);
	for (size_t i = 0; i < d->o->conf.nfiles; i++)
		good &= configuration_is_safe(d, d->o->conf.files[i]);
	if (good)
		doctor_say(d, DOCTOR_OK, _("files"),
		    _("configuration, greeting and log are in order"));
}
