/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operators as this console knows them: who is at a console, who is away,
 * who types to whom, and who watches.  Pure: time comes in.
 */
#ifndef CON_PEOPLE_H
#define CON_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/op.h"

#define CON_PEOPLE_MAX 64    /* who are known; no desk needs more at once */
#define CON_TYPES_MS   10000 /* what is said about typing holds so long */

struct con_person {
	char name[EV_NAME_SIZE]; /* harmless to a terminal */
	uint64_t consoles;
	bool away;
};

/* Console n of this operator types to sid. */
struct con_typer {
	uint64_t n, sid;
	int64_t at_ms; /* said then, on the desk's steady clock */
	char name[EV_NAME_SIZE];
};

/* Console n of this operator watches sid. */
struct con_watcher {
	uint64_t n, sid;
	char name[EV_NAME_SIZE];
};

struct con_people {
	struct con_person all[CON_PEOPLE_MAX];
	size_t n;
	struct con_typer typers[CON_PEOPLE_MAX];
	size_t ntypers;
	struct con_watcher watchers[CON_PEOPLE_MAX];
	size_t nwatchers;
	bool told; /* a welcome has said what a replay is going to say */
};

/* Takes who a welcome says is here.  What a replay behind it says is known
 * already, until the frame live, which may say it once more. */
void con_people_welcome(struct con_people *p, const struct wire_frame *f);
void con_people_live(struct con_people *p, const struct wire_frame *f);

/* Somebody came, went, is away or back, or has replied. */
void con_people_event(struct con_people *p, const struct ev_event *ev);

/* Takes a frame types, which came when the desk's steady clock showed so
 * much. */
void con_people_types(struct con_people *p, const struct wire_frame *f,
    int64_t now_ms);

/* Takes a frame joins. */
void con_people_joins(struct con_people *p, const struct wire_frame *f);

/* NULL: this operator is at no console. */
const struct con_person *con_people_find(const struct con_people *p,
    const char *name);
bool con_people_is_away(const struct con_people *p, const char *name);

/* Does this one type to the session now? */
bool con_typer_is_at(const struct con_typer *t, uint64_t sid, int64_t now_ms);

#endif
