/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where ssh goes: ssh://[USER@]HOST[:PORT]. */
#ifndef BIN_SSH_ADDRESS_H
#define BIN_SSH_ADDRESS_H

#define SSH_WORD_SIZE 256

struct ssh_address {
	char user[SSH_WORD_SIZE]; /* "": as ssh has it */
	char host[SSH_WORD_SIZE];
	char port[8]; /* "": the same */
};

/*
 * No part can be taken for an option, or for something else than a name, by ssh
 * or by a shell that its configuration runs.  Returns 0, or -EINVAL and why, a
 * sentence.
 */
int ssh_address_parse(struct ssh_address *a, const char *text,
    const char **why);

#endif
