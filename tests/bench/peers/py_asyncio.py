# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer of make bench: Python's asyncio streams."""

import asyncio

HELLO, READY = "客户端已就绪".encode(), "服务端已就绪".encode()


async def talk(reader, writer):
    while HELLO not in (data := await reader.read(1024)):
        if not data:
            return
    writer.write(READY)
    while data := await reader.read(1024):
        if b"quit" in data:
            writer.write(b"quit")
            break
        writer.write(data)
        await writer.drain()


async def handle(reader, writer):
    try:
        await talk(reader, writer)
        await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
