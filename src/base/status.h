/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the program's exit status means, for every verb.  deskwire(1) has the
 * same list, and tests/system/manual.py compares the two.
 */
#ifndef DW_STATUS_H
#define DW_STATUS_H

enum dw_status {
	DW_STATUS_OK = 0,
	DW_STATUS_FAILED = 1,  /* at run time: no journal, no link, no answer */
	DW_STATUS_USAGE = 2,   /* the command line is wrong */
	DW_STATUS_CONFIG = 3,  /* what is asked for cannot be */
	DW_STATUS_LISTEN = 4,  /* an address cannot be had */
	DW_STATUS_REFUSED = 5, /* by the peer, which takes no more or is none */
	DW_STATUS_EARLY = 6,   /* the peer ended in the middle of a call */
	DW_STATUS_STORED = 7,  /* what was said is; nobody has answered yet */
	/* Of ctl, which says nothing that waits for an answer. */
	DW_STATUS_UNKNOWN = DW_STATUS_STORED, /* no such session, or no more */
	DW_STATUS_LATE = 8                    /* a colleague was faster */
};

/* Ended by that signal, as a shell says it. */
#define DW_STATUS_SIGNAL(signo) (128 + (signo))

#endif
