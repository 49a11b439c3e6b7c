/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file `head`, a witness of the last event beside the journal.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "store/internal.h"

/*
 * One line of fixed length, so that writing it again never needs new space:
 * "head 2 <seq> <sid> <hash> <checked> <check>\n".  The check keeps a changed
 * digit from looking like a lost event.
 */
#define LINE 160

static uint32_t
check_sum(const char *s, size_t len)
{
	uint32_t sum = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)s[i]) * 16777619u;
	return sum;
}

static void
hex(const unsigned char *hash, char out[2 * STORE_HASH + 1])
{
	for (size_t i = 0; i < STORE_HASH; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static bool
unhex(const char *in, unsigned char *hash)
{
	unsigned byte;

	for (size_t i = 0; i < STORE_HASH; i++) {
		if (sscanf(in + 2 * i, "%2x", &byte) != 1)
			return false;
		hash[i] = (unsigned char)byte;
	}
	return true;
}

static int
open_head(struct store_place *p, int flags, struct dw_buf *why)
{
	int err;

	p->head_fd = openat(p->dir_fd, "head",
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	if (p->head_fd >= 0 && fchmod(p->head_fd, 0600) == 0)
		return 0;
	err = errno;
	if (err == ENOENT && (flags & O_CREAT) == 0)
		return 0;
	dw_buf_addf(why,
	    _("Cannot open %s/head: %s. It must be a file of "
	      "your own on a disk that can be written."),
	    p->dir, strerror(err));
	return -err;
}

int
store_head_open(struct store_place *p, struct dw_buf *why)
{
	return open_head(p, 0, why);
}

int
store_head_look(struct store_place *p)
{
	p->head_fd =
	    openat(p->dir_fd, "head", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return p->head_fd < 0 ? -errno : 0;
}

int
store_head_make(struct store_place *p, struct dw_buf *why)
{
	return p->head_fd >= 0 ? 0 : open_head(p, O_CREAT, why);
}

/* Nothing was ever written to it, or its size is all that came to the disk. */
bool
store_head_is_empty(const struct store_place *p)
{
	char line[LINE];
	ssize_t n = p->head_fd < 0 ? 0 : pread(p->head_fd, line, LINE, 0);

	for (ssize_t i = 0; i < n; i++)
		if (line[i] != '\0')
			return false;
	return n >= 0;
}

int
store_head_copy(const struct store_place *p, const char *aside)
{
	struct dw_buf to = DW_BUF_INITIALIZER;
	char line[LINE];
	ssize_t n = p->head_fd < 0 ? 0 : pread(p->head_fd, line, LINE, 0);
	int fd, r;

	if (n <= 0)
		return n < 0 ? -errno : 0;
	if ((r = dw_buf_addf(&to, "%s/head", aside)) < 0)
		return r;
	fd = openat(p->dir_fd, to.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd < 0 || write(fd, line, (size_t)n) != n || fsync(fd) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	dw_buf_fini(&to);
	return r;
}

bool
store_head_read(const struct store_place *p, struct store_end *head,
    uint64_t *checked)
{
	char line[LINE + 1], hash[2 * STORE_HASH + 1];
	uint32_t sum;
	ssize_t n;
	int at = 0;

	memset(head, 0, sizeof *head);
	*checked = 0;
	if ((n = pread(p->head_fd, line, LINE, 0)) <= 0)
		return false;
	line[n] = '\0';
	if (sscanf(line,
		"head 2 %" SCNu64 " %" SCNu64 " %64[0-9a-f] %" SCNu64
		" %n%" SCNx32,
		&head->seq, &head->sid, hash, checked, &at, &sum) == 5 &&
	    sum == check_sum(line, (size_t)at) && strlen(hash) == 64 &&
	    *checked <= head->seq && unhex(hash, head->hash))
		return true;
	memset(head, 0, sizeof *head);
	*checked = 0;
	return false;
}

void
store_head_write(const struct store_place *p, const struct store_end *end,
    uint64_t checked)
{
	char line[LINE + 1], hash[2 * STORE_HASH + 1];
	int n;

	hex(end->hash, hash);
	n = snprintf(line, sizeof line,
	    "head 2 %" PRIu64 " %" PRIu64 " %s %" PRIu64 " ", end->seq,
	    end->sid, hash, checked);
	n += snprintf(line + n, sizeof line - (size_t)n, "%08" PRIx32,
	    check_sum(line, (size_t)n));
	memset(line + n, ' ', LINE - (size_t)n);
	line[LINE - 1] = '\n';
	if (pwrite(p->head_fd, line, LINE, 0) < 0)
		return;
}
