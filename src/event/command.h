/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a command says of itself: to the dispatcher, to /help, to completion
 * and on the wire.  The desk's rows and a console's own begin with this.
 */
#ifndef EV_COMMAND_H
#define EV_COMMAND_H

struct ev_command {
	const char *name;
	const char *args; /* "[N]": a session, by default the selected one */
	const char *help; /* to be translated where shown */
	const char *complete; /* "session", "command", "operator", "peer"
	                       * or "" */
};

#endif
