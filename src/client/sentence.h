/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sentences of the desk, by which a customer's program knows that no person has
 * spoken.
 */
#ifndef CALL_SENTENCE_H
#define CALL_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Is this text the sentence?  One %u or %s in it stands for anything. */
bool sentence_is(const char *sentence, const char *text, size_t len);

#endif
