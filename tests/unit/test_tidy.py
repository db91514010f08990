"""The house style as a test: sizes, words, catalogues, error codes, lock files.

Limits are met by splitting, not by raising them. A module that must be longer
stands in ``LONG_MODULES`` with its reason. A line that must carry a forbidden
word (a name that someone else chose) ends in ``tidy: the reason``.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "openline"
LOCALES = SOURCE / "web" / "console" / "locales"

FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400
LONG_MODULES: dict[str, str] = {
    "tools/verify/openline_verify.py": "one file for a stranger to read, under 600 lines",
    "tools/verify/verify.js": "one file that a page loads without a server",
}
TAKEN_IN = {
    "tests/pathlab/pathlab.py": "a tool with a documentation of its own, used elsewhere too"
}

# The words of docs/architecture.md, "Words". Before a line is searched, what other standards call
# by that name is taken out of it.
FORBIDDEN = {
    r"messages?": "say frame, text or notice",
    r"alert\w*": "an alarm needs a response; an event does not",
    r"master": "the two sides are equals",
    r"slave": "the two sides are equals",
    r"secure": "say against whom and by what",
    r"countersigned": "say receipted, or signed by an officer",
    r"line[ _-]fault": "never a finding about the peer",
    r"line[ _-]open": "the state is LINK UP",
}
FORBIDDEN_BETWEEN_POSTS = {
    r"client": "say dialer, or desk",
    r"server": "say listener, or post",
}
ROOMS_BETWEEN_POSTS = ("record", "forms", "protocol", "engine", "link", "sim")
OTHERS_NAMES = re.compile(
    r"""
      postMessage | on_?message | MessagePort | MessageChannel | MessageEvent
    | ["']message(?:error)?["']
    | (?:[a-z]+[eE]rr(?:or)? | e | err | error | exc | reason | cause) \. message
    | MESSAGE[-_ ]INTEGRITY | LC_MESSAGES | per_message_deflate | ConsoleMessage
    | (?:parsed\.|\b|add_|check_)message_(?:method|class|integrity)
    | stun\.parse_message | log_message | stun\.Message | email\.message
    | (?:STUN|DTLS|TLS|ICE)[ ]messages?
    | role=["']?alert\w* | (?:TLS|DTLS)[ ]alerts? | role,?[ ]["']alert\w*["']
    | isSecureContext | secure[ ]context | Secure(?=[;"'`,)]) | secure=(?:True|False)
    | (?:TLS|DTLS)[-/ ](?:client|server) | (?:dtls|tls)_?(?:client|server)
    | (?:client|server)_?hello
    | (?:CLIENT|SERVER)_AUTH | TLS_(?:CLIENT|SERVER) | server_side | server_hostname | create_server
    | start_server | prometheus_client | asyncio\.(?:Abstract)?Server | no[ ](?:central[ ])?server
    | (?:web|HTTP|desk)[- ](?:server|client)
    """,
    re.VERBOSE,
)
EXEMPT_FROM_WORDS = {
    "tests/unit/test_tidy.py": "lists them",
    "STYLE.md": "lists them",
    "docs/architecture.md": "lists them",
    "LICENSE": "not our text",
}
# Places that a clone does not have.
FOREIGN_PATHS = re.compile(r"(?<![\w.])/work/|\.\./shared|/root/|/home/\w+/")
TEXT_SUFFIXES = {
    ".py",
    ".js",
    ".mjs",
    ".css",
    ".html",
    ".json",
    ".md",
    ".toml",
    ".sh",
    ".svg",
    ".cddl",
    "",
}


@cache
def project_files() -> tuple[Path, ...]:
    """List the files of the project, new ones included, ignored ones not."""
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:  # a release archive has no git folder
        found: Iterator[Path] = (
            path for top in ("src", "tests", "docs") for path in (ROOT / top).rglob("*")
        )
    else:
        found = (ROOT / name for name in listed.stdout.splitlines())
    return tuple(sorted(path for path in found if path.is_file()))


def is_vendored(path: Path) -> bool:
    return any(part in {"vendor", "vendored", "third_party"} for part in path.parts)


def files(*suffixes: str, under: str = "") -> list[Path]:
    return [
        path
        for path in project_files()
        if path.suffix in suffixes
        and name_of(path).startswith(under)
        and name_of(path) not in TAKEN_IN
        and not is_vendored(path)
    ]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def python_files() -> list[Path]:
    return files(".py")


def report(findings: list[str]) -> None:
    if findings:
        sys.stdout.write("\n".join(sorted(findings)))
        pytest.fail(f"{len(findings)} findings, listed above", pytrace=False)


def test_functions_are_short() -> None:
    findings = []
    for path in python_files():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    findings.append(f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines")
    report(findings)


def test_modules_are_short() -> None:
    findings = []
    for path in files(".py", ".js", ".mjs", ".css"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES_MAX and name_of(path) not in LONG_MODULES:
            findings.append(f"{name_of(path)} has {lines} lines")
    report(findings)


def test_exceptions_are_still_needed() -> None:
    gone = [
        name for name in LONG_MODULES | EXEMPT_FROM_WORDS | TAKEN_IN if not (ROOT / name).is_file()
    ]
    short = [
        name
        for name in LONG_MODULES
        if name not in gone
        and len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= MODULE_LINES_MAX
    ]
    report([f"{name}: the exception is not needed" for name in gone + short])


def forbidden_in(line: str, words: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with a line, identifiers taken apart."""
    rest = OTHERS_NAMES.sub(" ", line)
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", rest).replace("_", " ")
    for word, advice in words.items():
        if re.search(rf"(?<![a-z]){word}(?![a-z])", plain, re.IGNORECASE):
            yield f"{word!r}: {advice}"


def words_for(path: Path) -> dict[str, str]:
    name = name_of(path)
    rooms = tuple(f"src/openline/{room}/" for room in ROOMS_BETWEEN_POSTS)
    return FORBIDDEN | (FORBIDDEN_BETWEEN_POSTS if name.startswith(rooms) else {})


def test_words() -> None:
    findings = []
    for path in files(*TEXT_SUFFIXES):
        if (
            name_of(path) in EXEMPT_FROM_WORDS
            or path.suffix == ".toml"
            or path.stat().st_size > 1_000_000
        ):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "tidy: " in line:
                continue
            findings += [
                f"{name_of(path)}:{number} {fault}" for fault in forbidden_in(line, words_for(path))
            ]
    report(findings)


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("def send_message(self)", 1),
        ("class LinkAlert:", 1),
        ("a secure channel", 1),
        ("port.postMessage({t: 'arm'})", 0),
        ("the TLS server answers with a TLS alert", 0),
        ("cookie = 'desk=1; Secure; SameSite=Strict'", 0),
        ("mastery of securely kept keys", 0),
    ],
)
def test_words_are_found(line: str, faults: int) -> None:
    assert len(list(forbidden_in(line, FORBIDDEN))) == faults


def test_nothing_points_outside_of_a_clone() -> None:
    findings = []
    for path in files(*TEXT_SUFFIXES):
        if path.stat().st_size > 1_000_000 or name_of(path) == "tests/unit/test_tidy.py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            findings += [
                f"{name_of(path)}:{number} {found[0]}" for found in FOREIGN_PATHS.finditer(line)
            ]
    report(findings)


def slug(heading: str) -> str:
    """Name a heading as Markdown viewers do."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_links_in_documents_lead_somewhere() -> None:
    findings = []
    for path in files(".md"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                name, _, anchor = target.partition("#")
                goal = path.parent / name if name else path
                if re.match(r"[a-z]+:", target):
                    continue
                if not goal.exists():
                    findings.append(f"{name_of(path)}:{number} {target} is not there")
                elif anchor and goal.suffix == ".md":
                    headings = re.findall(
                        r"^#+ (.+)$", goal.read_text(encoding="utf-8"), re.MULTILINE
                    )
                    if anchor not in map(slug, headings):
                        findings.append(f"{name_of(path)}:{number} {target} is no heading")
    report(findings)


def test_suppressions_have_reasons() -> None:
    bare = re.compile(
        r"#\s*noqa(?!:)|#\s*noqa:\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*\s*$|#\s*type:\s*ignore(?!\[)"
    )
    findings = []
    for path in python_files():
        lines = path.read_text(encoding="utf-8").splitlines()
        findings += [
            f"{name_of(path)}:{number} no reason: {line.strip()}"
            for number, line in enumerate(lines, 1)
            if bare.search(line) and name_of(path) != "tests/unit/test_tidy.py"
        ]
    report(findings)


@cache
def error_classes() -> frozenset[str]:
    """Collect the names of OpenlineError and of every class below it."""
    bases: dict[str, set[str]] = {}
    for path in files(".py", under="src/"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    found = {"OpenlineError"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return frozenset(found)


@cache
def code_takers() -> dict[str, int]:
    """Map every function with a parameter ``code``, and every error, to that parameter's place."""
    found = dict.fromkeys(error_classes(), 0)
    for path in files(".py", under="src/"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [each.arg for each in node.args.args if each.arg not in {"self", "cls"}]
                if "code" in names:
                    found.setdefault(node.name, names.index("code"))
    return found


def codes_in(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and code wherever a module gives a literal code to what makes an error."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        place = code_takers().get(ast.unparse(node.func).rpartition(".")[2], len(node.args))
        given = [item.value for item in node.keywords if item.arg == "code"] + node.args[
            place : place + 1
        ]
        for part in (part for code in given for part in ast.walk(code)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                yield node.lineno, part.value


def catalogue(language: str) -> dict[str, str]:
    path = LOCALES / f"{language}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def test_error_codes_have_words() -> None:
    places: dict[str, str] = {}
    for path in files(".py", under="src/"):
        for number, code in codes_in(path):
            places.setdefault(code, f"{name_of(path)}:{number}")
    findings = []
    for code, place in places.items():
        if not re.fullmatch(r"[a-z]+\.[a-z0-9]+(?:[._-][a-z0-9]+)*", code):
            findings.append(f"{place} {code} is not of the form room.fault")
        without = [name for name in ("en", "zh-Hans") if f"error.{code}" not in catalogue(name)]
        if without:
            findings.append(f"{place} {code} has no words in {' and '.join(without)}")
    report(findings)


def test_catalogues_say_the_same() -> None:
    english, chinese = catalogue("en"), catalogue("zh-Hans")
    findings = [f"{key} is only in one language" for key in english.keys() ^ chinese.keys()]
    for key in english.keys() & chinese.keys():
        named = [set(re.findall(r"\{(\w+)\}", words[key])) for words in (english, chinese)]
        if named[0] != named[1]:
            findings.append(f"{key} names {named[0]} in one language and {named[1]} in the other")
        if not (english[key].strip() and chinese[key].strip()):
            findings.append(f"{key} is empty")
    report(findings)


def test_locks_hold_what_is_declared_and_no_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    runtime = project["project"]["dependencies"] + groups["build"]
    runtime += project["project"]["optional-dependencies"]["headless"]
    findings = []
    for lock, wanted in (
        ("requirements.lock", runtime),
        ("requirements-dev.lock", runtime + groups["dev"]),
        ("requirements-fuzz.lock", groups["fuzz"]),
    ):
        text = (ROOT / lock).read_text(encoding="utf-8")
        names = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
        declared = {
            re.split(r"[^A-Za-z0-9_.-]", item)[0].lower().replace("_", "-") for item in wanted
        }
        findings += [f"{lock} lacks {name}: run make lock" for name in declared - names]
        body = re.sub(
            r"^([a-z0-9-]+==\S+.*|\s+--hash=sha256:[0-9a-f]{64}.*|#.*)$",
            "",
            text,
            flags=re.MULTILINE,
        )
        findings += [
            f"{lock} holds more than versions and hashes: {line}"
            for line in body.split("\n")
            if line
        ]
    report(findings)
