"""The kernel's type information and the declarations made of it, over a small blob made here."""

from __future__ import annotations

import struct

import pytest

from ebtop.kernel import structs
from ebtop.kernel.btf import NoField, Types

INT, PTR, ARRAY, STRUCT, UNION, ENUM, TYPEDEF, FUNC, FUNC_PROTO = 1, 2, 3, 4, 5, 6, 8, 12, 13


class Blob:
    """Writes BTF (Documentation/bpf/btf.rst), one type after the other; each method gives the type's id."""

    def __init__(self) -> None:
        self._strings, self._types, self._count = bytearray(1), bytearray(), 0

    def _name(self, name: str) -> int:
        if not name:
            return 0
        found = self._strings.find(b"\0" + name.encode() + b"\0")
        if found >= 0:
            return found + 1
        self._strings += name.encode() + b"\0"
        return len(self._strings) - len(name) - 1

    def _add(self, name: str, kind: int, size: int, count: int = 0, bitfields: bool = False, more: bytes = b"") -> int:
        self._types += struct.pack("=III", self._name(name), bitfields << 31 | kind << 24 | count, size) + more
        self._count += 1
        return self._count

    def integer(self, name: str, size: int, signed: bool = False) -> int:
        """An integer of `size` bytes."""
        return self._add(name, INT, size, more=struct.pack("=I", signed << 24 | size * 8))

    def pointer(self, to: int) -> int:
        """A pointer; to 0: void."""
        return self._add("", PTR, to)

    def array(self, of: int, length: int) -> int:
        """An array."""
        return self._add("", ARRAY, 0, more=struct.pack("=III", of, of, length))

    def named(self, name: str, of: int) -> int:
        """A typedef."""
        return self._add(name, TYPEDEF, of)

    def function(self, name: str, prototype: int = 0) -> int:
        """A function, of no known type unless one is given."""
        return self._add(name, FUNC, prototype)

    def prototype(self, *parameters: tuple[str, int], returns: int = 0) -> int:
        """A function's type: names and types of what it takes, and the type of what it returns; 0: nothing."""
        packed = b"".join(struct.pack("=II", self._name(name), type_) for name, type_ in parameters)
        return self._add("", FUNC_PROTO, returns, len(parameters), more=packed)

    def struct(self, name: str, size: int, *members: tuple[str, int, int], kind: int = STRUCT, bits: int = 0) -> int:
        """Members are name, type, offset in bits; with `bits` the last one is a bitfield of so many."""
        packed = b"".join(
            struct.pack("=III", self._name(member), type_, offset | (bits << 24 if number == len(members) else 0))
            for number, (member, type_, offset) in enumerate(members, 1)
        )
        return self._add(name, kind, size, len(members), bool(bits), packed)

    def enum(self, name: str, *members: tuple[str, int]) -> int:
        """An enumeration of 32 bits."""
        packed = b"".join(struct.pack("=II", self._name(member), number) for member, number in members)
        return self._add(name, ENUM, 4, len(members), more=packed)

    def types(self) -> Types:
        """What reads it."""
        return Types(self.blob())

    def blob(self) -> bytes:
        """All of it."""
        head = struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self._types), len(self._types), len(self._strings))
        return head + bytes(self._types) + bytes(self._strings)


@pytest.fixture
def types() -> Types:
    """Sockets of a small kernel: struct sock { struct common { union { u32 daddr; u64 pair; }; u16 port; }; … }."""
    blob = Blob()
    u16, u32, u64 = (blob.integer(name, size) for name, size in (("short", 2), ("unsigned int", 4), ("long", 8)))
    letter = blob.integer("char", 1, signed=True)
    be32 = blob.named("__be32", u32)
    ends = blob.struct("", 8, ("daddr", be32, 0), ("pair", u64, 0), kind=UNION)
    common = blob.struct("common", 16, ("", ends, 0), ("port", u16, 64))
    device = blob.struct("device", 4, ("number", u32, 0))
    blob.struct(
        "sock",
        64,
        ("shared", common, 0),
        ("device", blob.pointer(device), 128),
        ("name", blob.array(letter, 16), 192),
        ("opaque", blob.pointer(0), 320),
        ("flag", u32, 384),
        bits=3,
    )
    blob.function("port")
    blob.function("inet_accept")
    return blob.types()


def test_a_member_of_an_anonymous_union_is_found_through_it(types: Types) -> None:
    """Its offset counts from the struct it was asked of."""
    place = types.member(types.struct("common"), "pair")
    assert place is not None
    assert place.offset == 0
    assert types.member(types.struct("common"), "port") is not None
    assert types.member(types.struct("common"), "none") is None


def test_a_function_is_not_taken_for_a_member_of_that_name(types: Types) -> None:
    """`port` is both; only the function has an id of its own. Others have none."""
    assert types.function("port") != types.function("inet_accept")
    with pytest.raises(NoField, match="no function sock"):
        types.function("sock")
    with pytest.raises(NoField, match="no struct inet_accept"):
        types.struct("inet_accept")


def test_the_words_of_an_enumeration_come_without_its_own_name() -> None:
    """Those that do not begin with it stay whole; of what is no enumeration there are none."""
    blob = Blob()
    blob.integer("drop_reason", 4)
    blob.enum("drop_reason", ("CONSUMED", 1), ("DROP_REASON_NO_SOCKET", 3))
    assert blob.types().enumerators("drop_reason") == ((1, "CONSUMED"), (3, "NO_SOCKET"))
    assert blob.types().enumerators("other") == ()


def test_integers_of_a_function_have_size_and_sign() -> None:
    """Behind names of types as well; pointers, structs and nothing are eight bytes without a sign."""
    blob = Blob()
    whole = blob.named("ssize_t", blob.integer("int", 4, signed=True))
    taken = (("flags", blob.integer("u16", 2)), ("file", blob.pointer(0)), ("kind", blob.enum("kind", ("A", 1))))
    blob.function("read", blob.prototype(*taken, returns=whole))
    blob.function("leave", blob.prototype())
    assert blob.types().integers("read") == ((4, True), [(2, False), (8, False), (4, False)])
    assert blob.types().integers("leave") == ((8, False), [])
    assert blob.types().has_function("read") and not blob.types().has_function("ssize_t")


def test_a_bitfield_has_no_address(types: Types) -> None:
    """It is refused by name."""
    with pytest.raises(NoField, match="flag is a bitfield"):
        types.member(types.struct("sock"), "flag")


@pytest.mark.parametrize(
    ("member", "declared"),
    [("device", ("struct device *", "")), ("name", ("char", "[16]")), ("opaque", ("void *", ""))],
)
def test_types_as_c_writes_them(types: Types, member: str, declared: tuple[str, str]) -> None:
    """Before and after the member's name."""
    place = types.member(types.struct("sock"), member)
    assert place is not None
    assert types.c_type(place.type) == declared


def test_a_declaration_has_the_wanted_members_at_the_kernels_offsets(types: Types) -> None:
    """Nothing else is in it; what a pointer leads to is declared without a body."""
    text = structs.declare(types, ["sock.shared.daddr", "sock.device"])
    assert "struct device;\n" in text
    assert "unsigned int daddr" in text
    assert "char _device_pad[16]; struct device * device;" in text
    assert "port" not in text


def test_of_alternatives_those_that_are_there_are_said_to_be(types: Types) -> None:
    """HAS_… is defined for them; that none is there is said in one line."""
    text = structs.declare(types, ["sock.name|sock.comm"])
    assert "#define HAS_sock_name 1" in text
    assert "HAS_sock_comm" not in text
    assert structs.missing(types, ["sock.a|sock.b"]) == "this kernel has none of sock.a, sock.b"
    assert structs.missing(types, ["sock.shared.ttl"]) == "this kernel's struct sock has no member shared.ttl"
    assert structs.missing(types, ["sock.name"]) == ""


def test_a_member_of_an_enumeration_is_declared_by_its_number() -> None:
    """Which differs between kernels; that there is none is said in one line."""
    blob = Blob()
    blob.enum("pageflags", ("PG_locked", 0), ("PG_head", 6))
    assert structs.declare(blob.types(), ["enum pageflags.PG_head"]) == "#define EBTOP_PG_head 6\n"
    assert structs.missing(blob.types(), ["enum pageflags.PG_new"]) == "this kernel's enum pageflags has no PG_new"
    assert structs.missing(blob.types(), ["enum none.PG_head"]) == "this kernel's enum none has no PG_head"


def test_what_is_not_btf_is_refused() -> None:
    """By its first two bytes."""
    with pytest.raises(ValueError, match="not BTF"):
        Types(bytes(64))
