/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may change while a desk works: limits, texts, people and hours, as one
 * object that itself never changes.  A reload makes another one and puts it in
 * the place of the old; who has taken one reads it without a lock, all of it
 * from the same reload, until it is dropped.
 */
#ifndef SVC_SETTINGS_H
#define SVC_SETTINGS_H

#include <stdatomic.h>

#include "base/buf.h"
#include "desk/desk.h"
#include "service/limits.h"
#include "service/people.h"

struct svc;
struct svc_config;

struct svc_settings {
	unsigned magic;
	atomic_uint holders;
	struct svc_limits limits;
	struct svc_people *people;
	char *name, *greeting, *nobody_on_duty, *closed;
	struct desk_hours *hours; /* NULL: at any time */
	struct desk_config desk;  /* points to those above */
};

/* A copy of what of this configuration may change, held once.  Limits that hold
 * from a start to an end are those of `before`, if it is not NULL.  NULL: no
 * memory, or the hours cannot be read. */
struct svc_settings *svc_settings_new(const struct svc_config *config,
    const struct svc_settings *before);

/* Those that hold now.  The caller drops them.  Any thread. */
struct svc_settings *svc_settings_take(struct svc *svc);
void svc_settings_drop(struct svc_settings *s);

/* On the desk thread, between two rounds: from now on these hold, which are the
 * service's from here on. */
void svc_settings_replace(struct svc *svc, struct svc_settings *s);

#endif
