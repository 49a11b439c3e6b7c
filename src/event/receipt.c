/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file writes and reads receipts of a customer's rows. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "event/receipt.h"

bool
ev_asks_for_receipts(const char *row, size_t len)
{
	return dw_text_is_word(row, len, EV_RECEIPTS);
}

void
ev_receipt_format(char text[EV_RECEIPT_SIZE], struct ev_receipt r)
{
	snprintf(text, EV_RECEIPT_SIZE, "receipt %" PRIu64 "%s", r.row,
	    r.refused ? " refused" : "");
}

/* A receipt is what would be written for its number, to the byte. */
bool
ev_receipt_parse(const char *text, size_t len, struct ev_receipt *out)
{
	char copy[EV_RECEIPT_SIZE], again[EV_RECEIPT_SIZE], *end;
	size_t word = strlen("receipt ");

	if (len <= word || len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	out->row = strtoull(copy + word, &end, 10);
	out->refused = *end != '\0';
	ev_receipt_format(again, *out);
	return strlen(again) == len && memcmp(text, again, len) == 0;
}
