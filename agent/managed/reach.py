"""How far a policy reaches, and so how many people must have signed it.

One person can pull the brake: a policy that only reports, and looks at nothing that the one before
did not look at, needs one signature. Whatever enforces, looks further, or lets others read or give
orders needs two people.
"""

from collections.abc import Iterator
from typing import Any

from agent.policy import Policy
from agent.policy_file import collector_settings
from agent.wire import orders

ALONE, TOGETHER = 1, 2


def people_needed(new: Policy, running: Policy) -> int:
    """How many people must have signed ``new`` where ``running`` is what holds now."""
    further = new.enforces() or not reach(new) <= reach(running)
    return TOGETHER if further else ALONE


def reach(policy: Policy) -> frozenset[str]:
    """Everything of a policy that reaches beyond the product's defaults, a line each."""
    return frozenset([*_people(policy), *_settings(policy)])


def _people(policy: Policy) -> Iterator[str]:
    """Whoever can read what is sealed, give orders, or is named as the one to turn to."""
    yield from (f"recipient {one.key} {one.proven}" for one in policy.recipients)
    yield from (f"director {one.key}" for one in policy.directors)
    yield from (f"order key {key}" for key in policy.lost.keys)
    # What one person can order: a policy that asks two for it reaches less far.
    one = (kind for kind, needed in orders.NEEDED.items() if needed == ALONE)
    yield from (f"order alone {kind}" for kind in one if kind not in policy.lost.two_signers)
    contact = policy.contact
    yield from (f"contact {part}" for part in (contact.name, contact.phone, contact.mail) if part)
    report = policy.duties.report
    yield from (f"report {part}" for part in (report.to, report.then, report.own_slip) if part)
    if policy.lost.silent_days:
        yield f"lost after {policy.lost.silent_days}"


def _settings(policy: Policy) -> Iterator[str]:
    known = collector_settings()
    for name, chosen in policy.collectors.items():
        for key, value in chosen.items():
            setting = known.get(name, {}).get(key)
            if setting is None or value != setting.default:
                yield from (f"{name}.{key} {part}" for part in _parts(value))


def _parts(value: Any) -> Iterator[str]:
    """A list reaches as far as its members, so that taking one away is no step further."""
    if isinstance(value, list | tuple):
        yield from (repr(one) for one in value)
    else:
        yield repr(value)
