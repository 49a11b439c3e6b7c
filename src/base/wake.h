/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A descriptor becomes readable when somebody rings; a thread that sits in
 * poll(2) adds it to be woken.  It is an eventfd where there is one, otherwise
 * a pipe.
 */
#ifndef DW_WAKE_H
#define DW_WAKE_H

struct dw_wake {
	int rd; /* poll this for POLLIN */
	int wr;
};

/* Returns 0 or -errno. */
int dw_wake_init(struct dw_wake *w);
void dw_wake_fini(struct dw_wake *w);

/* Any thread, also from a signal handler.  Ringing twice is ringing once. */
void dw_wake_ring(struct dw_wake *w);

/* Takes back all rings so far. */
void dw_wake_clear(struct dw_wake *w);

#endif
