"""What macOS' system_profiler(8) writes for people, as a tree: headings, below each `Label: value` lines.

LC_ALL=C makes the labels English. A value may go over several lines; the second and further ones are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.profiler_forms import trees
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.profiler_forms import Tree

SECONDS = 60.0
FORMS = (("-json",), ("-xml",), ())


@dataclass(slots=True)
class Node:
    """A heading, the values right below it by label, and the headings below it."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def text(self, *labels: str) -> str:
        """The first of these values that says something; the labels changed with the years."""
        return next(filter(None, (said(self.values.get(label, ""), label) for label in labels)), "")

    def raw(self, *labels: str) -> str:
        """The first of these values as it is: `1.1` is a version, and would be no serial number."""
        return next(filter(None, (self.values.get(label, "") for label in labels)), "")

    def first(self, name: str) -> Node:
        """The node of that name right below; one without values where there is none."""
        return next((node for node in self.nodes if node.name == name), Node(name))

    def all(self) -> Iterator[Node]:
        """Every node below, in the order of the text."""
        for node in self.nodes:
            yield node
            yield from node.all()


def section(machine: Machine, kind: str, *titles: str) -> Node:
    """The section of one of these titles. Raises NotHere where the Mac has none, or where it was not recorded."""
    memory = machine.memory("inventory.profiler")
    if kind not in memory:
        memory[kind] = parse(_answer(machine, kind))
    found = next((node for node in memory[kind].nodes if node.name in titles), None)
    if not isinstance(found, Node):
        raise NotHere(f"no {titles[0]} in system_profiler's answer")
    return found


def _answer(machine: Machine, kind: str) -> bytes:
    """In JSON (macOS 10.15 on) or as a property list, whose keys are the same in every language; else in words.

    Raises NotHere without system_profiler, TimedOut, and OSError where it fails in every form.
    """
    problem: NotHere | OSError = NotHere("system_profiler says nothing")
    for form in FORMS:
        try:
            output = machine.run("system_profiler", *form, kind, seconds=SECONDS)
        except (NotHere, OSError) as error:
            problem = error
            continue
        if output.strip():
            return output
    raise problem


def parse(output: bytes) -> Node:
    """The whole text under a node without a name; of XML and JSON the same tree. Raises Malformed: those cut short."""
    told_otherwise = trees(output)
    if told_otherwise is not None:
        return _node(("", {}, told_otherwise))
    top = Node("")
    path = [(-1, top)]
    after_empty = True
    for line in output.decode("utf-8", "replace").replace("\r", "").split("\n"):
        told = line.strip()
        if not told:
            after_empty = True
            continue
        indent = len(line) - len(line.lstrip(" "))
        if indent or (after_empty and told.endswith(":")):
            _add(path, indent, told)
        after_empty = False
    return top


def _node(tree: Tree) -> Node:
    name, values, below = tree
    return Node(name, values, [_node(each) for each in below])


def _add(path: list[tuple[int, Node]], indent: int, told: str) -> None:
    while path[-1][0] >= indent:
        path.pop()
    node = path[-1][1]
    if told.endswith(":"):
        below = Node(told[:-1])
        node.nodes.append(below)
        path.append((indent, below))
        return
    label, colon, value = told.partition(": ")
    if colon:
        node.values.setdefault(label, value.strip())
