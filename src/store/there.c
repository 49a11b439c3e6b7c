/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of an open journal: are they still where they were opened?  Somebody
 * may remove one, or put another in its place.  Then our descriptors write to
 * what no start will ever see, and nobody is told by any call.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "store/internal.h"

/* In the folder; the folder itself comes last. */
static const char *const names[STORE_FILES] = {
	STORE_DB,
	STORE_DB "-wal",
	STORE_DB "-shm",
	"head",
	"lock",
	".",
};

/* The folder is looked for by its path, what is in it in the folder that we
 * have: it is where SQLite will look when it opens the journal again. */
static int
look_at(const struct store_place *p, size_t i, struct stat *st)
{
	return i == STORE_FILES - 1 ?
	    stat(p->dir, st) :
	    fstatat(p->dir_fd, names[i], st, AT_SYMLINK_NOFOLLOW);
}

void
store_there_note(struct store *s)
{
	for (size_t i = 0; i < STORE_FILES; i++)
		s->has_file[i] = look_at(&s->place, i, &s->files[i]) == 0;
}

/* A number of a file is not used again while we have that file open. */
static bool
is_there(const struct store *s, size_t i)
{
	struct stat st;

	return !s->has_file[i] ||
	    (look_at(&s->place, i, &st) == 0 &&
		st.st_dev == s->files[i].st_dev &&
		st.st_ino == s->files[i].st_ino);
}

/* What was acknowledged may be in a -wal that nobody else will ever read, and
 * goes into the journal, if that is still there. */
static void
save_acknowledged(struct store *s)
{
	if (s->db != NULL && is_there(s, 0) && store_drop_later(s) == 0)
		sqlite3_wal_checkpoint_v2(s->db, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

int
store_there_check(struct store *s)
{
	bool known = s->gone != NULL;

	for (size_t i = 0; i < STORE_FILES; i++) {
		if (is_there(s, i))
			continue;
		s->gone = i == STORE_FILES - 1 ? "" : names[i];
		if (!known)
			save_acknowledged(s);
		return -ESTALE;
	}
	return 0;
}

int
store_look(struct store *s)
{
	int r;

	if ((r = store_there_check(s)) < 0 || s->gone == NULL)
		return r;
	/* The very same files are back: what they say counts, and not what our
	 * connection has in mind. */
	s->gone = NULL;
	if ((r = store_recover(s)) < 0)
		return r;
	return 0;
}

const char *
store_gone(const struct store *s)
{
	return s->gone;
}
