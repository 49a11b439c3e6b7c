/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words that stand in the journal and on the wire: modes, states, codes,
 * reasons, and the two hellos of the tutorial.  None is ever translated.
 */
#ifndef EV_WORDS_H
#define EV_WORDS_H

#include <stddef.h>

/* The words of one enum.  Value 0 stands for nothing to say, and for a word
 * that is not known; it is never written. */
struct ev_words {
	const char *const *words;
	size_t n;
};

extern const struct ev_words ev_kinds;  /* enum ev_kind, event/event.h */
extern const struct ev_words ev_modes;  /* enum ev_mode */
extern const struct ev_words ev_states; /* enum ev_state */
extern const struct ev_words ev_codes;  /* enum ev_code */
extern const struct ev_words ev_roles;  /* enum ev_role */

/* The word of a value, and the value of a word; 0 for a word that is not
 * among them. */
const char *ev_word(const struct ev_words *words, unsigned value);
unsigned ev_value(const struct ev_words *words, const char *word);

/* What a customer speaks. */
enum ev_mode {
	EV_MODE_NONE,
	EV_MODE_LINE,   /* "line": rows of text, as from nc and telnet */
	EV_MODE_CLASSIC /* "classic": the tutorial's client, turn by turn */
};

enum ev_state {
	EV_STATE_NONE,
	EV_STATE_WAITING, /* "waiting": nobody has answered yet */
	EV_STATE_OPEN,    /* "open": an operator has answered */
	EV_STATE_LEFT,    /* "left": not connected any more, not answered */
	EV_STATE_CLOSED   /* "closed": ended */
};

/* How a request went; and why the desk tells all consoles something, or ends
 * a console's link. */
enum ev_code {
	EV_CODE_OK,         /* done; an answer of this code says none */
	EV_CODE_NOT_STORED, /* the journal failed; nothing happened */
	EV_CODE_CLOSED,     /* that session has ended */
	EV_CODE_GONE,       /* its customer is not connected */
	EV_CODE_STALE,      /* a colleague has answered it meanwhile */
	EV_CODE_UNKNOWN,    /* no such session or command */
	EV_CODE_FULL,       /* its customer does not read */
	EV_CODE_USAGE,      /* nothing to send, bad argument or protocol */
	EV_CODE_STOPPING,   /* this desk takes no more */
	EV_CODE_STOP,       /* notice, bye: the desk stops, has stopped */
	EV_CODE_DISK,       /* notice: the journal cannot be written, or can */
	EV_CODE_LOG,        /* notice: the log takes no rows, or does */
	EV_CODE_LIMIT,      /* notice: something was too much */
	EV_CODE_SOCKET,     /* notice: the operators' one is lost, or back */
	EV_CODE_DENIED,     /* this operator may not */
	EV_CODE_TAKEN,      /* a colleague answers that customer */
	EV_CODE_LEASE,      /* notice: this operator's claim ends soon */
	EV_CODE_RELOAD      /* notice: the configuration was read again */
};

/* What an operator may do; each may what those before it may. */
enum ev_role {
	EV_ROLE_NONE,
	EV_ROLE_OPERATOR,   /* "operator": answers customers */
	EV_ROLE_SUPERVISOR, /* "supervisor": and decides who may come */
	EV_ROLE_ADMIN       /* "admin": and what the desk does */
};

/* How somebody got a customer, and why somebody has it no more. */
#define EV_WHY_TAKEN    "taken"    /* by /take, or the first key */
#define EV_WHY_ANSWER   "answer"   /* by the first answer */
#define EV_WHY_ACCEPTED "accepted" /* a colleague had offered it */
#define EV_WHY_STOLEN   "stolen"   /* from a colleague */
#define EV_WHY_RELEASED "released" /* its owner gave it back */
#define EV_WHY_SILENT   "silent"   /* its owner did not answer in time */
#define EV_WHY_LOST     "lost"     /* its owner's consoles are gone */
#define EV_WHY_DECLINED "declined" /* an offer: no */
#define EV_WHY_SAID     "said"     /* away: somebody said so */
#define EV_WHY_IDLE     "idle"     /* away: no key for long */
#define EV_WHY_UNDONE   "undone"   /* same: it was a mistake */
#define EV_WHY_QUIET    "quiet"    /* nobody has said anything for long */

/* Why a session or a connection ended, or an answer over UDP could not go. */
#define EV_WHY_BANNED      "banned"      /* nobody is let in from there */
#define EV_WHY_CLOSED      "closed"      /* an operator closed the session */
#define EV_WHY_FLOOD       "flood"       /* it wrote faster than it may */
#define EV_WHY_GONE        "gone"        /* it did not come back */
#define EV_WHY_KICKED      "kicked"      /* an operator cut it off */
#define EV_WHY_LEFT        "left"        /* it hung up */
#define EV_WHY_MEMORY      "memory"      /* there was none for it */
#define EV_WHY_QUIT        "quit"        /* it said goodbye */
#define EV_WHY_REFUSED     "refused"     /* it is no customer */
#define EV_WHY_RESET       "reset"       /* the connection was lost */
#define EV_WHY_RESTART     "restart"     /* the desk was restarted */
#define EV_WHY_SLOW        "slow"        /* it does not read */
#define EV_WHY_STOP        "stop"        /* the desk stopped */
#define EV_WHY_TIMEOUT     "timeout"     /* it was silent for too long */
#define EV_WHY_UNREACHABLE "unreachable" /* there is no way to its address */
#define EV_WHY_NO_ROOM     "no room"     /* the socket's buffer is full */
#define EV_WHY_TOO_LONG    "too long"    /* for one row, for one datagram */
#define EV_WHY_FAILED      "failed"      /* for any other cause */

/* The tutorial's handshake: what its client says first, and its server then. */
#define EV_CLIENT_HELLO "客户端已就绪"
#define EV_SERVER_HELLO "服务端已就绪"
/* The client's in GBK, as a Windows system set to Chinese sends it. */
#define EV_CLIENT_HELLO_GBK "\xbf\xcd\xbb\xa7\xb6\xcb\xd2\xd1\xbe\xcd\xd0\xf7"

#endif
