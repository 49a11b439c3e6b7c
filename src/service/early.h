/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Somebody is refused at random before the last places are gone: whoever opens
 * connection after connection then has the most to lose, and for all others a
 * next try soon succeeds.  The shape is OpenSSH's MaxStartups.  Pure.
 */
#ifndef SVC_EARLY_H
#define SVC_EARLY_H

#include <stdbool.h>
#include <stdint.h>

#define SVC_EARLY_BEGIN 70 /* percent of all places that are taken, */
#define SVC_EARLY_FIRST 10 /* then so many percent are refused */

/* With so many places of max taken, how many of 1,000 are refused?  0 up to
 * where it begins, then ever more up to 1,000 when all are taken. */
unsigned svc_early_permille(unsigned taken, unsigned max);

/* Is this one?  draw is a number that nobody can guess. */
bool svc_early_refuses(unsigned taken, unsigned max, uint32_t draw);

#endif
