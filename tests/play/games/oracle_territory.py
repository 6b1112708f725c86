"""Regions of the slow reference engine: detection, what can pay for them, and the border they take along.

Section 10 of the rules.
"""

from collections.abc import Iterable

from tests.play.games.oracle_state import Position

Region = frozenset[str]


def components(p: Position, walls: Iterable[str]) -> list[Region]:
    """Connected sets of the cells that are not walls, by territory adjacency."""
    free = set(p.board.cells).difference(walls)
    found = []
    while free:
        component = {free.pop()}
        frontier = list(component)
        while frontier:
            fresh = free.intersection(p.board.territory[frontier.pop()])
            free -= fresh
            component |= fresh
            frontier += fresh
        found.append(frozenset(component))
    return found


def regions(p: Position) -> set[Region]:
    """Section 10.2: a pass for every marker colour on the board and the plain pass."""
    active = {ring for rings in p.stacks.values() for ring in rings}
    if not active:
        return set()
    found = set()
    for colour in set(p.markers.values()):
        walls = [*p.collapsed, *(cell for cell, owner in p.markers.items() if owner == colour)]
        found |= {region for region in components(p, walls) if controllers(p, region) < active}
    if len(active) >= 2:
        found |= {region for region in plain_components(p) if len(controllers(p, region)) == 1}
    return found


def controllers(p: Position, region: Region) -> set[int]:
    """The seats whose rings are on top of the stacks inside."""
    return {p.stacks[cell][-1] for cell in region if cell in p.stacks}


def plain_components(p: Position) -> list[Region]:
    """What the pass without a border colour considers."""
    if not p.options.markers_block_plain_region:
        return components(p, p.collapsed)
    walled = components(p, [*p.collapsed, *p.markers])
    return [r for r in walled if not any(near in p.markers for cell in r for near in p.board.territory[cell])]


def payments(p: Position) -> list[str]:
    """Stacks that can pay for a region: controlled ones, after a recovery those with a buried ring (10.3)."""
    return p.buried(p.mover) if p.recovered else p.controlled(p.mover)


def payable_regions(p: Position) -> list[Region]:
    """The regions that leave the mover a stack outside to pay with (10.3)."""
    stacks = payments(p)
    if not stacks:
        return []
    return [region for region in regions(p) if any(cell not in region for cell in stacks)]


def border(p: Position, region: Region) -> set[str]:
    """Section 10.5 step 1: the markers at the region's edge and all markers connected to those."""
    found: set[str] = set()
    fresh = {near for cell in region for near in p.board.territory[cell] if near in p.markers} - region
    while fresh:
        found |= fresh
        fresh = {near for cell in fresh for near in p.board.growth[cell] if near in p.markers} - region - found
    return found
