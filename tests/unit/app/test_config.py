"""post.toml: unknown keys and bad values are named; the environment comes last."""

from pathlib import Path

import pytest

from openline.app.config import PathSettings, load_config, render_config
from openline.errors import ConfigError

GOOD = '[paths.main]\nbind = "127.0.0.1:24000"\n'


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "post.toml"
    path.write_text(text)
    return load_config(path)


def refused(tmp_path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return caught.value


def test_what_init_writes_is_what_run_reads(tmp_path: Path) -> None:
    paths = {
        "main": PathSettings(bind="127.0.0.1:24000"),
        "sat-2": PathSettings(bind="[::1]:0", listen=False),
    }
    (tmp_path / "post.toml").write_text(render_config(paths, 24010))
    found = load_config(tmp_path / "post.toml")
    assert found.paths == paths
    assert found.desk.port == 24010
    assert found.officer == "W-1"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("prot = 1\n" + GOOD, "prot"),
        (GOOD + "[desk]\nprot = 1\n", "desk.prot"),
        (GOOD + 'lisen = false\nbond = ""\n', "paths.main.lisen"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_it(tmp_path: Path, text: str, key: str) -> None:
    fault = refused(tmp_path, text)
    assert fault.code == "config.unknown_key"
    assert fault.facts["key"] == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (GOOD + "[desk]\nport = 70000\n", "desk.port"),
        (GOOD + '[desk]\nport = "many"\n', "desk.port"),
        ("", "paths"),
        ("[paths.main]\nlisten = true\n", "paths.main.bind"),
        ('officer = "a b"\n' + GOOD, "officer"),
        (GOOD + '[diagnostics]\nto = "cloud"\n', "diagnostics.to"),
        (GOOD + '[calls]\nannounce = "sometimes"\n', "calls.announce"),
        (GOOD + '[calls]\nring = "08:00-08:00"\n', "calls.ring"),
        (GOOD + '[calls]\ntwo_way = "8-18"\n', "calls.two_way"),
    ],
)
def test_a_bad_value_is_an_error_that_names_its_key(tmp_path: Path, text: str, key: str) -> None:
    fault = refused(tmp_path, text)
    assert fault.code == "config.value"
    assert fault.facts["key"] == key


def test_what_is_no_toml_and_what_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path, "[paths\n").code == "config.toml"
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "nowhere.toml")
    assert caught.value.code == "config.missing"


def test_the_environment_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINE_DESK__PORT", "24999")
    monkeypatch.setenv("OPENLINE_OFFICER", "W-7")
    (tmp_path / "post.toml").write_text(GOOD + "[desk]\nport = 24010\n")
    found = load_config(tmp_path / "post.toml")
    assert (found.desk.port, found.officer) == (24999, "W-7")


@pytest.mark.parametrize("bind", ["0.0.0.0:9464", "9464", "127.0.0.1:0", "example:1", "[::]:9"])
def test_figures_are_served_on_loopback_alone(tmp_path: Path, bind: str) -> None:
    file = tmp_path / "post.toml"
    file.write_text(f'[paths.main]\nbind = "127.0.0.1:1"\n[metrics]\nbind = "{bind}"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert (caught.value.code, caught.value.facts["key"]) == ("config.value", "metrics.bind")


def test_line_checks_are_hourly_unless_said_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "post.toml"
    file.write_text('[paths.main]\nbind = "127.0.0.1:1"\n[metrics]\nbind = "[::1]:9464"\n')
    config = load_config(file)
    assert (config.checks.every_minutes, config.checks.words) == (60, 7)
    assert config.metrics.bind == "[::1]:9464"


def test_what_a_side_accepts_stands_in_its_settings(tmp_path: Path) -> None:
    (tmp_path / "post.toml").write_text(
        GOOD + '[calls]\nannounce = "08:00-18:00"\ntwo_way = "never"\n'
    )
    found = load_config(tmp_path / "post.toml").calls
    assert (found.announce, found.ring, found.two_way) == ("08:00-18:00", "always", "never")


HTTPS = """[desk.https]
bind = "0.0.0.0:8443"
console = "desk.north.example"
audio = "audio.north.example"
address = "10.0.0.5"
"""


def test_desks_on_other_machines_are_served_over_https(tmp_path: Path) -> None:
    path = tmp_path / "post.toml"
    path.write_text(HTTPS + GOOD)
    found = load_config(path).desk
    assert found.https is not None
    assert (found.https.console, found.https.address) == ("desk.north.example", "10.0.0.5")
    assert found.idle_minutes == 15


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.0.0.0:8443", "desk.north.example:8443"),
        ("desk.north.example", "10.0.0.5"),
        ("desk.north.example", "localhost"),
        ("audio.north.example", "desk.north.example"),
        ('"10.0.0.5"', '"audio.north.example"'),
        ("address", "adress"),
    ],
)
def test_https_settings_that_cannot_be_are_refused(tmp_path: Path, old: str, new: str) -> None:
    fault = refused(tmp_path, HTTPS.replace(old, new) + GOOD)
    assert fault.code in ("config.value", "config.unknown_key")
    assert str(fault.facts["key"]).startswith("desk.https")


@pytest.mark.parametrize("key", ["bind", "host", "address", "listen"])
def test_the_plain_page_is_offered_to_no_other_machine(tmp_path: Path, key: str) -> None:
    fault = refused(tmp_path, f'[desk]\n{key} = "0.0.0.0:8440"\n' + GOOD)
    assert (fault.code, fault.facts["key"]) == ("config.desk_plain", f"desk.{key}")
