/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file writes the rows of the desk's own log.
 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/i18n.h"
#include "service/internal.h"
#include "service/log.h"

static const struct {
	const char *word, *sentence;
} refusals[SVC_REFUSALS] = {
#define REFUSAL(name, word, sentence) [SVC_REFUSED_##name] = { word, sentence },
#include "service/refusals.def"
#undef REFUSAL
};

const char *
svc_refusal_word(enum svc_refusal why)
{
	assert(why < SVC_REFUSALS);
	return refusals[why].word;
}

void
svc_log(struct svc *svc, enum svc_log_what what,
    const struct svc_log_about *about, const char *format, ...)
{
	va_list ap;
	char *text;

	(void)what;
	(void)about;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) >= 0) {
		dw_log(svc->config->log, "%s", text);
		free(text);
	}
	va_end(ap);
}

void
svc_refused(struct svc *svc, enum svc_refusal why, const struct sks_addr *addr)
{
	struct svc_log_about about = { .addr = addr,
		.why = svc_refusal_word(why) };

	atomic_fetch_add(&svc->refused[why], 1);
	svc_log(svc, SVC_LOG_REFUSED, &about, "%s", _(refusals[why].sentence));
}
