# SPDX-License-Identifier: GPL-3.0-or-later
# A C test is one line in unit_tests, its source is <name>.c; a script in TAP
# form is one line in scripts.  No two tests may differ only in .sh and .py:
# their logs would have one name.
unit_tests = \
	tests/system/console \
	tests/system/tty \
	tests/sim/sim \
	tests/fuzz/framing \
	tests/fuzz/wire \
	tests/system/kill_store \
	tests/unit/accept \
	tests/unit/addr \
	tests/unit/bans \
	tests/unit/base \
	tests/unit/bind \
	tests/unit/board \
	tests/unit/buf \
	tests/unit/charset \
	tests/unit/claims \
	tests/unit/classic \
	tests/unit/close \
	tests/unit/command \
	tests/unit/commands \
	tests/unit/con_inbox \
	tests/unit/con_people \
	tests/unit/conf_text \
	tests/unit/connect \
	tests/unit/create_connection \
	tests/unit/datagram \
	tests/unit/datagrams \
	tests/unit/desk \
	tests/unit/drafts \
	tests/unit/early \
	tests/unit/identity \
	tests/unit/inherited \
	tests/unit/enums \
	tests/unit/estimate \
	tests/unit/event \
	tests/unit/forking \
	tests/unit/frame \
	tests/unit/framing_remedies \
	tests/unit/handler \
	tests/unit/hostile \
	tests/unit/hours \
	tests/unit/inbox \
	tests/unit/input \
	tests/unit/json \
	tests/unit/journal \
	tests/unit/keys \
	tests/unit/ledger \
	tests/unit/left \
	tests/unit/limits \
	tests/unit/line \
	tests/unit/link \
	tests/unit/listeners \
	tests/unit/log \
	tests/unit/loop \
	tests/unit/metrics \
	tests/unit/mirror \
	tests/unit/net_buf \
	tests/unit/not_let_in \
	tests/unit/observe \
	tests/unit/notes \
	tests/unit/op \
	tests/unit/opening \
	tests/unit/order \
	tests/unit/outbox \
	tests/unit/peers \
	tests/unit/pending \
	tests/unit/people \
	tests/unit/postman \
	tests/unit/printable \
	tests/unit/prompt \
	tests/unit/proxies \
	tests/unit/proxy \
	tests/unit/queue \
	tests/unit/quiet \
	tests/unit/rate \
	tests/unit/read \
	tests/unit/receipt \
	tests/unit/recv \
	tests/unit/refused \
	tests/unit/requests \
	tests/unit/rows \
	tests/unit/same \
	tests/unit/scan \
	tests/unit/scripted \
	tests/unit/seen \
	tests/unit/server \
	tests/unit/server_limits \
	tests/unit/server_order \
	tests/unit/server_paths \
	tests/unit/server_rows \
	tests/unit/socket \
	tests/unit/sources \
	tests/unit/ssh_address \
	tests/unit/stdio \
	tests/unit/stop \
	tests/unit/store \
	tests/unit/strangers \
	tests/unit/stream \
	tests/unit/svc_log \
	tests/unit/t \
	tests/unit/text \
	tests/unit/tty_cursor \
	tests/unit/tty_escape \
	tests/unit/tty_fold \
	tests/unit/tty_input \
	tests/unit/tty_rows \
	tests/unit/turn \
	tests/unit/twelve \
	tests/unit/until \
	tests/unit/utf8 \
	tests/unit/workers

# In these the linker puts our functions before others.
if CAN_WRAP
unit_tests += \
	tests/unit/allocation \
	tests/unit/framing \
	tests/unit/log_hangs \
	tests/unit/looks \
	tests/unit/con_looks
endif

scripts = \
	tests/plant/plant.py \
	tests/system/bans.py \
	tests/system/call.py \
	tests/system/charsets.py \
	tests/system/like_python.py \
	tests/system/defects.py \
	tests/system/damage.py \
	tests/system/debian.py \
	tests/system/vanished.py \
	tests/system/locks.py \
	tests/system/short.py \
	tests/system/disk.py \
	tests/system/descriptors.py \
	tests/system/foreign.py \
	tests/system/recipes.py \
	tests/system/record.py \
	tests/system/logbook.py \
	tests/system/logrotate.py \
	tests/system/logs.py \
	tests/system/pipes.py \
	tests/system/delivery.py \
	tests/system/clients.py \
	tests/system/closing.py \
	tests/system/colleagues.py \
	tests/system/terminals.py \
	tests/system/load.py \
	tests/system/memory.py \
	tests/system/metrics.py \
	tests/system/faults.py \
	tests/system/sockopts.py \
	tests/system/lines.py \
	tests/system/places.py \
	tests/system/proxied.py \
	tests/system/visitors.py \
	tests/system/alone.py \
	tests/system/turns.py \
	tests/system/stop.py \
	tests/system/team.py \
	tests/system/telnet.py \
	tests/system/keys.py \
	tests/system/operators.py \
	tests/system/people.py \
	tests/system/hostile.py \
	tests/system/completions.py \
	tests/system/config.py \
	tests/system/limits.py \
	tests/system/whose.py \
	tests/system/together.py \
	tests/system/udp.py \
	tests/system/waits.py \
	tests/system/counts.py \
	tests/system/idle.py \
	tests/system/service.py \
	tests/system/units.py \
	tests/system/crash.py \
	tests/system/ctl.py \
	tests/system/ssh.py \
	tests/system/kills.py \
	tests/system/powercuts.py \
	tests/system/deps.sh \
	tests/system/doctor.py \
	tests/system/every_command.py \
	tests/system/examples.py \
	tests/system/framing_doc.py \
	tests/system/from_python.py \
	tests/system/fuzz.py \
	tests/system/hardening.py \
	tests/system/header.sh \
	tests/system/help.py \
	tests/system/install.sh \
	tests/system/library_manual.py \
	tests/system/lists.py \
	tests/system/manual.py \
	tests/system/marks.py \
	tests/system/sockets_doc.py \
	tests/system/threads_doc.py \
	tests/system/pictures.py \
	tests/system/po.sh \
	tests/system/readline.sh \
	tests/system/old_names.py \
	tests/system/performance.py \
	tests/system/quiet_run.py \
	tests/system/rooms.py \
	tests/system/shift.py \
	tests/system/symbols.py \
	tests/system/tables.py

# What scripts import, not tests themselves.
script_helpers = \
	tests/system/api.py \
	tests/system/counting.py \
	tests/system/attached.py \
	tests/system/desk.py \
	tests/system/disks.py \
	tests/system/like_python_steps.py \
	tests/system/supervisor.py \
	tests/system/under_seccomp.py \
	tests/system/tap.py

EXTRA_DIST += tests/data/journal-2/head tests/data/journal-2/journal.db \
	tests/data/journal-2/listing tests/peers/openings.txt
# Preloaded by scripts, which also compile them.
EXTRA_DIST += tests/system/counted_memory.c tests/system/failing_calls.c \
	tests/system/hanging_calls.c tests/system/held_clock.c \
	tests/system/killed_send.c tests/system/odd_machine.c \
	tests/system/recorded_calls.c tests/system/slow_sync.c \
	tests/system/under_seccomp.c
CLEANFILES += tests/system/powercuts-*.record

tests_unit_conf_text_SOURCES = tests/unit/conf_text.c src/bin/conf_text.c \
	src/bin/conf_text.h

tests_unit_ssh_address_SOURCES = tests/unit/ssh_address.c \
	src/bin/ssh_address.c src/bin/ssh_address.h

tests_unit_journal_SOURCES = tests/unit/journal.c tests/unit/store_rig.h

tests_unit_store_SOURCES = tests/unit/store.c tests/unit/store_rig.h \
	tests/unit/faulty_vfs.c tests/unit/faulty_vfs.h

tests_sim_sim_SOURCES = tests/sim/act.c tests/sim/ban.c tests/sim/console.c \
	tests/sim/expect.c tests/sim/hours.c tests/sim/lease.c \
	tests/sim/people.c tests/sim/peer.c tests/sim/place.c \
	tests/sim/random.c tests/sim/sim.c tests/sim/sim.h tests/sim/sink.c \
	tests/sim/stop.c tests/sim/store.c tests/sim/team.c tests/sim/udp.c

# Test programs with planted mistakes (tests/plant/plant.h).
if CAN_PLANT
plant_programs = \
	tests/plant/classic \
	tests/plant/datagrams \
	tests/plant/desk \
	tests/plant/event \
	tests/plant/journal \
	tests/plant/keys \
	tests/plant/line \
	tests/plant/looks \
	tests/plant/op \
	tests/plant/opening \
	tests/plant/peers \
	tests/plant/sim \
	tests/plant/store \
	tests/plant/turn
$(plant_programs): tests/plant/wraps
endif
plant_sources = \
	tests/plant/claims.c \
	tests/plant/datagrams.c \
	tests/plant/desk.c \
	tests/plant/event.c \
	tests/plant/mistakes.def \
	tests/plant/replies.c \
	tests/plant/plant.c \
	tests/plant/plant.h \
	tests/plant/store.c \
	tests/plant/turns.c \
	tests/plant/wire.c
tests_plant_classic_SOURCES = $(plant_sources) tests/unit/classic.c
tests_plant_datagrams_SOURCES = $(plant_sources) tests/unit/datagrams.c
tests_plant_desk_SOURCES = $(plant_sources) tests/unit/desk.c
tests_plant_event_SOURCES = $(plant_sources) tests/unit/event.c
tests_plant_journal_SOURCES = $(plant_sources) $(tests_unit_journal_SOURCES)
tests_plant_keys_SOURCES = $(plant_sources) tests/unit/keys.c
tests_plant_line_SOURCES = $(plant_sources) tests/unit/line.c
tests_plant_looks_SOURCES = $(plant_sources) $(tests_unit_looks_SOURCES)
tests_plant_op_SOURCES = $(plant_sources) tests/unit/op.c
tests_plant_opening_SOURCES = $(plant_sources) tests/unit/opening.c
tests_plant_peers_SOURCES = $(plant_sources) tests/unit/peers.c
tests_plant_turn_SOURCES = $(plant_sources) tests/unit/turn.c
tests_plant_sim_SOURCES = $(plant_sources) $(tests_sim_sim_SOURCES)
tests_plant_store_SOURCES = $(plant_sources) $(tests_unit_store_SOURCES)

# What they wrap, as an argument for the linker.
plant_ldflags = $(AM_LDFLAGS) -Wl,@tests/plant/wraps
tests_plant_classic_LDFLAGS = $(plant_ldflags)
tests_plant_datagrams_LDFLAGS = $(plant_ldflags)
tests_plant_desk_LDFLAGS = $(plant_ldflags)
tests_plant_event_LDFLAGS = $(plant_ldflags)
tests_plant_journal_LDFLAGS = $(plant_ldflags)
tests_plant_keys_LDFLAGS = $(plant_ldflags)
tests_plant_line_LDFLAGS = $(plant_ldflags)
tests_plant_looks_LDFLAGS = $(plant_ldflags) -Wl,--wrap=calloc -Wl,--wrap=free
tests_plant_op_LDFLAGS = $(plant_ldflags)
tests_plant_opening_LDFLAGS = $(plant_ldflags)
tests_plant_peers_LDFLAGS = $(plant_ldflags)
tests_plant_sim_LDFLAGS = $(plant_ldflags)
tests_plant_store_LDFLAGS = $(plant_ldflags)
tests_plant_turn_LDFLAGS = $(plant_ldflags)
tests/plant/wraps: $(plant_sources)
	$(AM_V_at)$(MKDIR_P) tests/plant
	$(AM_V_GEN)sed -n 's/^WRAPS(\(.*\));$$/--wrap=\1/p' \
	    $(srcdir)/tests/plant/*.c >$@
CLEANFILES += tests/plant/wraps

# The test sees how much memory is asked for, and how often something is sent.
tests_unit_allocation_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc \
	-Wl,--wrap=calloc -Wl,--wrap=realloc

# These give each session a page of its own.
tests_unit_looks_SOURCES = tests/unit/looks.c tests/unit/pages.h
tests_unit_looks_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc -Wl,--wrap=free
tests_unit_con_looks_SOURCES = tests/unit/con_looks.c tests/unit/pages.h
tests_unit_con_looks_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc \
	-Wl,--wrap=free

tests_unit_log_hangs_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write

tests_unit_framing_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc \
	-Wl,--wrap=sks_sendall

tests_unit_server_SOURCES = tests/unit/server.c tests/unit/rig.h

# Programs that tests run, not tests themselves.
test_helpers = $(plant_programs) \
	tests/system/console_victim \
	tests/system/count_calls \
	tests/system/echo_server \
	tests/system/like_python_steps \
	tests/system/open_store \
	tests/system/tty_victim \
	tests/unit/t_victim

tests_system_count_calls_LDADD =
# Only the public header is in reach, as for the examples.
tests_system_echo_server_CPPFLAGS = $(example_cppflags)
tests_system_echo_server_LDADD = libsks.la

# The tutorial's five programs and a chat on the library, as an out-of-tree build would
# make them: only the public header is in reach.
examples = \
	doc/examples/blocking_server \
	doc/examples/chat_server \
	doc/examples/tcp_client \
	doc/examples/threading_server \
	doc/examples/udp_client \
	doc/examples/udp_server
doc_examples_blocking_server_CPPFLAGS = $(example_cppflags)
doc_examples_blocking_server_LDADD = libsks.la
doc_examples_chat_server_CPPFLAGS = $(example_cppflags)
doc_examples_chat_server_LDADD = libsks.la
doc_examples_tcp_client_CPPFLAGS = $(example_cppflags)
doc_examples_tcp_client_LDADD = libsks.la
doc_examples_threading_server_CPPFLAGS = $(example_cppflags)
doc_examples_threading_server_LDADD = libsks.la
doc_examples_udp_client_CPPFLAGS = $(example_cppflags)
doc_examples_udp_client_LDADD = libsks.la
doc_examples_udp_server_CPPFLAGS = $(example_cppflags)
doc_examples_udp_server_LDADD = libsks.la
example_cppflags = -I$(top_srcdir)/src/socketserver $(HARDEN_CPPFLAGS)

check_PROGRAMS = $(unit_tests) $(test_helpers) $(examples)
TESTS = $(unit_tests) $(scripts)

check_LTLIBRARIES = libt.la
libt_la_SOURCES = tests/pty.c tests/pty.h tests/size.h tests/t.c tests/t.h
libt_la_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(VTERM_CFLAGS)
libt_la_LDFLAGS = $(lib_ldflags)
libt_la_LIBADD = $(CUNIT_LIBS) $(VTERM_LIBS)

LDADD = libt.la libdeskwire.la libsks.la

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = $(PYTHON)

AM_TESTS_ENVIRONMENT = \
	LC_ALL=C.UTF-8; LANGUAGE=; TZ=UTC; TERM=xterm-256color; \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	PYTHON='$(PYTHON)'; PYTHONDONTWRITEBYTECODE=1; CC='$(CC)'; CXX='$(CXX)'; \
	VERSION='$(VERSION)'; PLANTED='$(plant_programs)'; \
	export LC_ALL LANGUAGE TZ TERM top_srcdir top_builddir PYTHON \
	    PYTHONDONTWRITEBYTECODE CC CXX VERSION PLANTED;

EXTRA_DIST += tests/bench/peers/JavaThread.java tests/bench/peers/go_echo.go \
	tests/bench/peers/libevent.c tests/bench/peers/rust_thread.rs

# make bench (doc/performance.md): tables, no tests.
bench_programs = \
	tests/bench/client \
	tests/bench/desk_load \
	tests/bench/desk_log \
	tests/bench/desk_screen \
	tests/bench/epoll \
	tests/bench/journal \
	tests/bench/load \
	tests/bench/server \
	tests/bench/threads
EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(EXTRA_PROGRAMS)
tests_bench_client_LDADD =
tests_bench_epoll_LDADD =
tests_bench_epoll_LDFLAGS =
tests_bench_load_LDADD =
tests_bench_load_LDFLAGS =
tests_bench_load_SOURCES = tests/bench/histogram.h tests/bench/load.c \
	tests/bench/stall.c tests/bench/talk.c tests/bench/talk.h \
	tests/bench/words.h
tests_bench_server_LDADD = libsks.la
tests_bench_threads_LDADD =
tests_bench_threads_LDFLAGS =
desk_times = tests/bench/desk_times.c tests/bench/desk_times.h
tests_bench_desk_load_LDADD = libdeskwire.la libsks.la
tests_bench_desk_load_SOURCES = tests/bench/desk_load.c $(desk_times)
tests_bench_desk_log_LDADD = libsks.la
tests_bench_desk_log_SOURCES = tests/bench/desk_log.c $(desk_times)
tests_bench_desk_screen_LDADD = libdeskwire.la libsks.la
tests_bench_desk_screen_SOURCES = tests/bench/desk_screen.c $(desk_times)
# Without our hardening: whoever is compared with us has no handicap.
tests_bench_epoll_CPPFLAGS = -I$(top_srcdir)/tests
tests_bench_epoll_CFLAGS = $(STD_CFLAGS) $(WARN_CFLAGS) $(PTHREAD_CFLAGS)
tests_bench_load_CPPFLAGS = $(tests_bench_epoll_CPPFLAGS)
tests_bench_load_CFLAGS = $(tests_bench_epoll_CFLAGS)
tests_bench_threads_CPPFLAGS = $(tests_bench_epoll_CPPFLAGS)
tests_bench_threads_CFLAGS = $(tests_bench_epoll_CFLAGS)
# The same server with the library of an older build, if there is one.
bench_server_before = \
	test -z "$$BENCH_BEFORE" || \
	$(CC) -I"`sed -n 's/^abs_top_srcdir = //p' $$BENCH_BEFORE/Makefile`/src" \
	    -I"$$BENCH_BEFORE" -I$(top_srcdir)/tests $(HARDEN_CPPFLAGS) \
	    $(AM_CFLAGS) $(CFLAGS) -DBENCH_BEFORE $(AM_LDFLAGS) $(LDFLAGS) \
	    -o tests/bench/server_before $(top_srcdir)/tests/bench/server.c \
	    "$$BENCH_BEFORE/.libs/libsks.a" $(PTHREAD_LIBS) -lm
CLEANFILES += tests/bench/server_before tests/bench/go_echo \
	tests/bench/rust_thread tests/bench/libevent tests/bench/JavaThread*.class
bench: $(bench_programs) deskwire
	@$(bench_server_before)
	@$(AM_TESTS_ENVIRONMENT) \
	    $(PYTHON) $(top_srcdir)/tests/bench/bench.py $(BENCH)
# A run that BENCH_JSON names, into doc/performance.md and its plots.
bench-plots:
	$(AM_V_GEN)$(AM_TESTS_ENVIRONMENT) \
	    $(PYTHON) $(top_srcdir)/tests/bench/plot.py $(BENCH_JSON) \
	    $(top_srcdir)/doc/performance
bench-report: bench-plots
	$(AM_V_GEN)$(AM_TESTS_ENVIRONMENT) \
	    $(PYTHON) $(top_srcdir)/tests/bench/report.py $(BENCH_JSON) \
	    $(top_srcdir)/doc/performance.md
.PHONY: bench bench-plots bench-report

# The C tests under valgrind.
check-valgrind: $(check_PROGRAMS)
	T_VALGRIND=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS="$(unit_tests)" \
	    LOG_COMPILER="$(LIBTOOL) --mode=execute valgrind -q \
	    --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
	    --errors-for-leak-kinds=definite"
.PHONY: check-valgrind
