"""Records of TensorFlow's framing, read without TensorFlow.

A record is the length of its data (8 bytes, little-endian), a masked CRC-32C of those bytes, the data, and a masked
CRC-32C of the data.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from nasgauge.core.errors import UserError
from nasgauge.official.opened import opened

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_LONGEST = 1 << 20  # bytes; no record of a benchmark comes near


def records(path: Path) -> Iterator[bytes]:
    """The data of each record in order; UserError with number and offset of one that is damaged or breaks off."""
    with opened(path, "a .tfrecord file") as file:
        number = 0
        while head := file.read(12):
            number += 1
            where = f"{path}: record {number}, at byte {file.tell() - len(head)}"
            if len(head) < 12 or masked_crc(head[:8]) != struct.unpack("<I", head[8:])[0]:
                raise UserError(f"{where}: its length is damaged, or this is not a .tfrecord file; download it again")
            length = struct.unpack("<Q", head[:8])[0]
            if length > _LONGEST:
                raise UserError(
                    f"{where}: it is {length:,} bytes long, longer than any record of a benchmark; download it again"
                )
            body = file.read(length + 4)
            if len(body) < length + 4:
                raise UserError(f"{where}: it is truncated, {length:,} bytes were declared; download the file again")
            if masked_crc(body[:length]) != struct.unpack("<I", body[length:])[0]:
                raise UserError(f"{where}: its data do not match their checksum; download the file again")
            yield body[:length]


def masked_crc(data: bytes) -> int:
    """CRC-32C, rotated right by 15 bits, plus a constant: the checksum of the framing.

    >>> hex(masked_crc(b""))
    '0xa282ead8'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()
