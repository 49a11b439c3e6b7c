/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way to a desk on another machine: the program ssh, which runs `deskwire
 * relay` there.  Who may come in, and how it is proved, is ssh's business.
 */
#ifndef BIN_SSH_H
#define BIN_SSH_H

#include <stdbool.h>
#include <sys/types.h>

#include "bin/options.h"
#include "bin/ssh_address.h"
#include "socketserver/socketserver.h"

struct ssh_link {
	unsigned magic;
	const char *text; /* the address as it was given */
	struct ssh_address to;
	bool again; /* there was a link: nobody can be asked for a password */
	pid_t pid;  /* of ssh; 0: none runs */
	int status; /* as waitpid() told it, once that has ended */
	int said;   /* what it says on its standard error; -1 */
	char row[256]; /* the last row of that */
	size_t len;
	char why[512];
};

/* Returns 0; or an exit status, and has told why.  fini in both cases. */
int ssh_link_init(struct ssh_link *l, const struct options *o);
void ssh_link_fini(struct ssh_link *l);

/*
 * A con_connect_fn whose arg is a struct ssh_link.  The first time ssh has the
 * terminal for itself until it is there, so that it can ask for a password; call
 * it before a console has that.  Later it asks nobody anything.
 */
struct sks_socket *ssh_link_connect(void *arg, const char **why);

/* Tells why that failed.  Returns the exit status. */
int ssh_link_failed(const struct ssh_link *l, const char *why);

#endif
