"""How a post ends: coded faults as they are, defects in one sentence, socket trouble not at all."""

import asyncio
from typing import Any, cast

import pytest

from openline.app.runner import _Ending, _supervise
from openline.errors import ConfigError, OpenlineError

pytestmark = pytest.mark.asyncio


async def test_an_end_that_was_asked_for_is_no_fault() -> None:
    ending = _Ending()
    ending.stop.set()
    ending.judge()


async def test_a_coded_fault_comes_out_of_its_group() -> None:
    ending = _Ending()
    inner = ConfigError("link.config")
    ending.keep(BaseExceptionGroup("tasks", [ExceptionGroup("link", [inner])]))
    with pytest.raises(ConfigError) as caught:
        ending.judge()
    assert caught.value is inner


async def test_a_defect_in_a_callback_ends_the_post_and_socket_trouble_does_not() -> None:
    loop = asyncio.get_running_loop()
    ending = _Ending()
    ending.unexpected(loop, {"exception": OSError("reset"), "transport": object()})
    assert not ending.stop.is_set()
    ending.judge()
    loop.set_exception_handler(ending.unexpected)
    loop.call_soon(lambda: cast("Any", None).committed())
    await asyncio.wait_for(ending.stop.wait(), 5)
    with pytest.raises(OpenlineError) as caught:
        ending.judge()
    assert caught.value.code == "post.defect"
    assert caught.value.facts == {"kind": "AttributeError"}


async def test_a_part_that_fails_is_tried_again_and_its_trouble_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("openline.app.runner.RETRY_SECONDS", 0)
    tries: list[str] = []

    class FakeRunning:
        problems: dict[str, OpenlineError] = {}  # noqa: RUF012 - one test, one object

    running = FakeRunning()

    async def part() -> None:
        tries.append(",".join(fault.code for fault in running.problems.values()))
        if len(tries) == 1:
            raise ConfigError("web.port_taken", port=1)
        if len(tries) == 2:
            reason = "a defect"
            raise ValueError(reason)

    await _supervise(cast("Any", running), "desk", part)
    assert tries == ["", "web.port_taken", "desk.failed"]
    assert running.problems == {}
