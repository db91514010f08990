"""The desk server on its sockets, the shipped audio page in it, and the demonstration's hook."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Frame, Page

from openline.errors import ConfigError
from openline.web import DeskServer, DeskServerConfig
from tests.e2e.console_rig import SECRET, Console, chromium, console
from tests.unit.web.fake_desk_api import FakeDeskApi, link_view, text_item

pytestmark = [pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as started:
        yield started


@asynccontextmanager
async def running(port: int = 0) -> AsyncIterator[DeskServer]:
    config = DeskServerConfig(port=port, secret=SECRET, post_name="e2e")
    server = DeskServer(FakeDeskApi(), config)
    task = asyncio.ensure_future(server.run())
    await server.ready.wait()
    try:
        yield server
    finally:
        await server.stop()
        await task


async def test_it_listens_on_both_loopbacks_and_nowhere_else() -> None:
    async with running() as server, httpx2.AsyncClient() as client:
        port = server.names.port
        for address in ("127.0.0.1", "[::1]"):
            answer = await client.get(
                f"http://{address}:{port}/", headers={"host": server.names.console_host}
            )
            assert answer.status_code == 200
            assert "server" not in answer.headers
        own = socket.gethostbyname(socket.gethostname())
        if not own.startswith("127."):
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://{own}:{port}/")


async def test_a_taken_port_is_said_in_a_code() -> None:
    async with running() as server:
        config = DeskServerConfig(port=server.names.port, secret=SECRET, post_name="e2e")
        with pytest.raises(ConfigError, match=r"web\.port_taken"):
            await DeskServer(FakeDeskApi(), config).run()


async def test_before_it_runs_it_mints_no_address() -> None:
    config = DeskServerConfig(port=0, secret=SECRET, post_name="e2e")
    with pytest.raises(ConfigError, match=r"web\.config"):
        DeskServer(FakeDeskApi(), config).new_launch_url()


async def test_a_head_that_is_too_long_is_not_kept() -> None:
    async with running() as server, httpx2.AsyncClient() as client:
        headers = {"host": server.names.console_host, "x-long": "x" * 1_000_000}
        try:
            answer = await client.get(f"http://127.0.0.1:{server.names.port}/", headers=headers)
            assert answer.status_code == 400
        except httpx2.TransportError:
            pass  # hung up on while we were still sending
        good = await client.get(
            f"http://127.0.0.1:{server.names.port}/", headers={"host": server.names.console_host}
        )
        assert good.status_code == 200


@pytest.mark.needs_chromium
async def test_the_shipped_pages_complain_of_nothing_and_ask_nobody_else(browser: Browser) -> None:
    async with console(browser, real_audio=True) as desk:
        url = desk.server.new_launch_url()
        await desk.page.goto(url)
        await desk.page.wait_for_selector("#talk-key")
        await desk.until("document.title.includes('LINK UP')")
        assert "token" not in desk.page.url
        assert url.split("=")[1] not in await desk.page.evaluate(
            "JSON.stringify(history.state)+location.href"
        )
        await desk.page.click("#foot")
        for _ in range(100):
            if (
                desk.api.said("offer")
                and desk.api.reports
                and desk.api.reports[-1].context == "running"
            ):
                break
            await asyncio.sleep(0.05)
        assert "m=audio" in desk.api.said("offer")[-1][1]
        assert desk.api.reports[-1].mic == "COLD"
        desk.api.put(text_item(1, "one", reached=5))
        await desk.page.keyboard.press("?")
        await desk.page.keyboard.press("Escape")
        await desk.page.keyboard.press("l")
        hosts = {item.split("/")[2] for item in desk.requests}
        assert hosts == {desk.server.names.console_host, desk.server.names.audio_host}
        assert desk.faults == []


@pytest.mark.needs_chromium
async def test_the_cookie_is_out_of_reach_of_scripts_and_of_the_audio_page(
    browser: Browser,
) -> None:
    async with console(browser, real_audio=True) as desk:
        await desk.sign_in()
        assert await desk.page.evaluate("document.cookie") == ""
        cookies = await desk.context.cookies(desk.server.names.console)
        assert [(c["name"], c["httpOnly"], c["sameSite"]) for c in cookies] == [
            ("openline-desk-e2e", True, "Strict")
        ]
        assert await desk.context.cookies(desk.server.names.audio) == []


@asynccontextmanager
async def foreign_page(desk: Console, html: str) -> AsyncIterator[tuple[Page, str]]:
    """A page of another port of this machine: another origin, same cookies' host."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(html)}\r\n"
        writer.write(f"{head}connection: close\r\n\r\n{html}".encode())
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    origin = f"http://localhost:{listener.sockets[0].getsockname()[1]}"
    page = await desk.context.new_page()
    try:
        yield page, origin
    finally:
        listener.close()


@pytest.mark.needs_chromium
async def test_a_page_of_another_origin_gets_nothing(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        opened = len(desk.api.said("desk_opened"))
        async with foreign_page(desk, "<!doctype html><p>evil</p>") as (page, origin):
            await page.goto(origin)
            console_origin = desk.server.names.console
            tried = await page.evaluate(
                """async (console) => {
                  const out = {};
                  out.socket = await new Promise((done) => {
                    const socket = new WebSocket(console.replace("http", "ws") + "/desk");
                    socket.onopen = () => done("open");
                    socket.onerror = () => done("refused");
                  });
                  out.read = await fetch(console + "/locales/en.json", { credentials: "include" })
                    .then(() => "read", () => "refused");
                  out.script = await import(console + "/state.js")
                    .then(() => "ran", () => "refused");
                  out.post = await fetch(console + "/signin",
                    { method: "POST", mode: "no-cors", credentials: "include", body: "{}" })
                    .then((answer) => answer.type, () => "refused");
                  return out;
                }""",
                console_origin,
            )
            # A POST without CORS has an answer that nobody can read; the unit tests see its 403.
            assert tried.pop("post") in ("refused", "opaque")
            assert tried == {"socket": "refused", "read": "refused", "script": "refused"}
            await page.set_content(f'<iframe src="{console_origin}/"></iframe>')
            await asyncio.sleep(1)
            for frame in page.frames:
                if frame.url.startswith(console_origin):
                    assert await frame.locator("#talk-key").count() == 0
        assert len(desk.api.said("desk_opened")) == opened


DEMO_PAGE = """<!doctype html><script>
window.told = [];
addEventListener("message", (event) => window.told.push({ origin: event.origin, ...event.data }));
window.order = (target, what) => {
  document.querySelector("iframe").contentWindow.postMessage(what, target);
};
</script>"""
FRAME = '<iframe allow="microphone {c} {a}; autoplay {c} {a}" width="690" height="900" src="{url}">'


async def framed(desk: Console, page: Page, origin: str) -> Frame:
    await page.goto(origin)
    names = desk.server.names
    tag = FRAME.format(c=names.console, a=names.audio, url=desk.server.new_launch_url())
    await page.evaluate("(tag) => document.body.insertAdjacentHTML('beforeend', tag)", tag)
    for _ in range(200):
        for frame in page.frames:
            if frame.url.startswith(names.console) and await frame.locator("#talk-key").count():
                return frame
        await asyncio.sleep(0.05)
    raise AssertionError([frame.url for frame in page.frames])


async def told(page: Page, fact: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = await page.evaluate(
        "(fact) => told.filter((one) => one.openline === 'desk' && one.fact === fact)", fact
    )
    return found


@pytest.mark.needs_chromium
async def test_the_named_demonstration_may_drive_the_page_and_another_may_not(
    browser: Browser,
) -> None:
    async with (
        console(browser, real_audio=True) as plain,
        foreign_page(plain, DEMO_PAGE) as (page, origin),
        console(browser, frame_ancestors=(origin,)) as desk,
    ):
        frame = await framed(desk, page, origin)
        await asyncio.sleep(0.5)
        assert (await told(page, "ready"))[0]["origin"] == desk.server.names.console
        orders = (
            {"do": "text", "text": "from the demo", "lang": "en", "request": "d1"},
            {"do": "language", "lang": "zh-Hans"},
            {"do": "snapshot", "id": 7},
            {"do": "constructor"},
            {"do": "rm"},
        )
        for order in orders:
            await page.evaluate(
                "([target, what]) => order(target, what)",
                [desk.server.names.console, {"openline": "demo", **order}],
            )
        await desk.acted(("text", "d1", "from the demo", "en"))
        for _ in range(100):
            if len(await told(page, "done")) == 3:
                break
            await asyncio.sleep(0.05)
        done = await told(page, "done")
        assert [one["do"] for one in done] == ["text", "language", "snapshot"]
        assert done[2]["id"] == 7
        answer = done[2]["answer"]
        assert isinstance(answer, dict)
        assert answer["link"] == "UP"
        desk.api.set(link=link_view("DOWN", ago=20_000))
        for _ in range(100):
            if (await told(page, "link"))[-1]["link"] == "DOWN":
                break
            await asyncio.sleep(0.05)
        assert (await told(page, "link"))[-1]["link"] == "DOWN"
        # Any other sender, this very page included, is not the demonstration.
        await frame.evaluate(
            "postMessage({openline: 'demo', do: 'text', text: 'x', lang: 'en', request: 'd2'})"
        )
        await asyncio.sleep(0.5)
        assert [act[1] for act in desk.api.said("text")] == ["d1"]


@pytest.mark.needs_chromium
async def test_without_a_named_demonstration_the_hook_is_inert(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.evaluate(
            "postMessage({openline: 'demo', do: 'text', text: 'x', lang: 'en', request: 'd3'})"
        )
        await desk.page.evaluate("postMessage({openline: 'demo', do: 'talk'})")
        await asyncio.sleep(0.5)
        assert desk.api.said("text") == []
        assert desk.api.said("talk") == []
        assert await desk.page.locator("meta[name='openline-demo']").count() == 0
