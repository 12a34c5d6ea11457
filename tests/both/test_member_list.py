"""A base and a delta, byte for byte as the builder wrote them when the format was settled, read on both interpreters.

If this fails the format has changed: terminals in the field could not read what the centre sends.
"""

import struct
from binascii import unhexlify

from raising import raises

from protocol import list_header
from protocol.list_header import ListDamaged, ListMissing, OutsideList, WrongListKey
from protocol.list_section import decode_class, find_rank
from protocol.member_list import MemberList

KEY = bytes(range(32))
BASE = unhexlify(
    "43594d4c0100d800741703007417030000c90c6b0000000000c90c6b0b00000033aaea5bca0100000042dc060300000000863ba1010000000065cd1d"
    "0e000000010000000015000408002800ce76a56f4dc44a0501afc782f06c84c0f8c86a1d461064bbda3765ebd893f936000000000000000000000000"
    "000000000000000000000000000000000000000001000000004707000002000000005d04000003400b1c6be80200000000000000740100003133382c"
    "31383630cde7ac7e211dd526a5e135d8dedb0ad9c88d0a03cce7c52813cd0ed0bc94d7290000f6ffecfff3ffe9ffdfffd5ffe6ffdcffe1ffd7ffe8ff"
    "0100f7ff000000a8e220d30018cb40ee02032f2a5000000000000000008fc3f80747f9567a6b0078988094006844a02600d86dc01b02000000000000"
    "0000000000007aaa1e0000000000000000f238040ba4ac646ead00b83e0061020000000000000000000bfec64007470a9a79ab00d98030de02000000"
    "000000000062c154000000000000000000001c8e29000ba47977079a0200000000000000000000000032178e00000000000000000000000000000ea2"
    "1e401000d7f109d700a90fd016020000000000000c8f5b8000000000050a91c01745e7876814"
)
DELTA = unhexlify(
    "43594d4c0101cf00741703007417030001c90c6b00c90c6b801a0e6b0a00000033aaea5b690100000042dc060300000000863ba1010000000065cd1d"
    "0e000000010002000015000308000e00d9d82b6b5a3ec48751d3f5f7e828125bd547b32c1bf9cfd5630136df7977e6d7ce76a56f4dc44a0501afc782"
    "f06c84c0f8c86a1d461064bbda3765ebd893f936000000000000100000010000000000005505ff000000000000ab0a3133382c313836305de9a28d1c"
    "365b56bc32c0b60c7dae8f3e0eaafee65ab428a59af47d1f318b3500000000fffffefffdfffcfffbfffdfffdfffffffefffdfffcfffbff0000010000"
    "007a1e3c5c01000000e41e9690010000000719191e010000009919b3d201000000801076d8010000001e10dc1404000240055500d3f257c701000000"
    "6317f95604000280055500d3376ce3010000005105734301000000b202fccd010000002c02560101000000350b930b0200004000000ba2e900a1ce77"
    "81"
)
DELTA_AT = 4096
TRIAL = (3, 1797000000)
BEFORE = {
    13800138000: (1, 0),
    13800138001: (2, 0),
    13800138002: TRIAL,
    13800138003: (0, 0),
    13800138004: (1, 0),
    13800138008: (1, 0),
    18600000001: (2, 0),
    18609999999: TRIAL,
    13899999999: None,
    13800138009: None,
}
AFTER = dict(BEFORE)
AFTER.update({13800138000: None, 13800138001: None, 13800138003: (1, 0), 13899999999: (0, 0)})


class Flash:
    """Bytes as a partition to read."""

    def __init__(self, data):
        self.data = data

    def readblocks(self, block, buf, offset=0):
        at = block * 4096 + offset
        piece = self.data[at : at + len(buf)]
        buf[: len(piece)] = piece


def both():
    return BASE + b"\xff" * (DELTA_AT - len(BASE)) + DELTA


def test_the_sizes_are_those_of_the_layouts():
    # Literal numbers in the source, because the device then needs no names for them.
    assert struct.calcsize(list_header.LAYOUT) == list_header.SEED_BYTES
    assert struct.calcsize(list_header.ROW) == list_header.ROW_BYTES
    assert list_header.SEED_BYTES + 3 * list_header.HASH_BYTES == list_header.LEAST_BYTES


def test_the_base_answers():
    members = MemberList(Flash(BASE), KEY)
    for number in BEFORE:
        assert members.lookup(number) == BEFORE[number], number
    assert members.find(13800138002) == 2
    assert members.find(13899999999) is None


def test_the_delta_answers():
    members = MemberList(Flash(both()), KEY)
    members.extend(DELTA_AT)
    for number in AFTER:
        assert members.lookup(number) == AFTER[number], number
    assert members.deltas == 1


def test_the_header_says_what_the_list_is():
    members = MemberList(Flash(both()), KEY)
    header = members.header
    assert (header.list_id, header.month, header.version, header.created, header.count) == (
        202612,
        202612,
        1796000000,
        1796000000,
        11,
    )
    assert header.prefixes == "138,1860"
    members.extend(DELTA_AT)
    assert (members.header.version, members.header.parent, members.header.count) == (1796000001, 1796000000, 10)


def test_a_number_without_prefix_is_outside():
    members = MemberList(Flash(BASE), KEY)
    for number in (13900138000, 18610000000, 12800000000, 1380, 138001380001):
        assert raises(OutsideList, members.lookup, number), number


def test_blank_foreign_and_damaged_flash_are_told_apart():
    assert raises(ListMissing, MemberList, Flash(b"\xff" * 4096), KEY)
    assert raises(WrongListKey, MemberList, Flash(BASE), bytes(32))
    for at in (0, 40, 100, 150, 200):
        assert raises(ListDamaged, MemberList, Flash(BASE[:at] + bytes((BASE[at] ^ 1,)) + BASE[at + 1 :]), KEY), at
    damaged = MemberList(Flash(BASE[:-1] + bytes((BASE[-1] ^ 1,))), KEY)
    outcomes = set()
    for number in range(13800138000, 13800138300):
        outcomes.add(raises(ListDamaged, damaged.lookup, number))
    assert outcomes == {True, False}


def test_a_delta_in_the_place_of_a_base_and_the_other_way_round():
    assert raises(ListDamaged, MemberList, Flash(DELTA), KEY)
    members = MemberList(Flash(BASE + b"\xff" * (DELTA_AT - len(BASE)) + BASE), KEY)
    assert raises(ListDamaged, members.extend, DELTA_AT)


def test_rice_codes():
    # k = 2: 1 | 0 1 0 0 ... : distances less one 0, 4 and 3 are the codes 1.00, 01.00 and 1.11.
    codes = bytes((0b10001001, 0b11000000))
    assert [find_rank(codes, 0, 2, 2, target) for target in range(12)] == [0, -1, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1]


def test_class_codes():
    # Three quarters of class 0: 1 0 0 is coded from behind, state 0 -> 0 -> 0 -> 3072.
    codes = bytes((3072 >> 8, 3072 & 255))
    assert [decode_class(codes, 0, 2, (3072, 1024), rank) for rank in range(3)] == [1, 0, 0]
