"""Which desks a check uses is decided by what is installed, and said in words when nothing is."""

import pytest

from openline.app.demo import run
from openline.errors import ConfigError


def install(monkeypatch: pytest.MonkeyPatch, *modules: str, browser: bool = False) -> None:
    monkeypatch.delenv("OPENLINE_CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/chromium" if browser else None)
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: object() if name in modules else None
    )


def test_real_desks_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "playwright", "aiortc", "numpy", browser=True)
    assert run.choose_desks("auto") == "chromium"
    assert run.choose_desks("headless") == "headless"


@pytest.mark.parametrize(("modules", "browser"), [(("playwright",), False), ((), True)])
def test_a_browser_and_its_driver_are_both_needed(
    monkeypatch: pytest.MonkeyPatch, modules: tuple[str, ...], *, browser: bool
) -> None:
    install(monkeypatch, "aiortc", "numpy", *modules, browser=browser)
    assert run.choose_desks("auto") == "headless"
    with pytest.raises(ConfigError) as refused:
        run.choose_desks("chromium")
    assert refused.value.code == "demo.no_chromium"


def test_nothing_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    for wanted, code in (("auto", "demo.no_desks"), ("headless", "demo.no_headless")):
        with pytest.raises(ConfigError) as refused:
            run.choose_desks(wanted)  # type: ignore[arg-type]
        assert refused.value.code == code
