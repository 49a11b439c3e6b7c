/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file looks after files that somebody else may remove while the desk runs:
 * those of the journal and the operators' socket.  Main is told by a watch on
 * their folders; where there is none, the desk thread asks it to look with each
 * round that was stored.  A log that takes no rows tells it, too.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "service/internal.h"
#include "socketserver/server/rebind.h"

char *
svc_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Returns false when nobody will tell of one of them. */
static bool
watch_folders(struct svc *svc)
{
	const char *socket = svc->config->operator_socket;
	bool watched = dw_watch_add(&svc->watch, svc->config->state_dir);
	char *folder;

	if (socket == NULL)
		return watched;
	folder = svc_folder_of(socket);
	if (folder == NULL || !dw_watch_add(&svc->watch, folder))
		watched = false;
	free(folder);
	return watched;
}

void
svc_files_watch(struct svc *svc)
{
	dw_watch_open(&svc->watch);
	if (!watch_folders(svc))
		dw_watch_close(&svc->watch);
}

int
svc_watch_fd(const struct svc *svc)
{
	return svc->watch.fd;
}

void
svc_files_ask(struct svc *svc)
{
	if (svc->watch.fd >= 0)
		return;
	atomic_store(&svc->look_asked, true);
	dw_wake_ring(svc->config->quit);
}

/* ---- the operators' socket, on main ---- */

/* What is done again is what a start does, which makes the one folder, too. */
static int
bind_anew(struct svc *svc, struct dw_buf *why)
{
	const char *path = svc->config->operator_socket;
	char *folder = svc_folder_of(path), error[256];
	int r = 0;

	if (folder != NULL && mkdir(folder, 0700) < 0 && errno != EEXIST)
		r = -errno;
	free(folder);
	if (r < 0) {
		dw_buf_adds(why, strerror(-r));
		return r;
	}
	if (svc_check_operator_path(path, why) != 0)
		return -EPERM;
	if ((r = sks_server_rebind(svc->operators)) < 0) {
		sks_error_text(error, sizeof error);
		dw_buf_adds(why, error);
	}
	return r;
}

/* On the desk thread. */
void
svc_tell_socket(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, socket_news);

	assert(svc->magic == SVC_MAGIC);
	svc_notice(svc, EV_CODE_SOCKET, svc->socket_text);
}

static void
tell_operators(struct svc *svc, const char *why)
{
	const char *path = svc->config->operator_socket;

	if (!svc_is_back(&svc->inbox, &svc->socket_news))
		return;
	if (svc->socket_lost)
		snprintf(svc->socket_text, sizeof svc->socket_text,
		    _("the operators' socket %s is not there any more, and "
		      "cannot be made anew: %s"),
		    path, why);
	else
		snprintf(svc->socket_text, sizeof svc->socket_text,
		    _("the operators' socket %s is there again"), path);
	svc_post(&svc->inbox, &svc->socket_news);
}

/* Only what lasts is told to the operators who are there. */
static void
keep_socket(struct svc *svc)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	bool was_lost = svc->socket_lost;
	int r = bind_anew(svc, &why);

	svc->socket_lost = r < 0;
	if (svc->socket_lost != was_lost)
		tell_operators(svc, dw_buf_str(&why));
	else if (r > 0)
		dw_log(svc->config->log,
		    _("the operators' socket %s was removed, and is made anew"),
		    svc->config->operator_socket);
	dw_buf_fini(&why);
}

static void
look_at_logs(struct svc *svc)
{
	struct dw_log *logs[2] = { svc->config->talk, svc->config->log };

	for (int i = 0; i < 2; i++) {
		if (dw_log_is_losing(logs[i]) == svc->logs_losing[i])
			continue;
		svc->logs_losing[i] = !svc->logs_losing[i];
		svc_post_again(&svc->inbox, &svc->log_news);
	}
}

void
svc_look(struct svc *svc)
{
	bool heard = dw_watch_heard(&svc->watch);

	look_at_logs(svc);
	if (!atomic_exchange(&svc->look_asked, false) && !heard)
		return;
	svc_post_again(&svc->inbox, &svc->look);
	if (svc->config->operator_socket == NULL)
		return;
	keep_socket(svc);
	if (heard)
		(void)watch_folders(svc); /* one may be another one now */
}
