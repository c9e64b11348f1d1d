"""``dossierwacht policy papers``: drafts for those who have to agree to the policy."""

import argparse
from importlib.util import find_spec
from pathlib import Path

from agent import config, policy_file
from agent.errors import ConfigError
from agent.notice import Notice
from agent.papers import PAPERS, paper
from agent.policy import Policy
from agent.policy_file import LANGUAGES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``policy papers``."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder for them")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="instead of the one in force")
    parser.add_argument("--language", choices=LANGUAGES, help="instead of the policy's")


def main(arguments: argparse.Namespace) -> int:
    """Write each paper as Markdown and, where fpdf2 is installed, as PDF."""
    policy, notice = _asked(arguments)
    language = arguments.language or policy.language
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name in PAPERS:
            text = paper(name, language, policy, notice)
            for file in _write(arguments.out / f"{name}-{language}.md", text, language):
                print(file)
    except OSError as error:
        raise ConfigError(f"cannot write to {arguments.out}: {error.strerror}") from error
    if find_spec("fpdf") is None:
        print("as PDF as well: install fpdf2 (`pip install 'dossierwacht[papers]'`)")
    return 0


def _asked(arguments: argparse.Namespace) -> tuple[Policy, Notice | None]:
    if arguments.policy is not None:
        policy = policy_file.read(arguments.policy)
        return policy, policy.notice
    loaded = config.load(arguments.config, arguments.state)
    return loaded.policy, loaded.notice


def _write(path: Path, text: str, language: str) -> list[Path]:
    path.write_text(text, "utf-8")
    if find_spec("fpdf") is None:
        return [path]
    from agent.papers.pdf import pdf  # the library is not part of the agent

    title = text.splitlines()[0].removeprefix("# ")
    printed = path.with_suffix(".pdf")
    printed.write_bytes(pdf(text, title, language))
    return [path, printed]
