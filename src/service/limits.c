/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file reads limits from options, and fits them to this machine.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/i18n.h"
#include "service/limits.h"
#include "socketserver/socketserver.h"

#define FILES_KEPT   64   /* for everything that is no customer */
#define THREADS_KEPT 2000 /* so that others can still start programs */

/* What a desk opens for itself, and for a first customer and operator. */
#define FILES_OWN      40
#define FILES_LISTENER 4 /* and for each address */

static const struct svc_limit limit_table[] = {
#define LIMIT(name, option, unit, dflt, least, most, sentence) \
	{ option, unit, dflt, least, most, sentence,           \
		offsetof(struct svc_limits, name) },
#include "service/limits.def"
#undef LIMIT
};

const struct svc_limit *
svc_limit_rows(size_t *n)
{
	*n = sizeof limit_table / sizeof limit_table[0];
	return limit_table;
}

static int64_t *
field(struct svc_limits *limits, const struct svc_limit *row)
{
	return (int64_t *)(void *)((char *)limits + row->offset);
}

void
svc_limits_init(struct svc_limits *limits)
{
	for (size_t i = 0; i < sizeof limit_table / sizeof limit_table[0]; i++)
		*field(limits, &limit_table[i]) = limit_table[i].dflt;
}

bool
svc_limit_is_fixed(const struct svc_limit *row)
{
	static const char *const fixed[] = { "max-sessions", "max-per-address",
		"max-operators", "max-datagram", "udp-rate", "udp-burst",
		"udp-queue", "udp-peers", "udp-timeout", "operator-queue",
		"stack-size" };

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (strcmp(row->name, fixed[i]) == 0)
			return true;
	return false;
}

int64_t
svc_limit_get(const struct svc_limits *limits, const struct svc_limit *row)
{
	return *(const int64_t *)(const void *)((const char *)limits +
	    row->offset);
}

void
svc_limits_keep(struct svc_limits *limits, const struct svc_limits *before)
{
	for (size_t i = 0; i < sizeof limit_table / sizeof limit_table[0]; i++)
		if (svc_limit_is_fixed(&limit_table[i]))
			*field(limits, &limit_table[i]) =
			    svc_limit_get(before, &limit_table[i]);
}

/* What a unit measures.  A row whose unit is none of these counts something, and
 * takes no other. */
enum measure { OF_COUNT, OF_TIME, OF_SIZE };

static const struct unit {
	const char *name;
	enum measure measure;
	int64_t factor; /* ms, or bytes */
} units[] = {
	{ "ms", OF_TIME, 1 },
	{ "s", OF_TIME, 1000 },
	{ "m", OF_TIME, 60000 },
	{ "min", OF_TIME, 60000 },
	{ "h", OF_TIME, 3600000 },
	{ "d", OF_TIME, 86400000 },
	{ "bytes", OF_SIZE, 1 },
	{ "KiB", OF_SIZE, 1024 },
	{ "MiB", OF_SIZE, 1024 * 1024 },
	{ "GiB", OF_SIZE, 1024 * 1024 * 1024 },
};

static const struct unit *
find_unit(const char *name)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/* Takes a value in the unit `word` to the row's own.  Returns false when the
 * unit is another kind's, or the value is no whole number of the row's. */
static bool
convert(const struct svc_limit *row, const char *word, int64_t *value)
{
	const struct unit *own = find_unit(row->unit), *given = find_unit(word);

	if (*word == '\0' || strcmp(word, row->unit) == 0)
		return true;
	if (own == NULL || given == NULL || own->measure != given->measure ||
	    *value > INT64_MAX / given->factor ||
	    *value * given->factor % own->factor != 0)
		return false;
	*value = *value * given->factor / own->factor;
	return true;
}

/* "300", "300 s", "5m": a whole number, and perhaps its unit. */
static bool
read_value(const struct svc_limit *row, const char *text, int64_t *value)
{
	char *end = NULL;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return errno == 0 && end != text && *value >= 0 &&
	    convert(row, end + strspn(end, " "), value) &&
	    *value >= row->least && *value <= row->most;
}

/* Somebody who wrote a unit is told which ones there are. */
static const char *
units_hint(const struct svc_limit *row, const char *text)
{
	const struct unit *own = find_unit(row->unit);

	if (text[strspn(text, "0123456789 ")] == '\0')
		return "";
	if (own == NULL)
		return _("; it takes no unit");
	return own->measure == OF_TIME ?
	    _("; the units of a time are ms, s, m, h and d") :
	    _("; the units of a size are bytes, KiB, MiB and GiB");
}

int
svc_limit_set(struct svc_limits *limits, const struct svc_limit *row,
    const char *text, struct dw_buf *why)
{
	int64_t value;

	if (read_value(row, text, &value)) {
		*field(limits, row) = value;
		return 0;
	}
	dw_buf_addf(why,
	    _("a whole number from %" PRId64 " to %" PRId64
	      " (%s) is needed, not \"%s\""),
	    row->least, row->most, _(row->unit), text);
	dw_buf_adds(why, units_hint(row, text));
	return -EINVAL;
}

bool
svc_limit_has_unit(const struct svc_limit *row)
{
	return find_unit(row->unit) != NULL;
}

#ifdef DW_WITH_LINUX_EXTRAS

/* The number in a file of /proc/sys; `otherwise` where it cannot be read. */
static int64_t
read_number(const char *path, int64_t otherwise)
{
	FILE *f = fopen(path, "re");
	int64_t value;

	if (f == NULL)
		return otherwise;
	if (fscanf(f, "%" SCNd64, &value) != 1)
		value = otherwise;
	fclose(f);
	return value;
}

#else

/* POSIX tells none of them. */
static int64_t
read_number(const char *path, int64_t otherwise)
{
	(void)path;
	return otherwise;
}

#endif

static int64_t
raise_files(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return INT64_MAX;
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	if (getrlimit(RLIMIT_NOFILE, &rl) < 0 || rl.rlim_cur == RLIM_INFINITY)
		return INT64_MAX;
	return (int64_t)rl.rlim_cur;
}

/* Can so many more descriptors be opened?  Those that this process was started
 * with count, too. */
static bool
has_files(int64_t n)
{
	int fd = n > 0 ? dup(STDIN_FILENO) : -1;
	bool has;

	if (n == 0)
		return true;
	has = fd >= 0 && has_files(n - 1);
	if (fd >= 0)
		close(fd);
	return has;
}

int
svc_limits_check_files(size_t listeners, struct dw_buf *why)
{
	int64_t limit = raise_files(),
		needed = FILES_OWN + FILES_LISTENER * (int64_t)listeners;

	if (has_files(needed))
		return 0;
	dw_buf_addf(why,
	    _("the limit of open files is %" PRId64 ", and a desk that serves "
	      "anybody opens up to %" PRId64 " beside those that it is started "
	      "with; raise it with 'ulimit -n 1024', or LimitNOFILE= of its "
	      "service"),
	    limit, needed);
	return -EMFILE;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Customers at these addresses who are refused are kept for a moment, too; where
 * there is little, half of it is theirs. */
static int64_t
files_for_customers(size_t listeners)
{
	int64_t files = raise_files() - FILES_KEPT;

	return files - least(SKS_REFUSED_KEPT * (int64_t)listeners, files / 2);
}

/* Returns how many customers' threads and sockets this machine can have, and
 * says in *what which limit that is. */
static int64_t
capacity(size_t listeners, const char **what)
{
	int64_t files = files_for_customers(listeners);
	int64_t threads =
	    least(read_number("/proc/sys/kernel/pid_max", INT32_MAX),
		read_number("/proc/sys/kernel/threads-max", INT32_MAX)) -
	    THREADS_KEPT;
	/* A stack and its guard are two mappings. */
	int64_t maps =
	    read_number("/proc/sys/vm/max_map_count", INT32_MAX) / 2 - 512;
	int64_t all = least(files, least(threads, maps));

	*what = all == files ? _("the limit of open files") :
	    all == threads   ? _("the limit of processes and threads") :
			       _("the limit of memory mappings");
	return all > 1 ? all : 1;
}

int
svc_limits_fit(struct svc_limits *limits, size_t listeners, bool is_explicit,
    struct dw_buf *why)
{
	const char *what;
	int64_t most = capacity(listeners, &what);

	if (limits->max_sessions <= most)
		return 0;
	if (is_explicit) {
		dw_buf_addf(why,
		    _("%" PRId64 " sessions do not fit this "
		      "machine: %s allows %" PRId64 "; raise it or ask for "
		      "fewer with --max-sessions"),
		    limits->max_sessions, what, most);
		return -ERANGE;
	}
	dw_buf_addf(why,
	    _("taking %" PRId64 " customers at once instead of "
	      "%" PRId64 ": %s allows no more"),
	    most, limits->max_sessions, what);
	limits->max_sessions = most;
	return 1;
}
