/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The desk's events and sessions in the words of the operator protocol.
 */
#ifndef SVC_FRAMES_H
#define SVC_FRAMES_H

#include "desk/desk.h"
#include "wire/op.h"

/* Both point at what ev and s have. */
struct wire_event svc_wire_event(const struct desk_event *ev);
struct wire_session svc_wire_session(const struct desk_session *s);

#endif
