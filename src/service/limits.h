/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The limits of a desk: limits.def as a struct, as rows for options and
 * manual, and what this machine makes of them.
 */
#ifndef SVC_LIMITS_H
#define SVC_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct svc_limits {
#define LIMIT(name, option, unit, dflt, least, most, sentence) int64_t name;
#include "service/limits.def"
#undef LIMIT
};

struct svc_limit {
	const char *name; /* "max-sessions", as the option */
	const char *unit;
	int64_t dflt, least, most;
	const char *sentence; /* to be translated where shown */
	size_t offset;        /* in struct svc_limits */
};

const struct svc_limit *svc_limit_rows(size_t *n);
void svc_limits_init(struct svc_limits *limits);

/* Sets one from a text: a number in the limit's own unit, or with one behind it
 * that measures the same, as in "300 s", "5m" or "64KiB".  Returns 0; or -EINVAL,
 * and why says what would be right. */
int svc_limit_set(struct svc_limits *limits, const struct svc_limit *row,
    const char *text, struct dw_buf *why);

/* Does its own unit measure a time or a size? */
bool svc_limit_has_unit(const struct svc_limit *row);

/* Does that one hold from a start to an end?  What it says is laid out, or is
 * known to others, before the first customer comes. */
bool svc_limit_is_fixed(const struct svc_limit *row);
int64_t svc_limit_get(const struct svc_limits *limits,
    const struct svc_limit *row);

/* Gives those that are fixed the values they have in `before`. */
void svc_limits_keep(struct svc_limits *limits,
    const struct svc_limits *before);

/* Raises the soft limit of descriptors to the hard one, and sees whether a desk
 * with so many addresses can open all that it opens for itself and for a first
 * customer.  Returns 0; or -EMFILE, and why names the limit. */
int svc_limits_check_files(size_t listeners, struct dw_buf *why);

/*
 * Raises the soft limit of descriptors to the hard one, then asks how many
 * sessions this machine can hold beside those that are refused at so many
 * addresses for customers.  A default that is more is lowered, and why says so;
 * an explicit one is refused.  Returns 0, 1 (lowered) or -ERANGE.
 */
int svc_limits_fit(struct svc_limits *limits, size_t listeners,
    bool is_explicit, struct dw_buf *why);

#endif
