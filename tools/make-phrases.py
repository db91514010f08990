# ruff: noqa: INP001  # a script, not a package
"""Make the synthetic voice of the ten phrases: `.venv/bin/python tools/make-phrases.py`.

Needs espeak-ng and opusenc (Debian: espeak-ng, opus-tools). The files are committed, so that nobody
needs either to run a post. They are made from the words of protocol/phrases.json; Chinese is given
to espeak-ng as Pinyin with tones, because version 1.51 spells characters out as English letters.
"""

import json
import runpy
import subprocess
import tempfile
import wave
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src/openline"
FOLDER = SOURCE / "web/audio/phrases"
BYTES_MAX = 40_000
PINYIN = {
    1: "te4ti2 wen2dian4 sui2hou4 fa1chu1, qing3 li4ji2 yue4du2",
    2: "qing3 jiao4 ni3fang1 fan1yi4",
    3: "qing3 zai4xian4 deng3hou4",
    4: "qing3 zai4 shuo1 yi2bian4",
    5: "qing3 shuo1 man4 yi4xie1",
    6: "qing3 deng3dai4, wo3 zheng4zai4 qing3 wo3fang1 fu4ze2ren2",
    7: "wo3 ting1 bu4 dong3",
    8: "qing3 yong4 wen2zi4 que4ren4",
    9: "wo3 xian4zai4 jie2shu4 ben3ci4 tong1hua4",
    10: "zhe4 shi4 xian4lu4 jian3cha2",
}

samples = runpy.run_path(str(Path(__file__).with_name("make-voice-samples.py")))


def main() -> None:
    """Write one file per language and phrase."""
    table = json.loads((SOURCE / "protocol/phrases.json").read_text("utf-8"))
    for phrase in table["phrases"]:
        n = phrase["n"]
        for language, voice, speed, words in (
            ("en", "en-gb", 155, phrase["en"].replace("FLASH", "Flash")),
            ("zh-Hans", "cmn-latn-pinyin", 165, PINYIN[n]),
        ):
            sound = samples["trimmed"](
                samples["resampled"](*samples["spoken"](voice, speed, words))
            )
            target = FOLDER / language / f"{n}.ogg"
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(suffix=".wav") as scratch:
                with wave.open(scratch.name, "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(samples["RATE"])
                    file.writeframes((sound * 32767).astype("<i2").tobytes())
                subprocess.run(  # noqa: S603  # fixed words, no shell
                    ("opusenc", "--quiet", "--bitrate", "24", "--serial", str(n),  # noqa: S607  # wherever it is installed
                     "--discard-comments", scratch.name, str(target)),
                    check=True,
                )  # fmt: skip
            size = target.stat().st_size
            if size > BYTES_MAX:
                reason = f"{target} has {size} bytes"
                raise SystemExit(reason)
            print(f"{language}/{n}: {len(sound) / samples['RATE']:.2f} s, {size} bytes")  # noqa: T201  # a tool for people


if __name__ == "__main__":
    main()
