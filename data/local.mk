# SPDX-License-Identifier: GPL-3.0-or-later
# What a system needs to run a desk as a service.  The units name the folders
# that configure was told, so they are made when make knows those.
unit_templates = \
	data/systemd/deskwire.service.in \
	data/systemd/deskwire-restricted.service.in \
	data/systemd/deskwire-verify.service.in
units = \
	data/systemd/deskwire.service \
	data/systemd/deskwire-restricted.service \
	data/systemd/deskwire-verify.service
socket_units = \
	data/systemd/deskwire-verify.timer \
	data/systemd/deskwire.socket \
	data/systemd/deskwire-metrics.socket \
	data/systemd/deskwire-operators.socket \
	data/systemd/deskwire-udp.socket

EXTRA_DIST += $(unit_templates)
CLEANFILES += $(units)

fill_in = sed -e 's|@bindir[@]|$(bindir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g'
data/systemd/deskwire.service: data/systemd/deskwire.service.in Makefile
	$(AM_V_at)$(MKDIR_P) data/systemd
	$(AM_V_GEN)$(fill_in) $(srcdir)/$@.in >$@.new && mv $@.new $@
data/systemd/deskwire-restricted.service: \
    data/systemd/deskwire-restricted.service.in Makefile
	$(AM_V_at)$(MKDIR_P) data/systemd
	$(AM_V_GEN)$(fill_in) $(srcdir)/$@.in >$@.new && mv $@.new $@
data/systemd/deskwire-verify.service: data/systemd/deskwire-verify.service.in \
    Makefile
	$(AM_V_at)$(MKDIR_P) data/systemd
	$(AM_V_GEN)$(fill_in) $(srcdir)/$@.in >$@.new && mv $@.new $@

if WITH_UNITS
systemunitdir = $(systemdsystemunitdir)
nodist_systemunit_DATA = $(units)
dist_systemunit_DATA = $(socket_units)
else
EXTRA_DIST += $(socket_units)
noinst_DATA = $(units)
endif

# Their names are those of the folder's other files.
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
EXTRA_DIST += data/deskwire.sysusers data/deskwire.tmpfiles
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(tmpfilesdir)"
	$(INSTALL_DATA) $(srcdir)/data/deskwire.sysusers \
	    "$(DESTDIR)$(sysusersdir)/deskwire.conf"
	$(INSTALL_DATA) $(srcdir)/data/deskwire.tmpfiles \
	    "$(DESTDIR)$(tmpfilesdir)/deskwire.conf"
uninstall-local:
	rm -f "$(DESTDIR)$(sysusersdir)/deskwire.conf" \
	    "$(DESTDIR)$(tmpfilesdir)/deskwire.conf"

# To be put into /etc/logrotate.d where the log is a file.
logrotatedir = $(docdir)/examples
dist_logrotate_DATA = data/deskwire.logrotate

# Written by the program, as scripts/completions does.
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = data/completions/deskwire.bash
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = data/completions/_deskwire
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = data/completions/deskwire.fish
