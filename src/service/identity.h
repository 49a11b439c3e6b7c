/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who an operator is, what it may do, and what customers may be told that its
 * name is.  The kernel says whose the link is; the table of people (people.h)
 * and the system's users and groups say the rest.  All of it is on the worker
 * of the link, as the system may ask another machine.
 */
#ifndef SVC_IDENTITY_H
#define SVC_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "event/session.h"
#include "service/people.h"
#include "socketserver/socketserver.h"

#define SVC_LOGIN_SIZE 256

struct svc_identity {
	uid_t uid;
	gid_t gid;
	bool ours; /* the desk's own user, or root: plays whom it likes */
	char login[SVC_LOGIN_SIZE]; /* "uid1234" for one without a name */
	char relay[SVC_LOGIN_SIZE]; /* the login that brought it; "": none */
	enum ev_role role;
	/* The operator: the login name; with the uid, where that cannot be shown
	 * or is too long, */
	char who[EV_NAME_SIZE];
	char as[EV_NAME_SIZE]; /* and for customers; "": the same */
};

/* Whose is this link?  Returns false if that user is no operator here. */
bool svc_identify(struct svc_identity *id, const struct svc_people *people,
    struct sks_socket *link);

/*
 * A relay, whose row says that it is one, brings the user whose row has this
 * login: by a key of its own, perhaps, and no account.  From here on it is that
 * user.  Returns false, with why in a sentence.
 */
bool svc_identity_relay(struct svc_identity *id,
    const struct svc_people *people, const char *login, struct dw_buf *why);

/*
 * What its hello asks to be called, "" for nothing: the desk's own user is that
 * operator, with its row of the table; for all others it is only what customers
 * see.  Returns false, with why in a sentence, when it is somebody else's name.
 */
bool svc_identity_name(struct svc_identity *id, const struct svc_people *people,
    const char *asked, struct dw_buf *why);

/* Could one be taken for the other, as they differ in nothing but capital and
 * small letters? */
bool svc_is_same_name(const char *a, const char *b);

/* May anybody be an operator but the desk's own user and root? */
bool svc_people_any(const struct svc_people *people);

/* The number of a group of this system.  Returns 0, -ENOENT or -errno. */
int svc_group_id(const char *name, gid_t *gid);

#endif
