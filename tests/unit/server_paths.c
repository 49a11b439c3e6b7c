/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several servers want one Unix path. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"
#include "socketserver/server/rebind.h"

#define RACERS 4

/* What a killed server leaves. */
static void
leave_dead_socket(const struct sks_server_config *cfg)
{
	char aside[128];
	const char *path = sks_addr_path(&cfg->address);
	struct sks_server *srv = rig_server(cfg, NULL, &echo_handler);

	snprintf(aside, sizeof aside, "%s-aside", path);
	CHECK_INT(rename(path, aside), 0);
	sks_server_free(srv);
	CHECK_INT(rename(aside, path), 0);
}

struct racer {
	const struct sks_server_config *cfg;
	pthread_barrier_t *line;
	pthread_t thread;
	struct sks_server *srv; /* if it has won */
	int result;
};

static void *
race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->line);
	r->result = sks_server_new(r->cfg, NULL, &echo_handler, &r->srv);
	return NULL;
}

/* Returns the one server that came of it, or NULL when there is not one. */
static struct sks_server *
winner(const struct sks_server_config *cfg)
{
	struct racer racers[RACERS];
	struct sks_server *srv = NULL;
	pthread_barrier_t line;
	int winners = 0;

	pthread_barrier_init(&line, NULL, RACERS);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){ .cfg = cfg, .line = &line };
		pthread_create(&racers[i].thread, NULL, race, &racers[i]);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		if (racers[i].result == 0 && winners++ == 0)
			srv = racers[i].srv;
		else if (racers[i].result == 0)
			sks_server_free(racers[i].srv);
		else
			CHECK_INT(racers[i].result, SKS_EADDRINUSE);
	}
	pthread_barrier_destroy(&line);
	CHECK_INT(winners, 1);
	return srv;
}

static void
check_race(const struct sks_server_config *cfg)
{
	struct sks_server *srv = winner(cfg);

	if (!CHECK(srv != NULL))
		return;
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	sks_server_free(srv);
	CHECK(access(sks_addr_path(&cfg->address), F_OK) < 0);
}

static void
of_servers_that_race_for_a_dead_path_one_wins_and_can_be_reached(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_STREAM, SKS_THREADING);
	int races = t_size("races", 200);

	for (int i = 0; i < races; i++) {
		leave_dead_socket(&cfg);
		check_race(&cfg);
	}
}

static void
of_servers_that_race_for_a_free_path_one_wins_and_can_be_reached(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_STREAM, SKS_THREADING);
	int races = t_size("races", 200);

	for (int i = 0; i < races; i++)
		check_race(&cfg);
}

static void
a_server_that_is_bound_but_not_active_yet_keeps_its_path(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server_config early = cfg;
	struct sks_server *srv, *second;

	early.bind_and_activate = 0;
	srv = rig_server(&early, NULL, &echo_handler);
	CHECK_INT(sks_server_bind(srv), 0);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &second),
	    SKS_EADDRINUSE);
	CHECK_INT(sks_server_activate(srv), 0);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	sks_server_free(srv);
}

static void
while_another_holds_the_lock_a_dead_file_is_left_alone(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	char lock[128];
	struct sks_server *srv;
	int fd;

	leave_dead_socket(&cfg);
	snprintf(lock, sizeof lock, "%s.lock", sks_addr_path(&cfg.address));
	fd = open(lock, O_RDWR | O_CREAT, 0600);
	CHECK_INT(flock(fd, LOCK_EX), 0);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv),
	    SKS_EADDRINUSE);
	CHECK_INT(flock(fd, LOCK_UN), 0);
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK(srv != NULL);
	CHECK(access(lock, F_OK) < 0); /* and nothing is left of it */
	sks_server_free(srv);
	close(fd);
}

/* Everybody who may read a folder can lock it. */
static void
a_lock_on_the_folder_keeps_nobody_from_replacing_a_dead_file(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	char folder[128];
	struct sks_server *srv;
	int fd;

	leave_dead_socket(&cfg);
	snprintf(folder, sizeof folder, "%s", sks_addr_path(&cfg.address));
	*strrchr(folder, '/') = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	CHECK_INT(flock(fd, LOCK_EX), 0);
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK(srv != NULL);
	sks_server_free(srv);
	close(fd);
}

static void
a_lock_file_of_another_user_is_not_waited_for(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	char lock[128];
	struct sks_server *srv;
	int fd;

	if (geteuid() != 0)
		return; /* only root can be somebody else */
	snprintf(lock, sizeof lock, "%s.lock", sks_addr_path(&cfg.address));
	fd = open(lock, O_RDWR | O_CREAT, 0600);
	CHECK_INT(fchown(fd, 65534, 65534), 0);
	CHECK_INT(flock(fd, LOCK_EX), 0);
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK(srv != NULL);
	CHECK_INT(access(lock, F_OK), 0);
	sks_server_free(srv);
	close(fd);
}

static void
a_path_without_a_folder_is_in_the_current_one(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_STREAM, SKS_THREADING);
	char here[512];

	CHECK(getcwd(here, sizeof here) != NULL);
	CHECK_INT(chdir(t_tmpdir()), 0);
	CHECK_INT(sks_addr_parse("unix:s", 0, &cfg.address), 0);
	leave_dead_socket(&cfg);
	check_race(&cfg);
	CHECK_INT(chdir(here), 0);
}

static void
the_umask_is_as_before_when_servers_have_raced(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_STREAM, SKS_THREADING);
	mode_t before = umask(027);

	for (int i = 0; i < 20; i++)
		check_race(&cfg);
	CHECK_INT(umask(before), 027);
}

static void
a_file_that_was_removed_is_made_anew_and_the_loop_goes_on(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_STREAM, SKS_THREADING);
	struct sks_server *srv;
	const char *path = sks_addr_path(&cfg.address);
	struct stat was, is;

	cfg.unix_mode = 0600;
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK_INT(sks_server_rebind(srv), 0);
	for (int i = 0; i < 3; i++) {
		CHECK(rig_echo(srv));
		CHECK_INT(stat(path, &was), 0);
		CHECK_INT(unlink(path), 0);
		CHECK_INT(sks_server_rebind(srv), 1);
		CHECK_INT(sks_server_rebind(srv), 0);
		CHECK_INT(stat(path, &is), 0);
		CHECK_INT(is.st_mode, was.st_mode);
	}
	CHECK(rig_echo(srv));
	sks_server_free(srv);
	CHECK(access(path, F_OK) < 0);
}

/* A group other than the process's, to which it may give a file; its own, if
 * there is no other. */
static gid_t
another_group(void)
{
	gid_t all[64];
	int n = getgroups(64, all);

	if (geteuid() == 0)
		return 65534;
	for (int i = 0; i < n; i++)
		if (all[i] != getegid())
			return all[i];
	return getegid();
}

struct watcher {
	const char *path;
	gid_t group;
	atomic_bool ends;
	atomic_uint wrong, seen;
};

/* Has a group anything of it that is not this one? */
static bool
is_anothers(const struct watcher *w, const struct stat *st)
{
	return (st->st_mode & 077) != 0 &&
	    ((st->st_mode & 0777) != 0660 || st->st_gid != w->group);
}

/* What gives a group anything gives it to this one.  lstat(2) reads group and
 * mode one after the other, and both may change in between: only what the next
 * look at the same file has too was so. */
static void *
watch_rights(void *arg)
{
	struct watcher *w = arg;
	struct stat st, next;

	while (!atomic_load(&w->ends)) {
		if (lstat(w->path, &st) < 0)
			continue;
		atomic_fetch_add(&w->seen, 1);
		if (is_anothers(w, &st) && lstat(w->path, &next) == 0 &&
		    next.st_ino == st.st_ino && is_anothers(w, &next))
			atomic_fetch_add(&w->wrong, 1);
	}
	return NULL;
}

static void
a_group_has_its_socket_and_no_other_group_had_it(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_STREAM, SKS_THREADING);
	struct watcher w = { .path = sks_addr_path(&cfg.address),
		.group = another_group() };
	struct sks_server *srv;
	pthread_t thread;
	struct stat st;

	cfg.unix_mode = 0660;
	cfg.unix_group = (long)w.group;
	CHECK_INT(pthread_create(&thread, NULL, watch_rights, &w), 0);
	srv = rig_server(&cfg, NULL, &echo_handler);
	for (int i = 0; i < 200; i++) {
		CHECK_INT(unlink(w.path), 0);
		CHECK_INT(sks_server_rebind(srv), 1);
		CHECK_INT(lstat(w.path, &st), 0);
		CHECK_INT(st.st_mode & 0777, 0660);
		CHECK_INT(st.st_gid, w.group);
	}
	atomic_store(&w.ends, true);
	pthread_join(thread, NULL);
	CHECK(atomic_load(&w.seen) > 0);
	CHECK_INT(atomic_load(&w.wrong), 0);
	sks_server_free(srv);
}

static void
anothers_live_socket_in_a_servers_place_stays(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_STREAM, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	const char *path = sks_addr_path(&cfg.address);
	struct sks_server *other;

	CHECK_INT(unlink(path), 0);
	other = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(sks_server_start(other), 0);
	CHECK_INT(sks_server_rebind(srv), SKS_EADDRINUSE);
	sks_server_free(srv);
	CHECK(rig_echo(other));
	sks_server_free(other);
}

static void
a_server_without_a_file_has_none_to_make(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);

	CHECK_INT(sks_server_rebind(srv), 0);
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(of_servers_that_race_for_a_dead_path_one_wins_and_can_be_reached),
		T(of_servers_that_race_for_a_free_path_one_wins_and_can_be_reached),
		T(a_server_that_is_bound_but_not_active_yet_keeps_its_path),
		T(while_another_holds_the_lock_a_dead_file_is_left_alone),
		T(a_lock_on_the_folder_keeps_nobody_from_replacing_a_dead_file),
		T(a_lock_file_of_another_user_is_not_waited_for),
		T(a_path_without_a_folder_is_in_the_current_one),
		T(the_umask_is_as_before_when_servers_have_raced),
		T(a_file_that_was_removed_is_made_anew_and_the_loop_goes_on),
		T(a_group_has_its_socket_and_no_other_group_had_it),
		T(anothers_live_socket_in_a_servers_place_stays),
		T(a_server_without_a_file_has_none_to_make),
	};

	return t_main_shared("server_paths", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
