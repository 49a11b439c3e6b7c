# SPDX-License-Identifier: BSD-2-Clause
libsks_la_SOURCES += \
	src/socketserver/accept.c \
	src/socketserver/addr.c \
	src/socketserver/addr.h \
	src/socketserver/bind.c \
	src/socketserver/close.c \
	src/socketserver/connect.c \
	src/socketserver/datagram.c \
	src/socketserver/datagram.h \
	src/socketserver/datagram_handler.c \
	src/socketserver/error.c \
	src/socketserver/error.h \
	src/socketserver/frame.c \
	src/socketserver/handler.c \
	src/socketserver/kind.c \
	src/socketserver/kind.h \
	src/socketserver/listen.c \
	src/socketserver/loop.c \
	src/socketserver/memory.h \
	src/socketserver/outbox.c \
	src/socketserver/outbox.h \
	src/socketserver/places.c \
	src/socketserver/places.h \
	src/socketserver/peers.c \
	src/socketserver/peers.h \
	src/socketserver/pktinfo.c \
	src/socketserver/pktinfo.h \
	src/socketserver/poller.c \
	src/socketserver/poller.h \
	src/socketserver/postman.c \
	src/socketserver/recv.c \
	src/socketserver/request.c \
	src/socketserver/resolve.c \
	src/socketserver/send.c \
	src/socketserver/server.c \
	src/socketserver/server.h \
	src/socketserver/socket.c \
	src/socketserver/socket.h \
	src/socketserver/sockopt.c \
	src/socketserver/stdio.c \
	src/socketserver/stream.c \
	src/socketserver/time.c \
	src/socketserver/timeout.c \
	src/socketserver/worker.c

include_HEADERS += src/socketserver/socketserver.h
