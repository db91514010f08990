"""How soon the microphone is cut: from what ends the speech to the sent track being off.

Two whole posts and two Chromium desks. Stamped where each cause becomes known to this machine: the
key's event, the blur, the end of the device, the kill of the post, the link's state in the post's
frame. The end is the moment at which the media page switches the sent track off. Both Date.now of
one machine.
"""

import asyncio
import time
from pathlib import Path

import pytest

from openline.app.demo.figures import spread
from tests.bench.rig import NICE, Row, hurry_posts, table
from tests.e2e.line_rig import RealDesk, laboratory, make_lab_pair, real_desk
from tests.e2e.post_rig import is_up, running
from tests.e2e.voice_rig import write_tone
from tests.pathlab.pathlab import PathLab

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.bench,
    pytest.mark.needs_root,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(600),
]

GATE_MS = 200.0
ROUNDS = 10
PORT = 26120

IN_AUDIO = """() => {
  const { set, get } = Object.getOwnPropertyDescriptor(MediaStreamTrack.prototype, "enabled");
  window.cut = [];
  window.sent = null;
  Object.defineProperty(MediaStreamTrack.prototype, "enabled", { get, set(on) {
    if (on) window.sent = this;
    else if (this === window.sent) { window.cut.push(Date.now()); window.sent = null; }
    set.call(this, on);
  } });
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    [window.device] = stream.getAudioTracks();
    return stream;
  };
}"""
IN_CONSOLE = """() => {
  window.causes = [];
  window.addEventListener("keyup", () => window.causes.push(Date.now()), { capture: true });
  window.addEventListener("blur", () => window.causes.push(Date.now()), { capture: true });
  const parse = JSON.parse;
  let down = false;
  JSON.parse = (text, ...rest) => {
    const frame = parse(text, ...rest);
    const now = frame?.t === "stop-talking" || frame?.view?.link.state === "DOWN";
    if (now && !down) window.causes.push(Date.now());
    down = now;
    return frame;
  };
}"""


async def cut_at(desk: RealDesk, before: int) -> float:
    """When the track that was sent went off."""
    frame = next(frame for frame in desk.page.frames if "audio.localhost" in frame.url)
    for _ in range(2_000):
        if await frame.evaluate("cut.length") > before:
            return float(await frame.evaluate(f"cut[{before}]"))
        await asyncio.sleep(0.01)
    pytest.fail("never cut")


async def stop_by(desk: RealDesk, cause: str, lab: PathLab) -> float:
    """Speak, let ``cause`` happen, and say how many milliseconds it took."""
    frame = next(frame for frame in desk.page.frames if "audio.localhost" in frame.url)
    await desk.press()
    await desk.until("line.seen.state.mic === 'LIVE'")
    await asyncio.sleep(0.3)
    before = int(await frame.evaluate("cut.length"))
    await desk.page.evaluate("causes.length = 0")
    at = 0.0
    match cause:
        case "key let go":
            await desk.page.keyboard.up("Space")
        case "page left, screen locked":
            await desk.page.evaluate("window.dispatchEvent(new Event('blur'))")
        case "device lost":
            script = "(() => { const at = Date.now(); device.dispatchEvent(new Event('ended'));"
            at = float(await frame.evaluate(f"{script} return at; }})()"))
        case "link down":
            for path in range(2):
                lab.cut(path)
        case _:
            at = time.time_ns() / 1e6
            desk.post.kill()
    end = await cut_at(desk, before)
    took = end - (at or float(await desk.page.evaluate("causes[0]")))
    await desk.page.keyboard.up("Space")
    return took


async def test_what_ends_speech_cuts_the_microphone(chromium_path: str, tmp_path: Path) -> None:
    tones = [write_tone(tmp_path / f"{hertz}.wav", hertz=hertz) for hertz in (440, 1130)]
    rows: list[Row] = []
    with laboratory("delay=50", "delay=50") as lab:
        posts = make_lab_pair(tmp_path, lab, port=PORT)
        with running(*posts):
            for post in posts:
                post.until(is_up)
            hurry_posts(*posts)
            async with (
                real_desk(posts[0], chromium_path, tones[0], nice=NICE) as north,
                real_desk(posts[1], chromium_path, tones[1], nice=NICE) as south,
            ):
                await asyncio.gather(north.ready(), south.ready())
                frame = next(one for one in north.page.frames if "audio.localhost" in one.url)
                await frame.evaluate(IN_AUDIO)
                await north.page.evaluate(IN_CONSOLE)
                for cause, rounds in (
                    ("key let go", ROUNDS),
                    ("page left, screen locked", ROUNDS),
                    ("device lost", ROUNDS),
                    ("link down", 1),
                    ("post killed", 1),
                ):
                    took = []
                    for _ in range(rounds):
                        took.append(await stop_by(north, cause, lab))
                        await asyncio.sleep(0.5)
                    if cause == "link down":
                        for path in range(2):
                            lab.restore(path)
                        await asyncio.to_thread(posts[0].until, is_up)
                        await north.ready()
                    rows.append((cause, spread(took), f"gate {GATE_MS:.0f}"))
                posts[0].start(wait=False)
    table("From what ends the speech to the microphone cut", rows)
    for name, figures, _ in rows:
        assert figures["median"] is not None
        assert figures["median"] <= GATE_MS, name
