"""The house rules, kept: each rule holds in the whole house but for its listed escapes, and catches what it forbids."""

import pytest

from tests.house import form, of_tests, printing, rooms, routes
from tests.house.escapes import ESCAPES
from tests.house.rule import Rule
from tests.house.tree import Tree, the_house

RULES = (*form.RULES, *rooms.RULES, *routes.RULES, *of_tests.RULES, *printing.RULES)
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "-"))


@each_rule
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    """A rule is broken nowhere but in its listed escapes."""
    broken, excused = rule.broken(the_house()), ESCAPES.get(rule.name, {})
    faults = [f"  {place} {what}" for place, what in broken.items() if place not in excused]
    assert not faults, "\n".join([f"{rule.name}: {rule.reason}", *faults, "Mend it, or say why not in escapes.py."])


@each_rule
def test_no_escape_outlives_its_need(rule: Rule) -> None:
    """An escape that a rule no longer needs is taken off the list."""
    unneeded = sorted(ESCAPES.get(rule.name, {}).keys() - rule.broken(the_house()).keys())
    assert not unneeded, f"delete from ESCAPES[{rule.name!r}]: {unneeded}"


@each_rule
def test_a_rule_catches_what_it_forbids(rule: Rule) -> None:
    """Each forbidden example of a rule is caught by itself, and the allowed one is let be."""
    for path, source in rule.forbids.items():
        assert rule.broken(Tree.of({path: source})), f"{rule.name} does not see {path}"
    assert not rule.broken(Tree.of(rule.allows))


def test_every_escape_belongs_to_a_rule() -> None:
    """Escapes are listed under the name of a rule, each with a reason."""
    assert not ESCAPES.keys() - {rule.name for rule in RULES}
    assert all(len(reason.split()) > 1 for places in ESCAPES.values() for reason in places.values())
