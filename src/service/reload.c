/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file takes a configuration that main has read again to the desk thread,
 * which puts it in the place of the old one between two rounds.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "service/operator.h"

/* ---- on main ---- */

bool
svc_reload_asked(struct svc *svc)
{
	return atomic_exchange(&svc->reload_asked, false);
}

bool
svc_reload_is_asked(const struct svc *svc)
{
	return atomic_load(&svc->reload_asked);
}

void
svc_reload(struct svc *svc, const struct svc_config *config, const char *text)
{
	struct svc_settings *now = svc_settings_take(svc), *s = NULL;

	/* The one before may still be on its way. */
	svc_wait(&svc->inbox, &svc->reload);
	if (config != NULL && (s = svc_settings_new(config, now)) == NULL)
		text = _("the configuration stays as it was: out of memory");
	svc_settings_drop(now);
	svc->reload_settings = s;
	snprintf(svc->reload_text, sizeof svc->reload_text, "%s", text);
	svc_post(&svc->inbox, &svc->reload);
}

/* ---- on the desk thread ---- */

static void
answer_all(struct svc *svc, enum ev_code code, const char *text)
{
	const struct desk_answer a = { .code = code, .text = text };
	struct dw_list *n;

	while ((n = dw_list_take(&svc->reloads)) != NULL)
		svc_answer(svc, DW_LIST_OF(n, struct svc_node, link), &a);
}

void
svc_reload_wanted(struct svc *svc, struct svc_node *n)
{
	dw_list_add(&svc->reloads, &n->link);
	if (svc->closing) {
		svc_reload_end(svc);
		return;
	}
	atomic_store(&svc->reload_asked, true);
	dw_wake_ring(svc->config->quit);
}

void
svc_reload_end(struct svc *svc)
{
	svc->closing = true;
	answer_all(svc, EV_CODE_STOPPING, _("the desk has stopped"));
}

/* Who asked is answered, and nobody else is disturbed. */
static void
tell(struct svc *svc, bool done, const char *text)
{
	if (dw_list_empty(&svc->reloads)) {
		svc_notice(svc, EV_CODE_RELOAD, text);
		return;
	}
	svc_log(svc, SVC_LOG_RELOADED, NULL, "%s", text);
	answer_all(svc, done ? EV_CODE_OK : EV_CODE_USAGE, text);
}

/* What the round has decided may still point to the old settings. */
void
svc_reloaded(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, reload);

	assert(svc->magic == SVC_MAGIC);
	svc_settings_drop(svc->due);
	svc->due = svc->reload_settings;
	svc->reload_settings = NULL;
	memcpy(svc->due_text, svc->reload_text, sizeof svc->due_text);
}

/* What somebody may do is asked when it comes: who may now be another operator
 * comes again. */
static void
look_at_people(struct svc *svc)
{
	DW_LIST_EACH(n, &svc->links)
		svc_operator_look_again(svc_operator_at(n));
}

void
svc_reload_apply(struct svc *svc)
{
	bool done = svc->due != NULL;

	if (svc->due_text[0] == '\0')
		return;
	if (done)
		svc_settings_replace(svc, svc->due);
	svc->due = NULL;
	tell(svc, done, svc->due_text);
	svc->due_text[0] = '\0';
	if (done)
		look_at_people(svc);
}
