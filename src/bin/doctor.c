/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb doctor looks whether this machine is ready for the desk that the
 * options describe, and says of each thing what was found and what to do.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "bin/doctor.h"
#include "bin/paths.h"
#include "bin/verbs.h"

/* In this order they are printed. */
static doctor_fn *const looks[] = {
	doctor_state,
	doctor_user,
	doctor_desk,
	doctor_disk,
	doctor_sync,
	doctor_files,
	doctor_ports,
	doctor_plaintext,
	doctor_metrics,
	doctor_socket,
	doctor_group,
	doctor_people,
	doctor_limits,
	doctor_locale,
	doctor_clock,
	doctor_terminal,
	doctor_service,
};

void
doctor_say(struct doctor *d, enum doctor_level level, const char *what,
    const char *format, ...)
{
	/* Programs look for these, so they are in no language. */
	static const char *const words[] = {
		[DOCTOR_OK] = "ok  ",
		[DOCTOR_WARN] = "warn",
		[DOCTOR_FAIL] = "fail",
	};
	struct dw_buf row = DW_BUF_INITIALIZER;
	va_list ap;
	char *text;

	d->failed |= level == DOCTOR_FAIL;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) >= 0) {
		dw_text_line(&row, text, strlen(text), 0);
		free(text);
	}
	va_end(ap);
	printf("%s  %s: %s\n", words[level], what,
	    row.failed ? _("out of memory") : dw_buf_str(&row));
	dw_buf_fini(&row);
}

/* ---- the configuration ---- */

static void
say_problem(struct doctor *d, const struct conf_problem *p)
{
	char *text = conf_problem_text(p);

	doctor_say(d, DOCTOR_FAIL, _("configuration"), "%s",
	    text != NULL ? text : _("out of memory"));
	free(text);
}

static void
look_at_configuration(struct doctor *d)
{
	char *path = options_file(d->o);

	for (size_t i = 0; i < d->o->conf.nproblems; i++)
		say_problem(d, &d->o->conf.problems[i]);
	if (d->o->conf.nproblems > 0)
		;
	else if (d->o->conf.nfiles > 0)
		doctor_say(d, DOCTOR_OK, _("configuration"),
		    _("%s can be used"), path != NULL ? path : "");
	else
		doctor_say(d, DOCTOR_OK, _("configuration"),
		    _("there is no %s, and the defaults hold"),
		    path != NULL ? path : "deskwire.conf");
	free(path);
}

/* ---- all of it ---- */

/* Where a desk with these options would be.  Returns an exit status. */
static int
find_places(struct doctor *d)
{
	const struct options *o = d->o;

	d->state = o->state_dir != NULL ? strdup(o->state_dir) : path_state();
	if (d->state == NULL) {
		print_error(_("there is no home folder for the journal; name a "
			      "folder with --state DIR"));
		return DW_STATUS_CONFIG;
	}
	if (o->operator_socket != NULL)
		d->socket = strdup(o->operator_socket);
	else if (o->state_dir != NULL)
		d->socket = path_operator_socket_in(d->state);
	else
		d->socket = path_operator_socket_named(d->state);
	return endpoints_init(&d->at, o);
}

static int
look_at_all(struct doctor *d)
{
	int status = find_places(d);

	for (size_t i = 0; status == DW_STATUS_OK && d->socket != NULL &&
	    i < sizeof looks / sizeof looks[0];
	    i++)
		looks[i](d);
	endpoints_fini(&d->at);
	free(d->state);
	free(d->socket);
	free(d->owner);
	return status;
}

int
verb_doctor(struct options *o)
{
	struct doctor d = { .o = o };
	int status = DW_STATUS_CONFIG;

	look_at_configuration(&d);
	/* What half a configuration says is nothing to look for. */
	if (o->conf.nproblems == 0)
		status = look_at_all(&d);
	if (fflush(stdout) != 0) {
		print_error(_("cannot write to standard output: %s"),
		    strerror(errno));
		return DW_STATUS_FAILED;
	}
	return status == DW_STATUS_OK && d.failed ? DW_STATUS_FAILED : status;
}
