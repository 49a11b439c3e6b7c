/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The desk's own log: who came, who was refused and why, what was too much, how
 * the disk does.  It never holds what was said, unless that is asked for, and of
 * a customer's address only as much as config.log_addresses allows.
 *
 * Each kind of row has a rate, and each reason of a refusal one of its own: what
 * is beyond it is left out and counted, and a row says how many those were, before
 * the next row of its kind or a second later.
 *
 * Any thread, holding no lock.
 */
#ifndef SVC_LOG_H
#define SVC_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct svc;
struct sks_addr;

/* How much of a customer's address a log may hold. */
enum svc_log_addresses {
	SVC_LOG_NET, /* its network: /24 of IPv4, /48 of IPv6 */
	SVC_LOG_FULL,
	SVC_LOG_NONE
};

enum svc_log_what {
#define LOG_ROW(name, word, level, burst, per_s) SVC_LOG_##name,
#include "service/log_rows.def"
#undef LOG_ROW
	SVC_LOG_ROWS
};

enum svc_refusal {
#define REFUSAL(name, word, sentence) SVC_REFUSED_##name,
#include "service/refusals.def"
#undef REFUSAL
	SVC_REFUSALS
};

/* Whom a row is about; what is NULL or 0 is left out. */
struct svc_log_about {
	const struct sks_addr *addr;
	uint64_t sid;
	const char *who; /* an operator */
	const char *why; /* one of EV_WHY_* or a refusal's word */
};

/* One row.  about may be NULL.  The text is for people and translated; no
 * address and no customer's text belongs in it, unless config.log_words. */
void svc_log(struct svc *svc, enum svc_log_what what,
    const struct svc_log_about *about, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with any bytes for the text. */
void svc_log_text(struct svc *svc, enum svc_log_what what,
    const struct svc_log_about *about, const char *text, size_t len);

/* Somebody was not let in: counts it, and writes a row.  addr may be NULL. */
void svc_refused(struct svc *svc, enum svc_refusal why,
    const struct sks_addr *addr);

/* The same with a sentence of its own: "user 1000 …". */
void svc_refused_as(struct svc *svc, enum svc_refusal why,
    const struct sks_addr *addr, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "sessions", … */
const char *svc_refusal_word(enum svc_refusal why);

#endif
