"""The documents keep up with the code: what is not described there fails here, by name.

Kinds, facts, settings, actions and sub-commands are found in the code itself, and each must have
its place in the documents; what the documents say leaves the laptop must be what the code sends.
"""

import argparse
import ast
import inspect
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from agent import (
    __version__,
    config,
    own,
    policy_duties_file,
    policy_file,
    policy_messages_file,
    policy_notice_file,
    policy_usb_file,
)
from agent.cli import build_parser
from agent.guard import Held
from agent.trouble import Trouble
from collectors import COLLECTORS
from collectors.base import Gap, Observation
from enforcement.base import Reason, Result

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
WHAT_IS_SENT = DOCS / "what-is-sent.md"


def read(path: Path) -> str:
    return path.read_text("utf-8")


def sections(path: Path) -> dict[str, str]:
    """The text under each heading of a document, by the heading without its backticks."""
    parts = re.split(r"^#{1,4} +(.+)$", read(path), flags=re.MULTILINE)
    heads = [head.replace("`", "").strip() for head in parts[1::2]]
    return dict(zip(heads, parts[2::2], strict=True))


def listed(text: str) -> set[str]:
    """The names at the head of list items: ``- `name`: ...``."""
    return set(re.findall(r"^- `([^`]+)`", text, flags=re.MULTILINE))


def observations(base: type[Observation] = Observation) -> Iterator[type[Observation]]:
    for name in (
        *COLLECTORS,
        "agent.own",
        "agent.own_files",
        "agent.own_leak",
        "agent.own_letters",
        "agent.own_lost",
        "agent.own_objection",
        "agent.own_policy",
        "agent.stick_refused",
    ):
        import_module(name)
    for found in base.__subclasses__():
        if found.__module__.startswith(("agent.", "collectors.")):
            yield found
        yield from observations(found)


def keys_told_by(kind: type[Observation], method: str) -> set[str]:
    """The names in the tables that a method returns, by itself or with functions beside it."""
    module = ast.parse(inspect.getsource(inspect.getmodule(kind)))
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    own = {n.name: n for n in classes[kind.__name__].body if isinstance(n, ast.FunctionDef)}
    return set(keys_in(own[method], functions)) if method in own else set()


def keys_in(tree: ast.AST, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in functions:
            yield from keys_in(functions[ast.unparse(node.func)], functions)


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every parser without further sub-commands."""
    nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for action in nested:
        for child in action.choices.values():
            yield from commands(child)
    if not nested:
        yield parser


def options(parser: argparse.ArgumentParser) -> set[str]:
    """The options of a command besides those that every command has."""
    everywhere = {"--help", "--config", "--state", "--socket", "--database"}
    everywhere |= {"--organisation"}
    given = {max(a.option_strings, key=len) for a in parser._actions if a.option_strings}
    return given - everywhere


def row(text: str, key: str) -> str:
    """The table row that begins with a key, or nothing."""
    found = re.search(rf"^\| `{re.escape(key)}` \|.*$", text, flags=re.MULTILINE)
    return found[0] if found else ""


def shown(default: object) -> str:
    """A default as TOML writes it."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, str):
        return f'"{default}"'
    if isinstance(default, list | tuple):
        return "[" + ", ".join(shown(one) for one in default) + "]"
    return str(default)


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, timeout=30, check=False
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout: cannot tell which files are part of the project")
    return [ROOT / name for name in listing.stdout.decode("utf-8").split("\0") if name]


OBSERVATIONS = sorted({kind.kind: kind for kind in observations()}.items())
COMMANDS = {parser.prog: parser for parser in commands(build_parser())}


def server_commands() -> dict[str, argparse.ArgumentParser]:
    build = import_module("server_stub.terminal.cli").build_parser
    return {parser.prog: parser for parser in commands(build())}


def test_every_variable_of_the_collector_is_described() -> None:
    source = read(ROOT / "server_stub/config.py")
    text = sections(DOCS / "settings.md")["The collector"]
    for name in re.findall(r"environ\.get\(\"([A-Z_]+)\"\)", source):
        assert row(text, name), name


@pytest.mark.parametrize(("word", "kind"), OBSERVATIONS, ids=[word for word, _ in OBSERVATIONS])
def test_each_kind_of_event_is_described_with_exactly_what_it_sends(
    word: str, kind: type[Observation]
) -> None:
    described = sections(WHAT_IS_SENT)
    assert word in described, f"docs/what-is-sent.md has no heading '{word}'"
    readable, _, sealed = described[word].partition("Sealed:")
    assert listed(readable) == keys_told_by(kind, "facts")
    assert listed(sealed) == keys_told_by(kind, "details")


def test_the_gap_event_is_described_with_exactly_what_it_sends() -> None:
    readable = sections(WHAT_IS_SENT)[own.GAP]
    assert listed(readable) == set(own.gap("size-limit", 3, ["leak-reported"]).facts)


def test_no_kind_is_described_that_does_not_exist() -> None:
    kinds = {word for word, _ in OBSERVATIONS} | {own.GAP}
    headings = {head for head in sections(WHAT_IS_SENT) if re.fullmatch(r"[a-z]+(-[a-z]+)+", head)}
    assert headings == kinds


@pytest.mark.parametrize("words", [Held, Reason, Result, Gap], ids=lambda words: words.__name__)
def test_every_closed_word_of_an_event_is_explained(words: type[Held]) -> None:
    text = read(WHAT_IS_SENT) + read(DOCS / "actions.md")
    assert not [word for word in words if f"`{word}`" not in text]


def test_every_trouble_of_delivery_is_explained() -> None:
    text = read(DOCS / "commands.md")
    assert not [word for word in Trouble if f"`{word}`" not in text]


def test_every_action_has_its_heading() -> None:
    assert set(policy_file.action_names()) <= set(sections(DOCS / "actions.md"))


@pytest.mark.parametrize("prog", sorted(COMMANDS))
def test_every_command_has_its_heading_and_its_options(prog: str) -> None:
    check_command(prog, COMMANDS[prog])


def test_every_command_of_the_collector_has_its_heading_and_its_options() -> None:
    for prog, parser in server_commands().items():
        check_command(prog, parser)


def check_command(prog: str, parser: argparse.ArgumentParser) -> None:
    described = sections(DOCS / "commands.md")
    assert prog in described, f"docs/commands.md has no heading '{prog}'"
    missing = {option for option in options(parser) if option not in described[prog]}
    assert not missing, f"docs/commands.md, {prog}: {sorted(missing)}"


def test_every_setting_of_the_agent_is_described_with_its_default() -> None:
    text = sections(DOCS / "settings.md")["agent.toml"]
    for key, (_, default, _) in config.AGENT_KEYS.items():
        assert f"| `{shown(default)}` |" in row(text, key), key


def test_every_key_of_a_policy_is_described() -> None:
    described = sections(DOCS / "settings.md")
    tables = {
        "policy.toml": policy_file.TOP,
        "notice": policy_notice_file.NOTICE,
        "contact": policy_file.CONTACT,
        "messages": policy_messages_file.MESSAGES,
        "recipients": policy_file.RECIPIENT,
        "directors": policy_file.DIRECTOR,
        "rules": policy_file.RULE,
        "report": policy_duties_file.REPORT,
        "clocks": policy_duties_file.CLOCKS,
        "files": policy_duties_file.FILES,
        "usb": policy_usb_file.USB,
        "usb.devices": policy_usb_file.DEVICE,
    }
    for head, keys in tables.items():
        assert not [key for key in keys if not row(described[head], key)], head


@pytest.mark.parametrize("name", COLLECTORS)
def test_every_setting_of_a_collector_is_described_with_its_default(name: str) -> None:
    short = name.rpartition(".")[2]
    text = sections(DOCS / "settings.md")[f"collectors.{short}"]
    settings = import_module(name).SETTINGS
    for key, setting in settings.items():
        assert f"| `{shown(setting.default)}` |" in row(text, key), key
    assert set(re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)) == set(settings)


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(page)):
            elsewhere = "://" in target or target.startswith("mailto:")
            if not elsewhere and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken


def test_every_decision_has_its_four_parts_and_stands_in_the_list() -> None:
    index = read(DOCS / "decisions/README.md")
    for page in (DOCS / "decisions").glob("0*.md"):
        assert list(sections(page))[1:] == ["Context", "Decision", "Consequences"], page.name
        assert "\nStatus: " in read(page), page.name
        assert page.name in index, page.name


def test_one_sentence_stands_on_one_line() -> None:
    crowded = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        prose = re.sub(r"^```.*?^```", "", read(page), flags=re.MULTILINE | re.DOTALL)
        for line in prose.splitlines():
            in_a_list = re.match(r"\s*(\||- |\d+\. )", line)
            if not in_a_list and re.search(r"[a-z`)]{2}\. [A-Z][a-z]+ [a-z]", line):
                crowded.append(f"{page.relative_to(ROOT)}: {line[:70]}")
    assert not crowded, "\n".join(crowded)


def test_the_newest_version_in_the_changelog_is_the_version_of_the_code() -> None:
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", read(ROOT / "CHANGELOG.md"), re.MULTILINE)
    project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
    assert newest
    assert newest[1] == __version__ == project["version"]


def test_no_tracked_file_names_an_index_or_a_folder_of_somebody_machine() -> None:
    wanted = r"https?://[^\s\"']*/simple\b|--(extra-)?index-url|--find-links|/(work|root|opt)/\w"
    found = []
    for path in tracked():
        if (
            path.suffix in (".png", ".jpg", ".woff2", ".7z")
            or path == Path(__file__)
            or not path.exists()
        ):
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            if re.search(wanted, line) and "--no-emit-" not in line:
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_the_licence_is_there_in_full() -> None:
    text = read(ROOT / "LICENSE")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert [n for n in range(1, 16) if not re.search(rf"^{n}\.\s?[A-Z]", text, re.MULTILINE)] == []
    assert "‘Compatible Licences’ according to Article 5 EUPL are:" in text
