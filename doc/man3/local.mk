# SPDX-License-Identifier: GPL-3.0-or-later
# libsocketserver's manual; scripts/update-man writes most of it.
man3_pages = \
	doc/man3/libsocketserver.3 \
	doc/man3/sks_addr.3 \
	doc/man3/sks_error.3 \
	doc/man3/sks_frame.3 \
	doc/man3/sks_handler.3 \
	doc/man3/sks_observe.3 \
	doc/man3/sks_outbox.3 \
	doc/man3/sks_request.3 \
	doc/man3/sks_server.3 \
	doc/man3/sks_server_config.3 \
	doc/man3/sks_server_ops.3 \
	doc/man3/sks_socket.3 \
	doc/man3/sks_sockopt.3 \
	doc/man3/sks_stream.3 \
	doc/man3/sks_time.3
dist_man_MANS += $(man3_pages)

# A page under the name of every function that a page is about.
for_each_man3_link = \
	cd $(srcdir) && for page in $(man3_pages); do \
	    base=`basename $$page`; \
	    sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([a-z0-9_]*\).*/\1.3/p' \
		$$page | while read -r link; do \
		test "$$link" != "$$base" || continue; \
		to='$(DESTDIR)$(man3dir)'/$$link;

install-data-hook:
	@$(for_each_man3_link) \
	    echo ".so man3/$$base" >"$$to" || exit 1; done || exit 1; done

uninstall-man3-links:
	@$(for_each_man3_link) rm -f "$$to"; done; done
