"""What axe-core says of a page as it stands: the rules of WCAG 2.0 to 2.2, levels A and AA.

It is put into the page over the browser's own debugging channel, which the content security policy
of the pages does not reach; so the policy stays as it is.
"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": RULES},
    "resultTypes": ["violations"],
    # It would fetch the style sheets itself, which the policy of the pages rightly refuses.
    "preload": False,
    # Off by default, though it stands in WCAG 2.2: targets of at least 24 by 24 pixels.
    "rules": {"target-size": {"enabled": True}},
}


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, with the elements that break it."""
    page.wait_for_load_state("load")  # without its style sheet no target has its size yet
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {' | '.join(node['html'][:160] for node in rule['nodes'][:5])}"
        for rule in found
    ]
