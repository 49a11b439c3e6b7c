# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that loses its power: from the record of what a program did in a
folder (recorded_calls.c) the images that a disk could have afterwards.

What was synced is there.  Of what was not yet synced each sector of 512 bytes
is old or new by itself, a file's size is any that it had since, and so a
truncation may or may not have happened.  Names (new ones, removed ones, moved
ones) are sure once their folder was synced; before that each may be there or
not, but for what one name's changes need of each other: a file that took
another's place is not there before that one has left it.  A name that is moved
is never lost on the way, and never in both places."""

import os
import struct

SECTOR = 512
HEADER = struct.Struct("=IIQQ")
MADE, EMPTY, FOLDER = 1, 2, 4


def rows(data):
    """The record's rows: kind, id, at, bytes.  The last may be half a row."""
    at = 0
    while at + HEADER.size <= len(data):
        kind, n, id_, where = HEADER.unpack_from(data, at)
        at += HEADER.size
        if at + n > len(data):
            return
        yield chr(kind), id_, where, data[at:at + n]
        at += n


class Choice:
    """How much of what was not synced is on the disk.  Changes are numbered by
    their rows; asked with the numbers of the changes of one place, oldest
    first, it says how many of them happened."""

    KINDS = ("none", "all", "until", "any", "few", "most")

    def __init__(self, rng, kind, first, last):
        self.rng = rng
        self.kind = kind
        self.until = rng.randint(first, last)

    def among(self, numbers):
        n, rng = len(numbers), self.rng
        if self.kind == "until":
            return sum(1 for number in numbers if number <= self.until)
        if self.kind == "any":
            return rng.randint(0, n)
        if self.kind == "few":
            return n if rng.random() < 0.05 else 0
        if self.kind == "most":
            return n if rng.random() < 0.95 else 0
        return n if self.kind == "all" else 0


def change(data, what):
    """Applies a write or a truncation to a bytearray."""
    _, at, data_or_size = what
    if at is None:
        size = data_or_size
        del data[size:]
        data.extend(bytes(size - len(data)))
    else:
        data.extend(bytes(max(0, at - len(data))))
        data[at:at + len(data_or_size)] = data_or_size


class File:
    """What is on the disk for sure, and the changes that are not: (number,
    offset, bytes), or (number, None, size)."""

    def __init__(self, data=b""):
        self.disk = bytearray(data)
        self.changes = []

    def copy(self):
        other = File(self.disk)
        other.changes = list(self.changes)
        return other

    def sync(self, before):
        """All changes with a number below this one are on the disk."""
        done = 0
        while done < len(self.changes) and self.changes[done][0] < before:
            change(self.disk, self.changes[done])
            done += 1
        del self.changes[:done]

    def flip(self, at, bit):
        """The disk itself goes bad there."""
        if at < len(self.disk):
            self.disk[at] ^= bit
        for i, (number, where, data) in enumerate(self.changes):
            if where is not None and where <= at < where + len(data):
                data = bytearray(data)
                data[at - where] ^= bit
                self.changes[i] = number, where, bytes(data)

    def _versions(self):
        """Of each sector that is changed all that it was, with the numbers of
        its changes; and the sizes.  A truncation only changes the size: if
        that is not on the disk, what was behind it is."""
        now = bytearray(self.disk)
        sizes = [len(now)]
        sectors = {}                # number: [[change numbers], [contents]]
        for one in self.changes:
            number, at, data = one
            old = len(now)
            if at is None:
                first, last = old, max(data, old)
            else:
                first, last = min(at, old), at + len(data)
            touched = range(first // SECTOR, -(-last // SECTOR)) \
                if first < last else ()
            for s in touched:
                if s not in sectors:
                    sectors[s] = [], [self._sector(now, s)]
            change(now, one)
            sizes.append(len(now))
            for s in touched:
                sectors[s][0].append(number)
                sectors[s][1].append(self._sector(now, s))
        return sectors, sizes

    @staticmethod
    def _sector(data, s):
        part = bytes(data[s * SECTOR:(s + 1) * SECTOR])
        return part + bytes(SECTOR - len(part))

    def image(self, choice):
        if not self.changes:
            return self.disk
        sectors, sizes = self._versions()
        data = bytearray(self.disk)
        size = sizes[choice.among([c[0] for c in self.changes])]
        data.extend(bytes(max(0, -(-max(sizes) // SECTOR) * SECTOR -
                              len(data))))
        for s, (numbers, contents) in sectors.items():
            data[s * SECTOR:(s + 1) * SECTOR] = contents[
                choice.among(numbers)]
        del data[size:]
        return data

    def is_in(self, data):
        """Can these bytes be this file, whatever of its changes happened?"""
        if not self.changes:
            return data == self.disk
        sectors, sizes = self._versions()
        if len(data) not in sizes:
            return False
        for s in range(-(-len(data) // SECTOR)):
            there = self._sector(data, s)
            part = min(SECTOR, len(data) - s * SECTOR)
            known = sectors[s][1] if s in sectors else [
                self._sector(self.disk, s)]
            if all(there[:part] != one[:part] for one in known):
                return False
        return True


class Names:
    """Which file has which name; a folder is None.  Changes are (number,
    folders, from, to, file): without `from` a name is new, without `to` it is
    gone."""

    def __init__(self, names):
        self.disk = dict(names)
        self.now = dict(names)
        self.changes = []

    def add(self, number, from_, to, file):
        one = (number, {os.path.dirname(p) for p in (from_, to)
                        if p is not None}, from_, to, file)
        self.changes.append(one)
        self._apply(self.now, one)

    @staticmethod
    def _apply(names, one):
        _, _, from_, to, file = one
        if from_ is not None:
            names.pop(from_, None)
        if to is not None:
            names[to] = file

    @staticmethod
    def _touches(one):
        """Its names, and the folders that must be there."""
        return {one[2], one[3]} - {None} | one[1] - {""}

    def _with_what_they_need(self, chosen):
        """An earlier change of the same name goes before a chosen one."""
        needed = set()
        for one in reversed(self.changes):
            if one[0] in chosen or self._touches(one) & needed:
                chosen.add(one[0])
                needed |= self._touches(one)
        return chosen

    def sync(self, folder, before):
        chosen = self._with_what_they_need(
            {c[0] for c in self.changes if folder in c[1] and c[0] < before})
        for one in self.changes:
            if one[0] in chosen:
                self._apply(self.disk, one)
        self.changes = [c for c in self.changes if c[0] not in chosen]

    def image(self, choice):
        names = dict(self.disk)
        chosen = self._with_what_they_need(
            {c[0] for c in self.changes if choice.among([c[0]])})
        for one in self.changes:
            if one[0] in chosen:
                self._apply(names, one)
        return names


class Disk:
    """The folder while the record is played.  A base is {path: bytes}, with
    None for a folder, and all of it is on the disk.  Without `syncs` none of
    the record counts."""

    def __init__(self, base=(), syncs=True):
        self.names = Names({path: None if data is None else File(data)
                            for path, data in dict(base).items()})
        self.by_inode = {}          # a File, or a folder's path
        self.syncing = {}
        self.syncs = syncs
        self.number = 0

    def play(self, row):
        kind, id_, at, data = row
        self.number += 1
        step = getattr(self, "_play_" + kind, None)
        if step:
            step(id_, at, data)

    def _play_o(self, inode, flags, data):
        path = data.decode()
        now = self.names.now
        if flags & FOLDER:
            self.by_inode[inode] = path
            return
        if flags & MADE:
            self.names.add(self.number, None, path, File())
        self.by_inode[inode] = now[path]
        if flags & EMPTY:
            self._play_t(inode, 0, b"")

    def _play_w(self, inode, at, data):
        self.by_inode[inode].changes.append((self.number, at, data))

    def _play_t(self, inode, size, _):
        self.by_inode[inode].changes.append((self.number, None, size))

    def _play_b(self, _, number, __):
        self.syncing[number] = self.number

    def _play_e(self, inode, number, _):
        began = self.syncing.pop(number)
        if not self.syncs:
            return
        what = self.by_inode[inode]
        if isinstance(what, File):
            what.sync(began)
        else:
            self.names.sync(what, began)

    def _play_r(self, _, __, data):
        from_, to = data.decode().split("\0")
        if from_ in self.names.now:
            self.names.add(self.number, from_, to, self.names.now[from_])

    def _play_l(self, _, __, data):
        from_, to = data.decode().split("\0")
        self.names.add(self.number, None, to, self.names.now[from_])

    def _play_u(self, _, __, data):
        if data.decode() in self.names.now:
            self.names.add(self.number, data.decode(), None, None)

    def _play_m(self, _, __, data):
        if data:
            self.names.add(self.number, None, data.decode(), None)

    def _play_d(self, bit, at, data):
        """Not recorded, but put there by a test: the disk goes bad."""
        self.names.now[data.decode()].flip(at, bit)

    def _play_x(self, _, __, data):
        raise AssertionError(f"{data.decode()} is not recorded")

    def image(self, rng, kind):
        """What may be on the disk when the power is cut here."""
        changes = [c[0] for f in self.names.now.values() if f
                   for c in f.changes]
        changes += [c[0] for c in self.names.changes]
        choice = Choice(rng, kind, min(changes, default=0) - 1,
                        max(changes, default=0))
        files = {}
        image = {}
        for path, file in self.names.image(choice).items():
            if file is None:
                image[path] = None
                continue
            if id(file) not in files:
                files[id(file)] = bytes(file.image(choice))
            image[path] = files[id(file)]
        return image


def write(image, folder):
    """Makes an image a folder."""
    os.mkdir(folder, 0o700)
    for path in sorted(image):
        where = os.path.join(folder, path)
        if image[path] is None:
            os.mkdir(where, 0o700)
            continue
        with open(where, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(image[path])


def read(folder):
    """And back."""
    image = {}
    for where, folders, names in os.walk(folder):
        for name in folders:
            image[os.path.relpath(os.path.join(where, name), folder)] = None
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    image[os.path.relpath(path, folder)] = f.read()
    return image
