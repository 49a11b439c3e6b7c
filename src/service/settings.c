/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file makes the settings of a desk, hands them out and replaces them.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "desk/hours.h"
#include "service/internal.h"
#include "service/settings.h"

#define SETTINGS_MAGIC 0x5e4c0009u
#define HELD_BYTES     ((size_t)64 * 1024)
#define KEYS           64 /* of one session; the journal knows them all */
#define SENT_NS        (30 * DW_MS) /* well below CON_HOLD_MS of a console */

static void
settings_free(struct svc_settings *s)
{
	svc_people_free(s->people);
	desk_hours_free(s->hours);
	free(s->name);
	free(s->greeting);
	free(s->nobody_on_duty);
	free(s->closed);
	s->magic = 0;
	free(s);
}

void
svc_settings_drop(struct svc_settings *s)
{
	if (s == NULL)
		return;
	assert(s->magic == SETTINGS_MAGIC);
	if (atomic_fetch_sub(&s->holders, 1) == 1)
		settings_free(s);
}

struct svc_settings *
svc_settings_take(struct svc *svc)
{
	struct svc_settings *s;

	dw_lock(&svc->settings_lock);
	s = svc->settings;
	atomic_fetch_add(&s->holders, 1);
	dw_unlock(&svc->settings_lock);
	return s;
}

void
svc_settings_replace(struct svc *svc, struct svc_settings *s)
{
	struct svc_settings *old = svc->held;

	assert(s->magic == SETTINGS_MAGIC);
	svc->held = s;
	dw_lock(&svc->settings_lock);
	svc->settings = s;
	dw_unlock(&svc->settings_lock);
	if (svc->desk != NULL)
		desk_reconfigure(svc->desk, &s->desk);
	svc_settings_drop(old);
}

/* NULL is copied as NULL. */
static bool
copy_text(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}

static bool
copy_texts(struct svc_settings *s, const struct svc_config *config)
{
	return copy_text(&s->name, config->name) &&
	    copy_text(&s->greeting, config->greeting) &&
	    copy_text(&s->nobody_on_duty, config->nobody_on_duty) &&
	    copy_text(&s->closed, config->closed);
}

static bool
copy_hours(struct svc_settings *s, const struct svc_config *config)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r = 0;

	if (config->hours != NULL)
		r = desk_hours_parse(config->hours, &s->hours, &why);
	dw_buf_fini(&why);
	return r == 0;
}

static void
configure_times(struct desk_config *dc, const struct svc_limits *l)
{
	dc->turn.hold_ns = l->holding_line * DW_SECOND;
	dc->turn.held_ns = l->held_reply * DW_SECOND;
	dc->turn.add_ns = l->add_to_held * DW_SECOND;
	dc->linger_ns = l->linger * DW_SECOND;
	dc->retry_ns = DW_SECOND;
	dc->sent_ns = SENT_NS;
	dc->gone_after_ms = l->gone_after * 1000;
	dc->claim_timeout_ms = l->claim_timeout * 1000;
	dc->lost_grace_ms = l->lost_grace * 1000;
	dc->away_after_ms = l->away_after * 1000;
	dc->place_every_ms = l->place_every * 1000;
	dc->quiet_after_ms = l->quiet_after * 1000;
	dc->quiet_warning_ms = l->quiet_warning * 1000;
	dc->max_ban_ms = l->max_ban * 1000;
	dc->peer_ns = l->udp_timeout * DW_SECOND;
}

static void
configure_desk(struct svc_settings *s, const struct svc_config *config)
{
	const struct svc_limits *l = &s->limits;
	struct desk_config *dc = &s->desk;

	configure_times(dc, l);
	dc->name = s->name;
	dc->greeting = s->greeting;
	dc->nobody_on_duty = s->nobody_on_duty;
	dc->closed = s->closed;
	dc->hours = s->hours;
	dc->charset = config->charset;
	dc->max_gone = (size_t)l->max_gone;
	dc->max_gone_per_address = (size_t)l->max_gone_per_address;
	dc->held_bytes = HELD_BYTES;
	dc->max_message = (size_t)l->max_message;
	dc->max_keys = KEYS;
	dc->max_peers = (size_t)l->udp_peers;
	dc->max_answer = (size_t)l->max_answer;
}

/* The group that has the operators' socket has it from the start. */
static bool
keep_group(struct svc_people *people, const struct svc_settings *before)
{
	if (before == NULL)
		return true;
	free(people->operator_group);
	return copy_text(&people->operator_group,
	    before->people->operator_group);
}

struct svc_settings *
svc_settings_new(const struct svc_config *config,
    const struct svc_settings *before)
{
	struct svc_settings *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->magic = SETTINGS_MAGIC;
	atomic_init(&s->holders, 1);
	s->limits = config->limits;
	if (before != NULL)
		svc_limits_keep(&s->limits, &before->limits);
	s->people = svc_people_copy(config->people);
	if (s->people == NULL || !keep_group(s->people, before) ||
	    !copy_texts(s, config) || !copy_hours(s, config)) {
		settings_free(s);
		return NULL;
	}
	configure_desk(s, config);
	return s;
}
