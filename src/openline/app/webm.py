"""How long a WebM file of a page's MediaRecorder is: the time of its last block of sound.

Such a file carries no duration of its own. Only what is needed is read; bytes that make no sense
end the reading, and what stands before them counts.
"""

from typing import Final

MAGIC: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_INFO: Final = 0x1549A966
_GROUP: Final = 0xA0
_SCALE: Final = 0x2AD7B1
_TIMECODE: Final = 0xE7
_BLOCKS: Final = frozenset({0xA3, 0xA1})
_WITHIN: Final = frozenset({_SEGMENT, _CLUSTER, _INFO, _GROUP})
_SCALE_NS: Final = 1_000_000
_ID_BYTES_MAX: Final = 4
_NUMBER_BYTES_MAX: Final = 8


def duration_ms(data: bytes) -> int:
    """Milliseconds to the begin of the last block; 0 for what is no such file."""
    scale, cluster, last, at = _SCALE_NS, 0, 0, 0
    if not data.startswith(MAGIC):
        return 0
    while True:
        name, at = _vint(data, at, _ID_BYTES_MAX, keep=True)
        size, at = _vint(data, at, _NUMBER_BYTES_MAX)
        if name is None or size is None:
            return last * scale // 1_000_000
        if name in _WITHIN:
            continue
        content = data[at : at + size]
        if name == _SCALE:
            scale = int.from_bytes(content[:_NUMBER_BYTES_MAX]) or _SCALE_NS
        elif name == _TIMECODE:
            cluster = int.from_bytes(content[:_NUMBER_BYTES_MAX])
        elif name in _BLOCKS:
            _track, offset = _vint(content, 0, _NUMBER_BYTES_MAX)
            last = max(last, cluster + int.from_bytes(content[offset : offset + 2], signed=True))
        at += size


def _vint(data: bytes, at: int, limit: int, *, keep: bool = False) -> tuple[int | None, int]:
    """A number of EBML and where it ends; None at the end of the data or where none can be."""
    if at >= len(data) or data[at] == 0:
        return None, at
    width = 9 - data[at].bit_length()
    if width > limit or at + width > len(data):
        return None, at
    value = int.from_bytes(data[at : at + width])
    return value if keep else value & ((1 << 7 * width) - 1), at + width
