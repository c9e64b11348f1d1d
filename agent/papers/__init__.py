"""Papers about the policy in force, for whoever has to agree to it: a draft of the impact
assessment, one for the works council, and the notice to staff.

They say what the policy says and no more; what only the organisation can know is left open, with a
line to fill in. One template a paper and a language lies beside this module; ``$words`` in it are
filled from the policy by ``agent.papers.from_policy``.
"""

from importlib import resources
from string import Template

from agent.notice import Notice
from agent.papers.from_policy import filled
from agent.policy import Policy
from agent.texts import LANGUAGES

PAPERS = ("dpia", "works-council", "staff-notice")


def paper(name: str, language: str, policy: Policy, notice: Notice | None) -> str:
    """One paper as Markdown. Raises ValueError if there is none of that name or language."""
    if name not in PAPERS or language not in LANGUAGES:
        raise ValueError(f"there is no paper {name!r} in {language!r}")
    file = resources.files(__name__).joinpath(f"{name}-{language}.md")
    return Template(file.read_text("utf-8")).substitute(filled(language, policy, notice))
