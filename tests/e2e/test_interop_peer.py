"""A real post and a peer that was written from docs/spec alone found a line and talk over it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from openline.app.folder import Folder
from tests.e2e.post_rig import PostProcess, free_port, openline
from tests.interop.stranger_checks import Checker
from tests.interop.stranger_forms import HELLO, MEDIA, Keys, cell, cose, dec, enc
from tests.interop.stranger_peer import ZERO, Log, Peer

PATH = "wire"
VECTORS = Path(__file__).parents[2] / "vectors"


@dataclass
class Line:
    """The real post and the stranger."""

    post: PostProcess
    peer: Peer
    port: int

    def dial(self) -> None:
        """Connect, as often as it takes until the post listens."""
        self.peer.answered = False
        end = time.monotonic() + 40
        while True:
            try:
                self.peer.dial("127.0.0.1", self.port, PATH)
            except ConnectionError:
                assert time.monotonic() < end, self.post.said
                time.sleep(0.1)
            else:
                return

    def until(self, good: object, seconds: float = 20.0) -> None:
        """Live until `good()`, or say what is there instead."""
        assert callable(good)
        peer = self.peer
        assert peer.run(good, seconds), (peer.close_code, peer.faults, peer.heard, self.post.said)

    def ask(self, *arguments: object) -> str:
        """Run the program while the stranger lives on."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(openline, *arguments)
            self.until(running.done, 40)
            return running.result()

    @property
    def founded(self) -> bool:
        """Both enrolments are held on both sides."""
        peer = self.peer
        return peer.answered and peer.receipted >= 2 and peer.logs[peer.far].size >= 2


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A real post that was paired with the card of the stranger, both running."""
    port, desk = free_port(), free_port()
    folder, card = tmp_path / "real", tmp_path / "stranger.cbor"
    address = f"127.0.0.1:{port}"
    path = f"{PATH}={address},{address}"
    openline("init", folder, "--name", "en=Real", "--path", path, "--desk-port", desk)
    keys = Keys()
    card.write_bytes(keys.card("Stranger", {PATH: []}))
    command = [sys.executable, "-m", "openline", "card", "export", str(folder)]
    theirs = subprocess.run(command, capture_output=True, check=True).stdout
    peer = Peer(keys, card.read_bytes(), theirs)
    openline("card", "import", folder, card, "--confirm", peer.line.comparison())
    post = PostProcess(Folder(folder), desk)
    post.start(wait=False)
    try:
        made = Line(post, peer, port)
        made.dial()
        made.until(lambda: made.founded)
        yield made
        assert not peer.faults
        peer.hang_up()
    finally:
        post.stop()


def test_a_peer_made_from_the_text_alone_exchanges_texts_and_receipts(line: Line) -> None:
    peer, root = line.peer, line.post.root
    peer.control("presence", 1, {"attended": True, "hears": True, "code": "W-7"})
    peer.control("declared", 1, {"recording": 2, "now": False, "interpreter": 1, "eta_s": 3600})
    peer.text("Hello from a stranger.")
    line.until(lambda: peer.receipted == 3)

    line.ask("text", root, "Answer to a stranger.", "--wait", "sealed")
    assert peer.texts == ["Answer to a stranger."]
    line.until(lambda: peer.round_trips["udp"] and peer.round_trips["tcp"] and peer.sealed == 3)

    status = json.loads(line.ask("status", root, "--json"))
    record = {"state": "live", "own_size": 3, "peer_size": 3, "receipted": 3, "sealed": 3}
    assert status["record"] == record | {"outbox": 0, "fault": None}
    assert (status["link"]["state"], status["link"]["tls_group"]) == ("UP", "X25519MLKEM768")
    assert status["peer_watch"] == {
        "attended": True,
        "code": "W-7",
        "hears": True,
        "name": None,
    }
    assert peer.objects["presence"][1] == {"attended": False}
    assert peer.objects["declared"][1] == {"recording": 1, "now": False}
    declared = status["peer_declared"]
    assert (declared["recording"], declared["interpreter"]) == ("always", "eta")
    assert 3_400_000 < declared["eta_ms"] <= 3_600_000
    assert (status["alarms"], status["offences"]) == ([], [])


def test_a_call_is_announced_by_a_cell_alone_and_leaves_an_account(line: Line) -> None:
    peer, call = line.peer, b"call-one"
    peer.send(MEDIA, cell(call[:4], talking=True, seq=1), tcp=False)
    status = json.loads(line.ask("status", line.post.root, "--json"))
    assert (status["call"]["call"], status["call"]["peer_talking"]) == (call[:4].hex(), True)
    peer.control("phrase", 1, {"n": 3, "seq": 1, "call": call[:4]})
    said = {"id": call, "manner": 1, "open": False, "talking": False, "seq": 2}
    peer.control("call", 1, said | {"outcome": "withdrawn"})
    line.until(lambda: peer.heard["entry.call"])
    account = dec(peer.logs[peer.far].items[-1][2])
    assert account["phrases"] == [3]
    assert (account["id"], account["role"], account["outcome"]) == (call, "called", "withdrawn")
    line.until(lambda: peer.answer().get("outcome") == "withdrawn")


def test_a_restored_peer_gets_its_own_entries_back(line: Line) -> None:
    peer = line.peer
    peer.text("one")
    peer.text("two")
    line.until(lambda: peer.receipted == 4)
    whole, peer.logs[peer.me] = peer.logs[peer.me], Log(peer.line.genesis)
    leaf, salt, body = whole.items[0]
    peer.logs[peer.me].add(leaf, salt, body, whole.lamports[1])
    peer.receipted = 2
    peer.begin_again()
    peer.hang_up()
    line.dial()
    line.until(lambda: peer.logs[peer.me].hashes == whole.hashes)
    peer.hello()
    peer.write("restored", {"from": 2, "to": 4})
    line.until(lambda: peer.receipted == 5)


WRONG: list[tuple[int, object, str]] = [
    (0, 2, "record.version"),
    (1, 2, "record.suite"),
    (2, bytes(16), "record.line"),
    (3, None, "record.author"),
    (4, ZERO, "record.hello"),
    (6, 0, "record.hello"),
]


def test_a_wrong_hello_ends_the_connection_with_its_code(line: Line) -> None:
    peer = line.peer
    for place, said, code in WRONG:
        wrong = peer.hello_payload()
        wrong[place] = peer.far if said is None else said
        signed = cose(peer.keys.log, "openline/hello/1", wrong)
        peer.send(HELLO, enc([signed, peer.genesis_signature]))
        peer.run(lambda: False, 10)
        assert (peer.open, peer.close_code) == (False, code)
        peer.hang_up()
        line.dial()
        line.until(lambda: peer.answered)


def test_line_checks_and_challenge_words_with_a_stranger(line: Line) -> None:
    peer, root = line.peer, line.post.root
    checker = Checker(peer)
    checker.begin(b"check-01")
    line.until(lambda: checker.parts("answered"))
    (answer,) = checker.parts("answered")
    assert answer["id"] == b"check-01"
    line.until(lambda: peer.receipted == peer.logs[peer.me].size)
    checker.end(b"check-01")
    line.until(lambda: checker.parts("result"))
    (result,) = checker.parts("result")
    assert (result["role"], result["text"]) == ("answerer", "held")
    assert result["voice"] == "no_desk_beginner"

    with ThreadPoolExecutor(1) as pool:
        command = ("check", root, "--text", "--words", "--json")
        running = pool.submit(openline, *command)
        line.until(checker.answer, 30)
        line.until(running.done, 30)
        found = json.loads(running.result())
    assert found["held"], found
    assert found["result"]["compare"] == "match", found
    assert checker.words is not None
    name, words = checker.words
    printed = json.loads(line.ask("words", root, "--json"))
    assert printed["list"] == name == found["words"]
    english = json.loads((VECTORS / "check.json").read_text("utf-8"))["word_lists"]["en"]
    rows = printed["words"]
    shown = [row["a"]["en"] for row in rows] + [row["b"]["en"] for row in rows]
    assert shown == [english[word] for word in words]
    status = json.loads(line.ask("status", root, "--json"))
    assert (status["alarms"], status["offences"]) == ([], [])
