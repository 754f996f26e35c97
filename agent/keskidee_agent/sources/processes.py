"""How many processes and threads there are, by state, from /proc/*/stat and /proc/*/task (proc(5)). No privilege.

Where /proc is mounted with hidepid, only the agent's own are seen.
"""

from __future__ import annotations

from keskidee_agent.host.lines import number, only_number
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # a file a process and thread: 10 to 20 us each

PIDS = Family("node_processes_pids", "gauge", "Processes there are", digits=0)
MAX_PIDS = Family("node_processes_max_processes", "gauge", "Largest process number the kernel gives", digits=0)
STATE = Family("node_processes_state", "gauge", "Processes in each state", digits=0)
THREADS = Family("node_processes_threads", "gauge", "Threads there are", digits=0)
MAX_THREADS = Family("node_processes_max_threads", "gauge", "Threads there can be", digits=0)
THREADS_STATE = Family("node_processes_threads_state", "gauge", "Threads in each state", digits=0)

NO_LABELS: dict[str, str] = {}
STATES = frozenset("RSDZTtWXxKPI")
THREADS_FIELD = 17  # behind the name, counted from the state


def read(machine: Machine) -> Iterator[Sample]:
    """Counts now, two limits, and counts labelled `state` and `thread_state` with the kernel's letter."""
    pids = [name for name in machine.names("proc") if name.isdigit()]
    if not pids:
        raise NotHere("no processes in /proc")
    has_threads = machine.exists(f"proc/{pids[0]}/task")  # not so in recordings that were cut to the processes
    processes: dict[str, int] = {}
    states: dict[str, int] = {}
    count, threads = 0, 0
    for pid in pids:
        try:
            state, of_process = parse(machine.passing(f"proc/{pid}/stat"))
        except NotHere:  # ended a moment ago
            continue
        count += 1
        threads += of_process
        processes[state] = processes.get(state, 0) + 1
        if has_threads:
            for thread_state in _thread_states(machine, pid) if of_process > 1 else (state,):
                states[thread_state] = states.get(thread_state, 0) + 1
    yield (PIDS, NO_LABELS, count)
    yield (THREADS, NO_LABELS, threads)
    yield (MAX_PIDS, NO_LABELS, only_number(machine.content("proc/sys/kernel/pid_max")))
    # in node_exporter's recording the newline that ends this file is missing
    yield (MAX_THREADS, NO_LABELS, number(machine.content("proc/sys/kernel/threads-max").strip()))
    for state in sorted(processes):
        yield STATE(processes[state], state=state)
    for state in sorted(states):
        yield THREADS_STATE(states[state], thread_state=state)


def parse(content: bytes) -> tuple[str, int]:
    """The state of a process and how many threads it has, from its stat. Raises Malformed."""
    before, _, rest = content.rpartition(b") ")  # a name may hold anything, brackets and blanks too
    fields = rest.split(None, THREADS_FIELD + 1)
    if b" (" not in before or len(fields) <= THREADS_FIELD + 1:
        raise Malformed("not the stat of a process", content)
    state = fields[0].decode("ascii", "replace")
    if state not in STATES:
        raise Malformed("not the state of a process", content)
    return state, number(fields[THREADS_FIELD])


def _thread_states(machine: Machine, pid: str) -> Iterator[str]:
    try:
        threads = machine.names(f"proc/{pid}/task")
    except NotHere:
        return
    for thread in threads:
        try:
            yield parse(machine.passing(f"proc/{pid}/task/{thread}/stat"))[0]
        except NotHere:
            continue
