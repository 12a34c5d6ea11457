"""The terminal's two list partitions take in the golden base and delta, on both interpreters."""

import struct
from binascii import hexlify
from hashlib import sha256

from nor_flash import NorFlash
from read_lists import ReadLists
from test_member_list import AFTER, BASE, BEFORE, DELTA, KEY

from firmware.terminal.list_writer import DATA, DONE
from protocol.list_header import ListDamaged, ListMissing

MONTH = 202612
SECTORS = 4


def offer_of(data):
    kind = "delta" if data[5] else "base"
    list_id, month, version, parent = struct.unpack_from("<IIII", data, 8)
    digest = hexlify(sha256(data).digest()).decode()
    return {
        "list": list_id,
        "kind": kind,
        "month": month,
        "version": version,
        "base": parent,
        "bytes": len(data),
        "sha256": digest,
    }


def switched_on(flash):
    return ReadLists([flash.partition(0, SECTORS), flash.partition(SECTORS, SECTORS)], {202612: KEY})


def take(lists, data, offer=None):
    writer = lists.receive(offer or offer_of(data), MONTH)
    if writer is None:
        return False
    while writer.next != DONE:
        if writer.next == DATA:
            writer.feed(data[writer.offset : writer.offset + 100])
        writer.step()
    return True


def says(lists, truth):
    return [number for number in truth if lists.lookup(MONTH, number) != truth[number]] == []


def test_base_and_delta_are_taken_in_and_stay():
    flash = NorFlash(2 * SECTORS)
    lists = switched_on(flash)
    assert take(lists, BASE)
    assert says(lists, BEFORE)
    assert take(lists, DELTA)
    assert says(lists, AFTER)
    assert not take(lists, BASE) and not take(lists, DELTA)
    lists = switched_on(flash)
    assert says(lists, AFTER)
    assert lists.status(MONTH).deltas == 1 and lists.status(MONTH).count == 10


def test_a_download_goes_on_after_a_restart():
    flash = NorFlash(2 * SECTORS)
    writer = switched_on(flash).receive(offer_of(BASE), MONTH)
    while writer.offset < 300:
        if writer.next == DATA:
            writer.feed(BASE[writer.offset : writer.offset + 50])
        writer.step()
    lists = switched_on(flash)
    assert lists.receive(offer_of(BASE), MONTH).offset == 256
    assert take(lists, BASE) and says(lists, BEFORE)
    assert flash.erases[0] == 1


def test_what_is_not_genuine_is_refused_and_the_old_list_stays():
    flash = NorFlash(2 * SECTORS)
    lists = switched_on(flash)
    take(lists, BASE)
    try:
        take(lists, DELTA[:-1] + bytes((DELTA[-1] ^ 1,)), offer_of(DELTA))
        raise AssertionError("accepted")
    except ListDamaged:
        pass
    assert says(lists, BEFORE)
    assert take(lists, DELTA) and says(lists, AFTER)


def test_without_a_list_there_is_no_answer():
    try:
        switched_on(NorFlash(2 * SECTORS)).lookup(MONTH, 13800138000)
        raise AssertionError("answered")
    except ListMissing:
        pass
