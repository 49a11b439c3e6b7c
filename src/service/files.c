/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file looks after files that somebody else may remove while the desk runs:
 * those of the journal and the operators' socket.  Main is told by a watch on
 * their folders; while one of them has none, the desk thread asks it to look with
 * each round that was stored.  A log that takes no rows tells it, too.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void
ask_main(struct svc *svc)
{
	atomic_store(&svc->look_asked, true);
	dw_wake_ring(svc->config->quit);
}

/* What has happened since they were opened was not heard. */
void
svc_files_watch(struct svc *svc)
{
	dw_watch_open(&svc->watch);
	atomic_store(&svc->watched, watch_folders(svc));
	ask_main(svc);
}

int
svc_watch_fd(const struct svc *svc)
{
	return svc->watch.fd;
}

void
svc_files_ask(struct svc *svc)
{
	if (!atomic_load(&svc->watched))
		ask_main(svc);
}

/* ---- the operators' socket, on main ---- */

static int
let_group_pass(const struct svc *svc, const char *folder)
{
	struct stat st;

	if (svc->operator_gid < 0)
		return 0;
	if (stat(folder, &st) < 0 ||
	    (st.st_gid != (gid_t)svc->operator_gid &&
		chown(folder, (uid_t)-1, (gid_t)svc->operator_gid) < 0) ||
	    chmod(folder, 0710) < 0)
		return -errno;
	return 0;
}

/* What a start makes is made again, but no folder of the journal's: that may have
 * been moved away, and could not be moved back then. */
static int
make_folder(const struct svc *svc)
{
	const char *socket = svc->config->operator_socket;
	char *folder = socket != NULL && svc->config->operator_fd < 0 ?
	    svc_folder_of(socket) :
	    NULL;
	struct stat st;
	int r = 0;

	if (folder != NULL && stat(svc->config->state_dir, &st) == 0) {
		if (mkdir(folder, 0700) == 0)
			r = let_group_pass(svc, folder);
		else if (errno != EEXIST)
			r = -errno;
	}
	free(folder);
	return r;
}

/* Whoever made an inherited one is who can make it anew. */
static int
look_for_inherited(const struct svc *svc, struct dw_buf *why)
{
	struct stat st;

	if (lstat(svc->config->operator_socket, &st) == 0)
		return 0;
	dw_buf_adds(why,
	    _("it was there before the desk, and its .socket unit makes it "
	      "when that is started again"));
	return -ENOENT;
}

/* Returns as sks_server_rebind(), or another negative number; with why.  made: of
 * its folder. */
static int
bind_anew(struct svc *svc, int made, struct dw_buf *why)
{
	char error[256];
	int r;

	if (svc->config->operator_fd >= 0)
		return look_for_inherited(svc, why);
	if (made < 0) {
		dw_buf_adds(why, strerror(-made));
		return made;
	}
	if (svc_check_operator_path(svc, why) != 0)
		return -EPERM;
	if ((r = sks_server_rebind(svc->operators)) < 0) {
		sks_error_text(error, sizeof error);
		dw_buf_adds(why, error);
	}
	return r;
}

static bool
socket_is_lost(struct svc *svc)
{
	bool lost;

	dw_lock(&svc->inbox.lock);
	lost = svc->socket_lost;
	dw_unlock(&svc->inbox.lock);
	return lost;
}

/* What was not told yet is told with this, if it is still so. */
static void
socket_turned(struct svc *svc, bool lost, const char *why)
{
	dw_lock(&svc->inbox.lock);
	svc->socket_lost = lost;
	snprintf(svc->socket_why, sizeof svc->socket_why, "%s", why);
	dw_unlock(&svc->inbox.lock);
	svc_post_again(&svc->inbox, &svc->socket_news);
}

/* Writes what is to be told of the socket, and "" if it is there. */
static void
say_lost(struct svc *svc, char *text, size_t size)
{
	text[0] = '\0';
	dw_lock(&svc->inbox.lock);
	if (svc->socket_lost)
		snprintf(text, size,
		    _("the operators' socket %s is not there any more, and "
		      "cannot be made anew: %s"),
		    svc->config->operator_socket, svc->socket_why);
	dw_unlock(&svc->inbox.lock);
}

/* On the desk thread. */
void
svc_tell_socket(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, socket_news);
	bool was_lost = svc->socket_text[0] != '\0';
	char again[sizeof svc->socket_text];

	assert(svc->magic == SVC_MAGIC);
	say_lost(svc, svc->socket_text, sizeof svc->socket_text);
	if (svc->socket_text[0] != '\0' && !was_lost) {
		svc_notice(svc, EV_CODE_SOCKET, svc->socket_text);
	} else if (svc->socket_text[0] == '\0' && was_lost) {
		snprintf(again, sizeof again,
		    _("the operators' socket %s is there again"),
		    svc->config->operator_socket);
		svc_notice_as(svc, EV_CODE_SOCKET, SVC_LOG_BACK, again);
	}
}

/* Only what lasts is told to the operators who are there. */
static void
keep_socket(struct svc *svc, int made)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r = bind_anew(svc, made, &why);

	if (socket_is_lost(svc) != (r < 0))
		socket_turned(svc, r < 0, dw_buf_str(&why));
	else if (r > 0)
		svc_log(svc, SVC_LOG_BACK, NULL,
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

/* First the watch and then the look: what happens behind that is heard. */
void
svc_look(struct svc *svc)
{
	bool heard = dw_watch_heard(&svc->watch);
	int made;

	look_at_logs(svc);
	if (!atomic_exchange(&svc->look_asked, false) && !heard)
		return;
	made = make_folder(svc);
	atomic_store(&svc->watched, watch_folders(svc));
	svc_post_again(&svc->inbox, &svc->look);
	if (svc->config->operator_socket != NULL)
		keep_socket(svc, made);
}
