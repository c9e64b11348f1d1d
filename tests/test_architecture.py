"""The shape of the house, checked: who may import whom, what may stand where, which names are out.

Each rule is a function from one parsed module to the places that break it, and each has at least
one small source in ``BREAKING`` that must set it off: a rule that cannot bite proves nothing.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("agent", "collectors", "enforcement", "server_stub")
SYSTEMS = ("linux", "windows", "macos")
CEILING = 300

# Which of our packages a module may import, by the longest prefix of its own name.
MAY_IMPORT = {
    "agent": ("agent", "collectors", "enforcement"),
    "agent.wire": ("agent.wire",),
    "collectors": ("collectors",),
    "enforcement": ("enforcement",),
    "server_stub": ("server_stub", "agent.wire"),
}
# Runs as the staff member: neither it nor anything it imports may bring these in.
LIGHT = {
    "agent.tray.panel": ("collectors", "enforcement"),
    "agent.pages.serve": ("collectors", "enforcement"),
    "agent.protect.copies": ("collectors", "enforcement"),
}
# Decides or defines, and so touches neither the world nor the clock.
PURE = ("agent.policy", "agent.wire", "collectors.base", "enforcement.base")
WORLDLY = {"os", "socket", "sqlite3", "time", "requests", "random", "secrets"}
# One round of a loop that must live on, whatever goes wrong in it.
SERVED_BY = {
    "server_stub.console": ("server_stub.app", "server_stub.terminal"),
    "server_stub.terminal": ("server_stub.__main__",),
}
MAY_CATCH_ALL = {
    ("agent/daemon.py", "_tried"),  # one action
    ("agent/watching.py", "_keep_watching"),  # one collector
    ("server_stub/app.py", "__call__"),  # one request
    ("server_stub/serve_many.py", "_opened"),  # one organisation
    ("server_stub/rounds.py", "tried"),  # one round of what is done again and again
    ("server_stub/storage/store_together.py", "_tried"),  # one of several works in a transaction
    (
        "server_stub/storage/store_together.py",
        "_write_first",
    ),  # the transaction: it fails for all of them
}

NETWORK = {"requests", "httpx", "http", "smtplib", "ftplib", "urllib.request", "urllib3", "ssl"}
UNSAFE_LOADERS = {"pickle", "marshal", "shelve", "dill", "cPickle", "jsonpickle"}
STARTS_PROGRAM = re.compile(r"os\.(system|popen|exec\w*|spawn\w*|posix_spawnp?)|pty\.spawn")
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "handler", "service", "misc"}
NAMED_PARTIES = re.compile(
    r"jbov|roos ?vo|rosenhøj|kinderopvang academie|datatilsynet|autoriteit persoonsgegevens", re.I
)


@dataclass(frozen=True, kw_only=True)
class Module:
    """One parsed file of ours. ``place`` is its path below the root, with slashes."""

    root: Path
    place: str
    source: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def for_one_system(self) -> bool:
        return self.place.removesuffix(".py").rpartition("_")[2] in SYSTEMS


Breaks = Iterator[tuple[int, str]]
Rule = Callable[[Module], Breaks]


def read(root: Path, place: str) -> Module:
    source = (root / place).read_text("utf-8")
    return Module(root=root, place=place, source=source, tree=ast.parse(source))


def modules(root: Path) -> list[Module]:
    files = [file for package in OURS for file in sorted((root / package).rglob("*.py"))]
    return [read(root, file.relative_to(root).as_posix()) for file in files]


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module a source imports, by its full dotted name, wherever in the source it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def within(name: str, packages: tuple[str, ...] | set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def only_allowed_imports(module: Module) -> Breaks:
    own = max((name for name in MAY_IMPORT if within(module.name, (name,))), key=len)
    for line, name in imports(module.tree):
        if within(name, OURS) and not within(name, MAY_IMPORT[own]):
            yield line, f"{own} must not import {name}"
        if within(name, ("installer", "tests", "bench")):
            yield line, f"{name} is no package"


def people_are_served_on_top(module: Module) -> Breaks:
    """What people see, on pages and on the terminal, is built on the rest and never under it."""
    for line, name in imports(module.tree):
        for upper, served in SERVED_BY.items():
            if within(name, (upper,)) and not within(module.name, (upper, *served)):
                yield line, f"only {', '.join(served)} may import {upper}"


def light_modules_stay_light(module: Module) -> Breaks:
    for barred in LIGHT.get(module.name, ()):
        chain = reaches(module, barred, seen=set())
        if chain:
            yield 1, f"{module.name} brings in {barred}: {' -> '.join(chain)}"


def reaches(module: Module, barred: str, seen: set[str]) -> list[str]:
    """A chain of imports from a module to a barred package; imports inside functions count too."""
    seen.add(module.name)
    for _, name in imports(module.tree):
        if within(name, (barred,)):
            return [module.name, name]
        for place in {place_of(module.root, name), place_of(module.root, name.rpartition(".")[0])}:
            found = read(module.root, place) if place else None
            if found and found.name not in seen and (rest := reaches(found, barred, seen)):
                return [module.name, *rest]
    return []


def place_of(root: Path, name: str) -> str | None:
    path = name.replace(".", "/")
    places = (f"{path}.py", f"{path}/__init__.py")
    ours = within(name, OURS)
    return next((place for place in places if ours and (root / place).is_file()), None)


def no_relative_imports(module: Module) -> Breaks:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "relative import"


def platform_only_at_the_seam(module: Module) -> Breaks:
    stem = module.root / module.place.removesuffix(".py")
    if module.for_one_system or any(
        stem.with_name(f"{stem.name}_{system}.py").is_file() for system in SYSTEMS
    ):
        return
    for line, name in imports(module.tree):
        if name == "sys.platform" or within(name, ("platform",)):
            yield line, f"{name} outside a module that has a file for each system"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.platform", "os.name"):
            yield node.lineno, f"{ast.unparse(node)} outside a module with a file for each system"


def programs_only_at_the_seam(module: Module) -> Breaks:
    if module.for_one_system:
        return
    for line, name in imports(module.tree):
        if within(name, ("subprocess", "multiprocessing", "pty")) or STARTS_PROGRAM.match(name):
            yield line, f"{name} outside a file for one system"
    for call, name in calls(module.tree):
        if STARTS_PROGRAM.fullmatch(name):
            yield call.lineno, f"{name} outside a file for one system"


def programs_by_absolute_path_with_an_end(module: Module) -> Breaks:
    for call, name in calls(module.tree):
        if not name.startswith("subprocess."):
            continue
        keywords = {keyword.arg for keyword in call.keywords}
        if name != "subprocess.Popen" and "timeout" not in keywords:
            yield call.lineno, f"{name} without a timeout"
        first = call.args[0] if call.args else None
        first = first.elts[0] if isinstance(first, ast.List | ast.Tuple) and first.elts else first
        if isinstance(first, ast.Constant) and not str(first.value).startswith("/"):
            yield call.lineno, f"{name} of {first.value!r}, which is no absolute path"


def no_shell(module: Module) -> Breaks:
    for call, name in calls(module.tree):
        if any(k.arg == "shell" and ast.unparse(k.value) != "False" for k in call.keywords):
            yield call.lineno, f"{name} through a shell"


def nothing_that_runs_data(module: Module) -> Breaks:
    for line, name in imports(module.tree):
        if within(name, UNSAFE_LOADERS):
            yield line, f"{name} turns data into objects"
    for call, name in calls(module.tree):
        if name in ("eval", "exec", "compile", "__import__"):
            yield call.lineno, f"{name} turns data into code"


def network_only_in_the_agent(module: Module) -> Breaks:
    if module.name.startswith(("collectors", "enforcement")):
        for line, name in imports(module.tree):
            if within(name, NETWORK):
                yield line, f"{name} in {module.name}: only the agent's sender talks to a network"


def the_pure_stay_pure(module: Module) -> Breaks:
    if not within(module.name, PURE):
        return
    for line, name in imports(module.tree):
        if within(name, WORLDLY):
            yield line, f"{name} in {module.name}, which decides and touches nothing"
    for call, name in calls(module.tree):
        if name == "open" or (name.endswith(".now") and module.name.startswith("agent")):
            yield call.lineno, f"{name} in {module.name}, which decides and touches nothing"


def every_module_says_what_it_is(module: Module) -> Breaks:
    if len((ast.get_docstring(module.tree) or "").split()) < 4:
        yield 1, "no module docstring"


def no_module_is_too_long(module: Module) -> Breaks:
    if (lines := module.source.count("\n")) > CEILING:
        yield lines, f"{lines} lines, the ceiling is {CEILING}"


def no_vague_names(module: Module) -> Breaks:
    for part in module.name.split("."):
        for word in VAGUE & set(part.split("_")):
            yield 1, f"a module called {word!r} does not say what it does"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            words = {word.lower() for word in re.findall("[A-Z][a-z]*", node.name)}
            for word in VAGUE & words:
                yield node.lineno, f"class {node.name}: {word!r} does not say what it does"


def no_party_is_named(module: Module) -> Breaks:
    for number, line in enumerate(module.source.splitlines(), 1):
        if found := NAMED_PARTIES.search(line):
            yield number, f"{found[0]!r}: customers and authorities stand in policy and profiles"


def nothing_catches_everything(module: Module) -> Breaks:
    for function, line in catching(module.tree):
        if (module.place, function) not in MAY_CATCH_ALL:
            yield line, f"{function or 'the module'} catches everything"


def catching(tree: ast.AST, function: str = "") -> Iterator[tuple[str, int]]:
    """The function and line of each place that catches Exception or more."""
    for node in ast.iter_child_nodes(tree):
        inside = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(node, ast.ExceptHandler | ast.Call) and swallows_everything(node):
            yield inside, node.lineno
        yield from catching(node, inside)


def swallows_everything(node: ast.ExceptHandler | ast.Call) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return is_everything(node.type) and not passes_on(node)
    return ast.unparse(node.func).endswith("suppress") and any(map(is_everything, node.args))


def passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether it only tidies up: every way out of it raises, and what it does not know as it is."""
    raises = [node for node in ast.walk(handler) if isinstance(node, ast.Raise)]
    as_it_is = any(node.exc is None for node in raises)
    return as_it_is and isinstance(handler.body[-1], ast.Raise)


def is_everything(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(is_everything(one) for one in caught.elts)
    return caught is None or ast.unparse(caught) in ("Exception", "BaseException")


def lists_are_literal_and_true(module: Module) -> Breaks:
    wanted = {"collectors": ("COLLECTORS", "make", "SETTINGS"), "enforcement": ("ACTIONS", "make")}
    if module.place.count("/") != 1 or module.name not in wanted:
        return
    variable, *needed = wanted[module.name]
    listed = assigned(module.tree).get(variable)
    try:
        names = ast.literal_eval(listed) if listed else None
    except ValueError:
        names = None
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        yield 1, f"{variable} is not a literal tuple of module names"
        return
    for name in names:
        place = place_of(module.root, name)
        have = defined(read(module.root, place).tree) if place else set()
        yield from ((1, f"{name} has no {what}") for what in needed if what not in have)


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value:
            found[ast.unparse(node.target)] = node.value
        elif isinstance(node, ast.Assign):
            found.update({ast.unparse(target): node.value for target in node.targets})
    return found


def defined(tree: ast.Module) -> set[str]:
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return functions | set(assigned(tree)) | {n.rpartition(".")[2] for _, n in imports(tree)}


def no_package_in_installer(root: Path) -> list[str]:
    found = (root / "installer").rglob("__init__.py")
    return [f"{file.relative_to(root)}: installer/ holds data, not a package" for file in found]


RULES: tuple[Rule, ...] = (
    only_allowed_imports,
    people_are_served_on_top,
    light_modules_stay_light,
    no_relative_imports,
    platform_only_at_the_seam,
    programs_only_at_the_seam,
    programs_by_absolute_path_with_an_end,
    no_shell,
    nothing_that_runs_data,
    network_only_in_the_agent,
    the_pure_stay_pure,
    every_module_says_what_it_is,
    no_module_is_too_long,
    no_vague_names,
    no_party_is_named,
    nothing_catches_everything,
    lists_are_literal_and_true,
)
TREE = modules(ROOT)

# Rule, place, source: each must set the rule off.
BREAKING: list[tuple[Rule, str, str]] = [
    (only_allowed_imports, "server_stub/intake/ingest.py", "from agent import policy"),
    (only_allowed_imports, "server_stub/intake/ingest.py", "import agent.journal"),
    (
        only_allowed_imports,
        "server_stub/intake/ingest.py",
        "from collectors.base import Observation",
    ),
    (only_allowed_imports, "agent/wire/event.py", "from agent.config import Config"),
    (only_allowed_imports, "agent/daemon.py", "def f():\n    from server_stub import app"),
    (only_allowed_imports, "collectors/usb.py", "import enforcement.base"),
    (only_allowed_imports, "collectors/usb.py", "from agent.wire.event import Event"),
    (only_allowed_imports, "enforcement/lock_session.py", "from collectors import session"),
    (only_allowed_imports, "agent/commands/enrol.py", "import installer.enrol"),
    (light_modules_stay_light, "agent/tray/panel.py", "from collectors.base import utc_now"),
    (people_are_served_on_top, "server_stub/storage/x.py", "from server_stub.console import page"),
    (people_are_served_on_top, "server_stub/app.py", "from server_stub.terminal import cli"),
    (light_modules_stay_light, "agent/tray/panel.py", "def f():\n    import agent.heavy"),
    (light_modules_stay_light, "agent/tray/panel.py", "from agent import heavy"),
    (no_relative_imports, "agent/cli.py", "from .config import Config"),
    (no_relative_imports, "agent/cli.py", "from . import config"),
    (platform_only_at_the_seam, "collectors/plain.py", "import sys\nx = sys.platform"),
    (platform_only_at_the_seam, "collectors/plain.py", "from sys import platform"),
    (platform_only_at_the_seam, "collectors/plain.py", "import os\nx = os.name"),
    (platform_only_at_the_seam, "agent/plain.py", "import platform"),
    (programs_only_at_the_seam, "agent/daemon.py", "import subprocess"),
    (programs_only_at_the_seam, "agent/daemon.py", "from subprocess import run"),
    (programs_only_at_the_seam, "agent/daemon.py", "import os\nos.system('ls')"),
    (programs_only_at_the_seam, "agent/daemon.py", "import os\nos.execv('/bin/ls', [])"),
    (programs_only_at_the_seam, "agent/daemon.py", "from os import popen"),
    (programs_only_at_the_seam, "agent/daemon.py", "import os\nos.posix_spawn('/x', [], {})"),
    (programs_by_absolute_path_with_an_end, "agent/x_linux.py", "subprocess.run(['/bin/ls'])"),
    (
        programs_by_absolute_path_with_an_end,
        "agent/x_linux.py",
        "subprocess.run(['ls'], timeout=1)",
    ),
    (no_shell, "agent/x_linux.py", "subprocess.run('/bin/ls', shell=True, timeout=1)"),
    (no_shell, "agent/x_linux.py", "subprocess.run('/bin/ls', shell=yes, timeout=1)"),
    (nothing_that_runs_data, "server_stub/storage/store.py", "import pickle"),
    (nothing_that_runs_data, "server_stub/storage/store.py", "from marshal import loads"),
    (nothing_that_runs_data, "agent/policy.py", "eval('1')"),
    (nothing_that_runs_data, "agent/policy.py", "exec('x = 1')"),
    (network_only_in_the_agent, "collectors/usb.py", "import requests"),
    (network_only_in_the_agent, "enforcement/seal_file.py", "from urllib import request"),
    (the_pure_stay_pure, "agent/policy.py", "import os"),
    (the_pure_stay_pure, "agent/policy.py", "x = open('/etc/policy')"),
    (the_pure_stay_pure, "agent/policy.py", "x = datetime.now(UTC)"),
    (the_pure_stay_pure, "agent/wire/event.py", "from time import time"),
    (every_module_says_what_it_is, "agent/cli.py", "x = 1"),
    (every_module_says_what_it_is, "agent/cli.py", '"""Todo."""'),
    (no_module_is_too_long, "agent/cli.py", "x = 1\n" * (CEILING + 1)),
    (no_vague_names, "agent/file_utils.py", ""),
    (no_vague_names, "agent/helpers/paths.py", ""),
    (no_vague_names, "agent/cli.py", "class PolicyManager: ..."),
    (no_party_is_named, "agent/cli.py", "ask = 'Datatilsynet'"),
    (nothing_catches_everything, "agent/cli.py", "try: ...\nexcept Exception: ..."),
    (nothing_catches_everything, "agent/cli.py", "try: ...\nexcept (OSError, Exception): ..."),
    (nothing_catches_everything, "agent/cli.py", "def f():\n  try: ...\n  except: ..."),
    (nothing_catches_everything, "agent/cli.py", "with suppress(BaseException): ..."),
    (lists_are_literal_and_true, "collectors/__init__.py", "COLLECTORS = tuple(find())"),
    (lists_are_literal_and_true, "collectors/__init__.py", "COLLECTORS = ['collectors.usb']"),
    (lists_are_literal_and_true, "collectors/__init__.py", "COLLECTORS = ('collectors.gone',)"),
    (lists_are_literal_and_true, "collectors/__init__.py", "COLLECTORS = ('collectors.bare',)"),
    (lists_are_literal_and_true, "enforcement/__init__.py", "ACTIONS = ('enforcement.gone',)"),
]
# What stands next to a synthetic source, for chains of imports and lists to find.
NEIGHBOURS = {
    "agent/heavy.py": "import collectors.base",
    "collectors/base.py": "",
    "collectors/bare.py": "def make(): ...",
}


def told(module: Module, rule: Rule) -> list[str]:
    return [f"{module.place}:{line}: {what}" for line, what in rule(module)]


def synthetic(root: Path, place: str, source: str) -> Module:
    for name, text in {**NEIGHBOURS, place: source}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return read(root, place)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_to_the_rule(rule: Rule) -> None:
    broken = [line for module in TREE for line in told(module, rule)]
    assert not broken, "\n".join(["", *broken])


def test_installer_is_no_package() -> None:
    assert not no_package_in_installer(ROOT)


def test_every_package_was_looked_at() -> None:
    assert {module.place.split("/")[0] for module in TREE} == set(OURS)


@pytest.mark.parametrize(
    ("rule", "place", "source"),
    BREAKING,
    ids=[f"{rule.__name__}-{number}" for number, (rule, _, _) in enumerate(BREAKING)],
)
def test_a_rule_bites(tmp_path: Path, rule: Rule, place: str, source: str) -> None:
    assert told(synthetic(tmp_path, place, source), rule)


def test_no_rule_is_without_a_source_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BREAKING} == set(RULES)


def test_a_package_in_installer_is_found(tmp_path: Path) -> None:
    synthetic(tmp_path, "installer/__init__.py", "")
    assert no_package_in_installer(tmp_path)


def test_a_module_with_a_file_for_its_system_may_ask_which_system_it_is(tmp_path: Path) -> None:
    synthetic(tmp_path, "collectors/usb_linux.py", "")
    module = synthetic(tmp_path, "collectors/usb.py", "import sys\nx = sys.platform")
    assert not told(module, platform_only_at_the_seam)


def test_tidying_up_and_raising_again_catches_nothing(tmp_path: Path) -> None:
    source = "try: ...\nexcept BaseException:\n    close()\n    raise"
    assert not told(synthetic(tmp_path, "agent/cli.py", source), nothing_catches_everything)


def test_the_places_that_may_catch_everything_still_do() -> None:
    places = {(m.place, function) for m in TREE for function, _ in catching(m.tree)}
    assert places >= MAY_CATCH_ALL
