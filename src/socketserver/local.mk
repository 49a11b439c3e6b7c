# SPDX-License-Identifier: BSD-2-Clause
libsks_la_SOURCES += \
	src/socketserver/net/addr.c \
	src/socketserver/net/addr.h \
	src/socketserver/net/addr_text.c \
	src/socketserver/net/bind.c \
	src/socketserver/net/buf.c \
	src/socketserver/net/buf.h \
	src/socketserver/net/connect.c \
	src/socketserver/net/error.c \
	src/socketserver/net/error.h \
	src/socketserver/net/observe.c \
	src/socketserver/net/pktinfo.c \
	src/socketserver/net/pktinfo.h \
	src/socketserver/net/recv.c \
	src/socketserver/net/send.c \
	src/socketserver/net/socket.c \
	src/socketserver/net/socket.h \
	src/socketserver/net/sockopt.c \
	src/socketserver/net/text.c \
	src/socketserver/net/text.h \
	src/socketserver/net/timeout.c \
	src/socketserver/net/unacked.c \
	src/socketserver/net/unix_path.c \
	src/socketserver/stream/frame.c \
	src/socketserver/stream/frame_stream.c \
	src/socketserver/stream/framing.c \
	src/socketserver/stream/internal.h \
	src/socketserver/stream/scan.c \
	src/socketserver/stream/stdio.c \
	src/socketserver/stream/stream.c \
	src/socketserver/stream/until.c \
	src/socketserver/outbox/internal.h \
	src/socketserver/outbox/outbox.c \
	src/socketserver/outbox/poller.c \
	src/socketserver/outbox/postman.c \
	src/socketserver/server/accept.c \
	src/socketserver/server/close.c \
	src/socketserver/server/config.c \
	src/socketserver/server/control.c \
	src/socketserver/server/datagram.c \
	src/socketserver/server/forking_mixin.c \
	src/socketserver/server/handler.c \
	src/socketserver/server/internal.h \
	src/socketserver/server/listen.c \
	src/socketserver/server/loop.c \
	src/socketserver/server/places.c \
	src/socketserver/server/places.h \
	src/socketserver/server/rebind.c \
	src/socketserver/server/rebind.h \
	src/socketserver/server/report.c \
	src/socketserver/server/refuse.c \
	src/socketserver/server/request.c \
	src/socketserver/server/requests.c \
	src/socketserver/server/server.c \
	src/socketserver/server/threading_mixin.c

include_HEADERS += src/socketserver/socketserver.h
