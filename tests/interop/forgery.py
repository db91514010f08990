"""Bundles that a party forges with its own keys: wrong in one place, and signed all the same.

A flipped byte is found by the first signature over it, whatever the verifier looks at afterwards.
Whoever holds the keys signs anything, so here every place of every structure is changed *before*
it is signed, and all that stands on it is made anew. Each forgery is a function of its number.
"""

import base64
import hashlib
import random  # noqa: TID251 - forgeries by a printed number
from typing import Any, Final

from openline.record.bodies import enrol_body, revoke_body, rule_body, text_body
from openline.record.cose import CONTEXT_ENTRY, CONTEXT_RECEIPT, CONTEXT_STATEMENT, sign1
from openline.record.notes import cosignature_text, note_key_id, subtree_text
from openline.record.tree import MerkleTree, leaf_hash
from tests.interop.forged_line import Forger, confirmed, ended, forge_line
from tests.interop.odd_values import WEAK, bent, bent_text, enc
from tests.unit.record.makers import Keys, Pair

ED25519, COSIGNATURE, SUBTREE = 1, 4, 6

PLACES: Final = (
    "header", "items", "genesis-signature", "card", "terms", "entry", "statement", "body", "kind",
    "officers", "weak-officer", "nonce", "cose", "salt", "checkpoint", "receipt-claim", "receipt",
    "note-text", "note-item", "seal", "seal-time", "sizes", "rules",
)  # fmt: skip


def forged(base: Pair, number: int) -> Forger:
    """The forgery of that number: the same bytes each time but for ML-DSA's own randomness."""
    rng = random.Random(f"forged/{number}")
    forger = Forger(rng, place=PLACES[number % len(PLACES)], keys=base.keys)
    if forger.place in ("card", "terms"):
        forge_line(forger)
        return forger
    forger.pins = base.pins
    Forge(forger, base).make()
    return forger


class Forge:
    """A record of a line that holds, and behind it an entry, or a note, that may not."""

    def __init__(self, forger: Forger, base: Pair) -> None:
        self.forger, self.rng, self.base = forger, forger.rng, base
        self.log = self.rng.randrange(2)
        self.entries: list[list[list[object]]] = [
            [[leaf, salt, body] for leaf, salt, body in half] for half in base.entries
        ]
        self.trees = [MerkleTree(), MerkleTree()]
        self.lamports: list[list[int]] = [[], []]
        for log in (0, 1):
            state = base.record.logs[log]
            for index in range(state.size):
                self.trees[log].append(state.leaf_hash(index))
                self.lamports[log].append(state.lamport_at(index))
        self.used = 0

    def fresh(self) -> bytes:
        self.used += 1
        return self.rng.randbytes(16)

    def act(self, place: str, value: object) -> object:
        return bent(value, self.rng) if self.forger.place == place else value

    # --- entries ------------------------------------------------------------------------------

    def statement(self, kind: object, commit: bytes, signer: Any, **changes: object) -> bytes:  # noqa: ANN401 - any key
        other = self.trees[1 - self.log]
        line = self.base.genesis.line
        said: object = [
            1, line, self.log, kind, changes.get("drill", False), commit,
            other.size, other.leaf(other.size - 1), changes.get("nonce", self.fresh()),
        ]  # fmt: skip
        payload = enc(self.act("statement", said))
        return sign1(
            payload, signer.public_key().public_bytes_raw(), CONTEXT_STATEMENT, signer.sign
        )

    def add(self, kind: object, body: bytes | None, signers: list[Any], **changes: Any) -> None:  # noqa: ANN401 - any field
        own, other = self.trees[self.log], self.trees[1 - self.log]
        salt = self.fresh()
        commit = hashlib.sha256(b"openline-body-v1" + salt + (body or b"")).digest()
        nonce = {"nonce": changes["nonce"]} if "nonce" in changes else {}
        statements = [self.statement(kind, commit, signer, **nonce) for signer in signers]
        lamport = 1 + max(self.lamports[self.log][-1], self.lamports[1 - self.log][-1])
        said: object = [
            1, self.base.genesis.line, self.log, own.size, own.leaf(own.size - 1), other.size,
            other.leaf(other.size - 1), lamport, 1_700_000_000_000, kind, False, commit, statements,
        ]  # fmt: skip
        payload = enc(self.act("entry", said))
        leaf = self.forger.cose(self.log, "log", payload, CONTEXT_ENTRY)
        if self.forger.place == "cose":
            leaf = self.bent_cose(leaf)
        own.append(leaf_hash(leaf))
        self.lamports[self.log].append(lamport)
        item: list[object] = [leaf, salt, body]
        if body is None:
            item[1] = b""
        if self.forger.place == "salt":
            at = self.rng.randrange(1, 3)
            item[at] = self.rng.choice((bent(item[at], self.rng), None, b"", "", [], salt))
        self.entries[self.log].append(item)

    def bent_cose(self, leaf: bytes) -> bytes:
        """Its shape, which is partly under no signature, changed."""
        at = self.rng.choice((0, 1, 2, 3, 7, 8, 24, 25, 26, len(leaf) - 66, len(leaf) - 1))
        changed = bytearray(leaf)
        changed[at] ^= 1 << self.rng.randrange(8)
        return self.rng.choice(
            (bytes(changed), leaf + b"\x00", leaf[:-1], leaf[1:], leaf[:20], b"")
        )

    def entry(self) -> None:
        rng, officer = self.rng, self.forger.keys[self.log].officer
        body: bytes | None = text_body("en", "One more.")
        kind: object = "text"
        signers = [officer]
        match self.forger.place:
            case "body":
                if rng.random() < 0.5:
                    kind, body = "enrol", b""
                    newcomer = Keys(f"newcomer/{rng.random()}").officer
                    signers = [newcomer, officer]
                    public = newcomer.public_key().public_bytes_raw()
                    body = enc(bent({"officer": public, "code": "W-2"}, rng))
                else:
                    body = enc(bent({"lang": "en", "text": "x"}, rng))
                    if rng.random() < 0.2:
                        body = None
            case "kind":
                kind = rng.choice(
                    ("shown", "call", "recording", "check", "declare", "restored", "opened",
                     "protest", "declined", "enrol", "revoke", "text", "unheard-of", "a", "a-",
                     "A", "1a", "", "a" * 33)
                )  # fmt: skip
                signers = [officer] * rng.randrange(2)
                body = None if rng.random() < 0.3 else enc({"upto": 1})
            case "weak-officer":
                return self.weak_officer()
            case "officers" | "rules":
                return self.officers() if self.forger.place == "officers" else self.rules()
            case "nonce":
                nonce = self.fresh()
                self.add(kind, body, signers, nonce=nonce)
                if rng.random() < 0.3:
                    self.log = 1 - self.log
                    signers = [self.forger.keys[self.log].officer]
                return self.add(kind, body, signers, nonce=nonce)
            case _:
                pass
        return self.add(kind, body, signers)

    def weak_officer(self) -> None:
        public = self.rng.choice(WEAK)
        officer = self.forger.keys[self.log].officer
        body = enc({"officer": public, "code": "W-9"})
        self.add("enrol", body, [_Weak(public), officer])

    def officers(self) -> None:
        """Histories of enrolments: again, of a key with another role, by nobody, after all left."""
        rng, keys = self.rng, self.forger.keys[self.log]
        other, new = self.forger.keys[1 - self.log], Keys("newcomer").officer
        public = new.public_key().public_bytes_raw()
        text = text_body("en", "After it.")
        steps = {
            "enrol": lambda: self.add("enrol", enrol_body(public, "W-2"), [new, keys.officer]),
            "turned": lambda: self.add("enrol", enrol_body(public, "W-2"), [keys.officer, new]),
            "alone": lambda: self.add("enrol", enrol_body(public, "W-2"), [new]),
            "twice": lambda: self.add("enrol", enrol_body(public, "W-2"), [new, new]),
            "absent": lambda: self.add("enrol", enrol_body(public, "W-2"), [keys.officer]),
            "again": lambda: self.add(
                "enrol", enrol_body(keys.officer_public, "W-1"), [keys.officer, new]
            ),
            "role": lambda: self._role(rng.choice((keys, other)), keys.officer),
            "theirs": lambda: self.add(
                "enrol",
                enrol_body(other.officer_public, "W-3"),
                [other.officer, keys.officer],
            ),
            "revoke": lambda: self.add("revoke", revoke_body(public), [keys.officer]),
            "leave": lambda: self.add("revoke", revoke_body(keys.officer_public), [keys.officer]),
            "removed": lambda: self.add("revoke", revoke_body(keys.officer_public), [new]),
            "text": lambda: self.add("text", text, [keys.officer]),
            "newtext": lambda: self.add("text", text, [new]),
            "both": lambda: self.add("text", text, [new, keys.officer]),
            "call": lambda: self.add("call", enc({}), []),
        }
        often = ["enrol", "leave", "call", "revoke", *steps]
        for _ in range(rng.randrange(1, 5)):
            steps[rng.choice(often)]()

    def rules(self) -> None:
        """Histories of what needs two officers: made, lifted and kept by one, by two, by others."""
        rng, first = self.rng, self.forger.keys[self.log].officer
        second, third = Keys("newcomer").officer, Keys("third").officer
        public, text = third.public_key().public_bytes_raw(), text_body("en", "Under a rule.")
        joined = enrol_body(second.public_key().public_bytes_raw(), "W-2")
        rule = rule_body(rng.sample(("text", "enrol", "revoke", "rule", "call", "z"), 3))
        bodies = (rule, rule_body([]), enc(bent({"two": ["enrol", "text"]}, rng)), None)

        def signers(usual: list[Any]) -> list[Any]:
            odd: list[list[Any]] = [[first], [second], [], [first, first], [first, third]]
            return usual if rng.random() < 0.6 else rng.choice(odd)

        self.add("enrol", joined, [second, first])
        if rng.random() < 0.9:
            self.add("rule", rule, [first, second])
        steps = {
            "rule": lambda: self.add("rule", rng.choice(bodies), signers([first, second])),
            "text": lambda: self.add("text", text, signers([first, second])),
            "call": lambda: self.add("call", enc({}), []),
            "revoke": lambda: self.add(
                "revoke", revoke_body(rng.choice((public, b"x" * 32))), signers([first, second])
            ),
            "enrol": lambda: self.add(
                "enrol",
                enrol_body(public, "W-3"),
                rng.choice(([first, second], [third, first], [third], [second, third], [first])),
            ),
        }
        for _ in range(rng.randrange(1, 4)):
            steps[rng.choice(list(steps))]()

    def _role(self, whose: Keys, voucher: Any) -> None:  # noqa: ANN401 - any key
        key = getattr(whose, self.rng.choice(("link", "log", "cosign")))
        body = enrol_body(key.public_key().public_bytes_raw(), "W-4")
        self.add("enrol", body, [key, voucher])

    # --- notes --------------------------------------------------------------------------------

    def signed_note(self, log: int, size: int, lines: list[tuple[int, int]]) -> bytes:
        """A checkpoint under lines of (type, party), its text bent before it is signed."""
        root = base64.b64encode(self.trees[log].root_at(size)).decode()
        line = self.base.genesis.line.hex()
        text = f"openline/{line}/{'ab'[log]}\n{size}\n{root}\n"
        if self.forger.place == "checkpoint" and log == self.log:
            text = self.rng.choice((
                text.replace(f"\n{size}\n", f"\n0{size}\n"), text + "extension\n", text + "\n",
                text.replace(f"\n{size}\n", f"\n{size + 1}\n"), text.replace("/a\n", "/b\n"),
                text.replace(root, base64.b64encode(bytes(32)).decode()), " " + text,
                text.replace(root, root[:-2] + "/="), text.replace(f"\n{size}\n", "\n+1\n"),
                text.replace(f"\n{size}\n", f"\n{size}\u0661\n"), text.replace(root, root[:-1]),
                text.replace(f"\n{size}\n", "\n" + "9" * 5000 + "\n"), text.replace("\n", "\r\n"),
                text.replace(f"\n{size}\n", "\n1_0\n"), text.replace(f"\n{size}\n", f"\n {size}\n"),
                text.replace(root, root + "\x7f"), text, text + "\u2014 x\n", text[:-1] + "\t\n",
            ))  # fmt: skip
        note = text + "\n"
        for kind, party in lines:
            note += self._line(kind, party, log, size, text)
        return note.encode()

    def _line(self, kind: int, party: int, log: int, size: int, text: str) -> str:
        keys = self.forger.keys[party]
        origin = f"openline/{self.base.genesis.line.hex()}/{'ab'[party]}"
        name = origin if party == log else f"{origin}/cosign"
        time = 0 if party == log else 1_700_000_200
        if self.forger.place == "seal-time":
            time = self.rng.choice((time, 0, 1, 2**63 - 1, 2**63, 2**64 - 1))
        stamp = time.to_bytes(8, "big")
        if kind == ED25519:
            public, blob = keys.public().log, keys.log.sign(text.encode())
        elif kind == COSIGNATURE:
            public = keys.public().cosign
            blob = stamp + keys.cosign.sign(cosignature_text(time, text.encode()))
        else:
            checkpoint = self.base.checkpoint(log, min(size, self.base.record.logs[log].size))
            head = type(checkpoint)(checkpoint.origin, size, self.trees[log].root_at(size))
            key = keys.log_pq if party == log else keys.cosign_pq
            public = keys.public().log_pq if party == log else keys.public().cosign_pq
            blob = stamp + key.sign(subtree_text(name, time, head))
        encoded = base64.b64encode(note_key_id(name, kind, public) + blob).decode()
        return f"\u2014 {name} {encoded}\n"

    def receipt(self, log: int, size: int) -> bytes:
        note = self.signed_note(log, size, [(ED25519, log), (COSIGNATURE, 1 - log)])
        tree, chosen = self.trees[log], log == self.log
        holder = self.rng.randrange(1, self.trees[1 - log].size + 3)
        if self.forger.place != "receipt-claim":
            holder = self.trees[1 - log].size
        said: object = [self.base.genesis.line, size, tree.root_at(size), holder]
        if chosen and self.rng.random() < 0.8:
            said = self.act("receipt-claim", said)
        claim = self.forger.cose(1 - log, "cosign", enc(said), CONTEXT_RECEIPT)
        pair: object = [note, claim]
        if chosen and self.forger.place == "receipt":
            match self.rng.randrange(3):
                case 0:
                    pair = bent(pair, self.rng)
                case 1:
                    lines = self.rng.choice((
                        [(COSIGNATURE, 1 - log), (ED25519, log)], [(ED25519, log)],
                        [(COSIGNATURE, 1 - log)], [(ED25519, log)] * 2,
                        [(ED25519, log), (COSIGNATURE, 1 - log), (COSIGNATURE, 1 - log)],
                        [(ED25519, log), (COSIGNATURE, 1 - log), (SUBTREE, 1 - log)],
                    ))  # fmt: skip
                    pair = [self.signed_note(log, size, list(lines)), claim]
                case _:
                    pair = [bent_text(note, self.rng), claim]
        return enc(pair)

    def notes(self) -> list[object]:
        """For each log all four at its end, and for one of them some more before it."""
        found: list[object] = []
        for log in (0, 1):
            end = self.trees[log].size
            sizes = {end}
            if log == self.log:
                sizes.add(self.rng.randrange(1, end + 1))
            for size in sorted(sizes):
                whole = size == end and log == self.log
                item: list[object] = [
                    log, size, self.signed_note(log, size, [(ED25519, log)]),
                    self.receipt(log, size), None, None,
                ]  # fmt: skip
                if (
                    self.forger.place in ("seal", "seal-time", "note-text")
                    or self.rng.random() < 0.05
                ):
                    kind = [(SUBTREE, log)], [(SUBTREE, 1 - log)]
                    for at, lines in zip((4, 5), kind, strict=True):
                        if self.rng.random() < 0.7:
                            item[at] = self.signed_note(log, size, lines)
                if self.forger.place == "seal" and whole:
                    item[4], item[5] = self.rng.choice((
                        (item[5], item[4]), (item[4], item[4]), (item[2], None), (None, item[3]),
                        (self.signed_note(log, size, [(SUBTREE, log), (SUBTREE, 1 - log)]), None),
                        (None, item[5]), (item[4], None), (b"", None),
                    ))  # fmt: skip
                if self.forger.place == "note-text" and whole:
                    at = self.rng.choice([at for at in (2, 4, 5) if isinstance(item[at], bytes)])
                    text = item[at]
                    assert isinstance(text, bytes)
                    item[at] = bent_text(text, self.rng)
                if self.forger.place == "note-item" and log == self.log:
                    found.append(bent(item, self.rng))
                else:
                    found.append(item)
        return found

    def make(self) -> None:
        place, rng, base = self.forger.place, self.rng, self.base
        if rng.random() < 0.9:
            self.entry()
        notes = self.notes()
        sizes: list[object] = [tree.size for tree in self.trees]
        if place == "sizes":
            at = rng.randrange(2)
            cut = self.trees[at].size - rng.randrange(3)
            sizes[at] = cut
            self.entries[at] = self.entries[at][: cut - 1]
        header: object = ["openline-bundle-v1", 0, 1_700_000_300_000, sizes, len(notes)]
        genesis = base.genesis.raw
        signatures: object = [confirmed(self.forger, party, genesis) for party in (0, 1)]
        items: object = [
            self.act("header", header),
            genesis,
            signatures,
            *self.entries[0],
            *self.entries[1],
            *notes,
        ]
        if place == "items":
            items = self.bent_items(items)
        assert isinstance(items, list)
        self.forger.bundle = ended(items)

    def bent_items(self, items: object) -> object:
        assert isinstance(items, list)
        at, to = self.rng.randrange(1, len(items)), self.rng.randrange(1, len(items))
        match self.rng.randrange(4):
            case 0:
                items[at], items[to] = items[to], items[at]
            case 1:
                items[2] = bent(items[2], self.rng)
            case 2:
                items[1] = bent(items[1], self.rng)
            case _:
                items = bent(items, self.rng)
                return items if isinstance(items, list) else [items]
        return items


class _Weak:
    """Signs for a key of small order: under the identity one signature holds for every text."""

    def __init__(self, public: bytes) -> None:
        self.public = public

    def public_key(self) -> "_Weak":
        return self

    def public_bytes_raw(self) -> bytes:
        return self.public

    def sign(self, _data: bytes) -> bytes:
        return (1).to_bytes(32, "little") + bytes(32)
