"""How long a model takes to every node, over the least time that the links allow: by the swarm, and over HTTP from one service.

Real agents, each in a network namespace with a link of its own (netlab.py); the service is its own code without a database
(origin.py). The time runs from the first order until the last node has published its file. The bound counts payload: what headers
cost, about a twentieth, nobody can save.
"""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
from rich.table import Table

from tests.benchmarks.figures import Figures
from tests.benchmarks.netlab import Lab
from tests.benchmarks.single_node import single_node
from tests.benchmarks.stand import Course, standing

SLOWER = 5
COURSES = (Course(8, 25.0, 32, 8), Course(16, 12.5, 32, 2), Course(32, 6.25, 16, 1))


def distribution(quick: bool) -> Figures:
    """Eight, sixteen and thirty-two nodes; sixteen of which two are killed and one is slow; memory for a model of 2 GB."""
    table = Figures("what", "nodes", "Mbit/s", "MB", "bound s", "seconds", "over the bound", title="Distribution")
    table.document = {"ratio": {}, "http_ratio": {}, "faults": {}}
    for course in COURSES[:1] if quick else COURSES:
        every = range(1, course.nodes + 1)
        for transport, size in (("swarm", course.megabytes), ("http", course.http_megabytes)):
            with standing(course, transport) as stand:
                ratio = _row(table, transport, course, size, max(stand.arrivals(1, size, every).values()))
            table.document["ratio" if transport == "swarm" else "http_ratio"][str(course.nodes)] = ratio
    faulty = COURSES[0] if quick else COURSES[1]
    table.document["faults"] = _with_faults(table, faulty)
    table.document |= memory(table, 256 if quick else 2048)
    table.document |= single_node(256 if quick else 1024)
    return table


def _row(table: Table, what: str, course: Course, size: int, seconds: float) -> float:
    bound = course.bound(size)
    ratio = round(seconds / bound, 2)
    cells = (what, course.nodes, course.mbit, size, f"{bound:.1f}", f"{seconds:.1f}", ratio)
    table.add_row(*map(str, cells))
    return ratio


def _with_faults(table: Table, course: Course) -> dict[str, float]:
    """Two nodes are killed a third of the way, and one has a fifth of the others' link from the beginning."""
    slow, killed = course.nodes, (1, 2)
    others = [node for node in range(3, course.nodes)]
    third = course.bound(course.megabytes) / 3
    with standing(course, "swarm") as stand:
        assert isinstance(stand.lab, Lab)
        stand.lab.slow_down(slow, course.mbit / SLOWER)

        def kill(now: float) -> None:
            for node in killed if now > third else ():
                if stand.agents[node - 1].poll() is None:
                    stand.agents[node - 1].send_signal(signal.SIGKILL)

        found = stand.arrivals(1, course.megabytes, [*others, slow], kill)
    survivors = _row(
        table, "two of them killed, one slow: the others", course, course.megabytes, max(found[node] for node in others)
    )
    its_own = course._replace(mbit=course.mbit / SLOWER)
    return {
        "survivors_ratio": survivors,
        "slow_node_ratio": _row(table, "the slow one, by its own link", its_own, course.megabytes, found[slow]),
    }


def memory(table: Table, megabytes: int) -> dict[str, dict[str, int]]:
    """The most memory that origin and agents had for a large model, over fast links, and what they had before it."""
    course = Course(2, 4000.0, megabytes, 0)
    with standing(course, "swarm") as stand:
        origin, agents = psutil.Process(stand.origin.pid), [psutil.Process(each.pid) for each in stand.agents]
        before = {"service": _most(origin), "agent": max(map(_most, agents))}
        stand.arrivals(1, megabytes, (1, 2))
        found = {"service": _most(origin), "agent": max(map(_most, agents))}
    for name, value in found.items():
        table.add_row(
            f"memory of the {name}", "2", "", str(megabytes), "", "", f"{value} MB ({before[name]} before it)"
        )
    return {"memory_mb": found, "memory_before_mb": before}


def _most(process: psutil.Process) -> int:
    """Megabytes of memory that a process had at most."""
    said = Path(f"/proc/{process.pid}/status").read_text()
    return int(said.partition("VmHWM:")[2].split()[0]) // 1024
