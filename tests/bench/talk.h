/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many clients of make bench in one thread: connections that say something and
 * hear the answer (words.h).  A mode is a function that is called when an
 * answer is there and says what comes next.
 */
#ifndef BENCH_TALK_H
#define BENCH_TALK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/histogram.h"

/* What a connection waits for. */
enum talk_state {
	TALK_CLOSED,
	TALK_CONNECTING,
	TALK_HELLO,   /* the answer to the hello */
	TALK_MESSAGE, /* the message */
	TALK_QUIT,    /* the quit */
	TALK_END,     /* the end of the file */
	TALK_IDLE     /* nothing: the mode says when it goes on */
};

struct talk {
	int fd;
	enum talk_state state;
	size_t heard;     /* bytes of the answer */
	uint64_t began;   /* connecting, ns */
	uint64_t said_ns; /* the message, or when it was due */
};

typedef void talk_next_fn(struct talk *t);

/* The clients of this process and what came of them. */
struct talks {
	unsigned port;
	pid_t pid;    /* of the server, whose processor time is asked */
	double secs;  /* how long to go on */
	int n;        /* connections */
	long limit;   /* sessions, or messages a second; 0: without limit */
	long opened;  /* connections that began */
	long hellos;  /* answers to a hello */
	long answers; /* to a message */
	long ended;   /* sessions that ended as they should */
	long errors;  /* sessions that ended otherwise */
	struct talk *talk;
	struct histogram times;
	/* NULL, or says what is due and returns after how many ns to call it
	 * again, or UINT64_MAX. */
	uint64_t (*due)(uint64_t now);
};
extern struct talks talks;

/* Once, when talks.n is known. */
void talk_init(void);

/* Another socket that is being connected to the server; -1: there is none.
 * Its address is one of sixteen, so that ports do not run out. */
int talk_dial(int flags);

void talk_open(struct talk *t);
void talk_close(struct talk *t);

/* Says it and waits for the answer: TALK_HELLO, TALK_MESSAGE, or TALK_QUIT. */
void talk_say(struct talk *t, enum talk_state what);

/* Serves all connections until enough() or ns nanoseconds have passed. */
void talk_loop(uint64_t ns, talk_next_fn *next, int (*enough)(void));

/* Opens all, four at a time, so that no queue is what is measured: they are
 * TALK_IDLE then. */
void talk_open_all(void);

/* Processor time of the server, ns. */
uint64_t talk_server_ns(void);

/* A mode of its own: clients that never read, and one that is served meanwhile. */
void stall(void);

#endif
