"""Bounds of everything that the record room parses, in bytes unless named otherwise.

Every bound is checked before anything is allocated or decoded (spec/record, section 2).
"""

from typing import Final

VERSION: Final = 1
SUITE: Final = 1

HASH_SIZE: Final = 32
LINE_SIZE: Final = 16
NONCE_SIZE: Final = 16
SALT_SIZE: Final = 16
KEY_ID_SIZE: Final = 16
INCARNATION_SIZE: Final = 16
ED25519_KEY_SIZE: Final = 32
ED25519_SIGNATURE_SIZE: Final = 64
MLDSA44_KEY_SIZE: Final = 1312
MLDSA44_SIGNATURE_SIZE: Final = 2420

UINT_MAX: Final = 2**63 - 1
BODY_BYTES_MAX: Final = 16 * 1024
LEAF_BYTES_MAX: Final = 2048
STATEMENT_BYTES_MAX: Final = 640
STATEMENTS_MAX: Final = 2
CARD_BYTES_MAX: Final = 16 * 1024
GENESIS_BYTES_MAX: Final = 2 * CARD_BYTES_MAX + 1024
SIGN1_BYTES_MAX: Final = 4096
NOTE_BYTES_MAX: Final = 16 * 1024
NOTE_LINES_MAX: Final = 16
RECEIPT_BYTES_MAX: Final = 4096
HELLO_BYTES_MAX: Final = 2048
FORK_BYTES_MAX: Final = 64 * 1024
BUNDLE_ITEM_BYTES_MAX: Final = 64 * 1024
DEPTH_MAX: Final = 12
KIND_CHARACTERS_MAX: Final = 32
WATCH_CODE_CHARACTERS_MAX: Final = 16
NAME_CHARACTERS_MAX: Final = 120
LANGUAGES_MAX: Final = 8
PATHS_MAX: Final = 8
ADDRESSES_PER_PATH_MAX: Final = 8
ADDRESS_CHARACTERS_MAX: Final = 260
BUNDLE_BYTES_MAX: Final = 2**30
BUNDLE_NOTES_MAX: Final = 2**20
