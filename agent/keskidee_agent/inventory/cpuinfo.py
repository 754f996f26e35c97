"""Processors as /proc/cpuinfo tells them on every architecture (proc(5); arch/*/kernel/*: show_cpuinfo)."""

from __future__ import annotations

from typing import NamedTuple

from keskidee_agent.inventory.quantities import megahertz, number

MOST_PROCESSORS = 8192
X86_MAKERS = {
    "GenuineIntel": "Intel",
    "AuthenticAMD": "AMD",
    "CentaurHauls": "VIA",
    "HygonGenuine": "Hygon",
    "Shanghai": "Zhaoxin",
    "GenuineTMx86": "Transmeta",
}
# arch/arm64/include/asm/cputype.h
ARM_MAKERS = {0x41: "ARM", 0x42: "Broadcom", 0x43: "Cavium", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x4E: "NVIDIA",
              0x50: "APM", 0x51: "Qualcomm", 0x56: "Marvell", 0x61: "Apple", 0x69: "Intel", 0x6D: "Microsoft",
              0xC0: "Ampere"}  # fmt: skip
ARM_MODELS = {
    0xB76: "ARM1176", 0xC05: "Cortex-A5", 0xC07: "Cortex-A7", 0xC08: "Cortex-A8", 0xC09: "Cortex-A9",
    0xC0D: "Cortex-A17", 0xC0E: "Cortex-A17", 0xC0F: "Cortex-A15", 0xD01: "Cortex-A32", 0xD03: "Cortex-A53",
    0xD04: "Cortex-A35", 0xD05: "Cortex-A55", 0xD07: "Cortex-A57", 0xD08: "Cortex-A72", 0xD09: "Cortex-A73",
    0xD0A: "Cortex-A75", 0xD0B: "Cortex-A76", 0xD0C: "Neoverse-N1", 0xD0D: "Cortex-A77", 0xD40: "Neoverse-V1",
    0xD41: "Cortex-A78", 0xD44: "Cortex-X1", 0xD46: "Cortex-A510", 0xD47: "Cortex-A710", 0xD48: "Cortex-X2",
    0xD49: "Neoverse-N2", 0xD4B: "Cortex-A78C", 0xD4D: "Cortex-A715", 0xD4E: "Cortex-X3", 0xD4F: "Neoverse-V2",
    0xD81: "Cortex-A720", 0xD82: "Cortex-X4", 0xD83: "Neoverse-V3AE", 0xD84: "Neoverse-V3", 0xD85: "Cortex-X925",
    0xD87: "Cortex-A725", 0xD8E: "Neoverse-N3",
}  # fmt: skip
OTHER_MODELS = {
    (0x43, 0x0A1): "ThunderX", (0x43, 0x0AF): "ThunderX2", (0x46, 0x001): "A64FX", (0x48, 0xD01): "TaiShan v110",
    (0x4E, 0x004): "Carmel", (0x61, 0x022): "M1 Icestorm", (0x61, 0x023): "M1 Firestorm",
    (0x61, 0x024): "M1 Pro Icestorm", (0x61, 0x025): "M1 Pro Firestorm", (0x61, 0x028): "M1 Max Icestorm",
    (0x61, 0x029): "M1 Max Firestorm", (0x61, 0x032): "M2 Blizzard", (0x61, 0x033): "M2 Avalanche",
    (0x61, 0x034): "M2 Pro Blizzard", (0x61, 0x035): "M2 Pro Avalanche", (0x61, 0x038): "M2 Max Blizzard",
    (0x61, 0x039): "M2 Max Avalanche", (0x6D, 0xD49): "Azure Cobalt 100", (0xC0, 0xAC3): "AmpereOne",
    (0xC0, 0xAC4): "AmpereOne A",
}  # fmt: skip
"""By maker and part, of those who design cores of their own."""
NAMES = ("model name", "Model Name", "cpu model", "cpu type", "Processor", "cpu", "CPU", "uarch", "family", "machine")
SPEEDS = ("CPU MHz", "clock", "Clocking", "CPU clock")


POWER = "POWER"
"""How IBM's processors with several threads a core are called, unlike the PowerPC of desktops and boards."""
APPLE, APPLE_ONE_DIE = "Apple", 12
"""A Max has so many cores at most; an Ultra is two of them, whose cores call themselves those of a Max."""


class Package(NamedTuple):
    """One processor chip: what is known of it, and how many cores and threads of it run."""

    model: str
    core: str = ""
    maker: str = ""
    architecture: str = ""
    cores: int | None = None
    threads: int | None = None
    speed_hertz: int | None = None
    family: str = ""
    number: str = ""
    stepping: str = ""
    serial: str = ""


def packages(text: str) -> list[Package]:
    """The processor chips of a /proc/cpuinfo; none where it has no line that names one.

    On x86 and LoongArch a chip is a physical id. ARM, RISC-V, POWER and s390 tell of no chips: cores of one sort are
    one (topology.py knows more), and on POWER what is listed are threads. Elsewhere each processor that the kernel
    lists is one.
    """
    shared, blocks = _blocks(text)
    blocks = blocks[:MOST_PROCESSORS]
    if any("vendor_id" in block and "cpu family" in block for block in blocks):
        return [_x86(group) for group in _grouped(blocks, "physical id")]
    if any("CPU Family" in block and "package" in block for block in blocks):
        return [_loongson(group) for group in _grouped(blocks, "package")]
    if "CPU implementer" in shared or any("CPU implementer" in block for block in blocks):
        groups = _grouped(blocks or [shared], "CPU implementer", "CPU part")
        return _of_apple([_arm(group, shared) for group in groups])
    if any("isa" in block or "hart" in block for block in blocks):
        return [_plain(group, shared, architecture="riscv64") for group in _grouped(blocks, "uarch", "isa")]
    if "ncpus active" in shared or "ncpus probed" in shared:
        return _sparc(shared)
    if shared.get("vendor_id", "").startswith("IBM/S390"):
        return _s390(shared)
    if blocks and all(block.get("cpu", "").startswith(POWER) for block in blocks):
        return [_power(group, shared) for group in _grouped(blocks, "cpu")]
    count = 1 if blocks else number(shared.get("cpus active", "")) or 1
    chips = [_plain([block], shared) for block in blocks] or [_plain([shared], {})] * min(count, MOST_PROCESSORS)
    return [chip for chip in chips if chip.model]


def _blocks(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What is said of all processors, and a dictionary a processor: each begins with its `processor : N`."""
    shared: dict[str, str] = {}
    blocks: list[dict[str, str]] = []
    current = shared
    for line in text.splitlines():
        label, colon, value = line.partition(":")
        label, value = label.strip(), " ".join(value.split())
        if not colon:
            current = current if line.strip() else shared  # a blank line ends a processor
        elif label == "processor" and value.isdecimal():
            current = {}
            blocks.append(current)
        else:
            current.setdefault(label, value)
    return shared, blocks


def _grouped(blocks: list[dict[str, str]], *labels: str) -> list[list[dict[str, str]]]:
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for block in blocks:
        groups.setdefault(tuple(block.get(label, "") for label in labels), []).append(block)
    return list(groups.values())


def _x86(group: list[dict[str, str]]) -> Package:
    first = group[0]
    model = first.get("model name", "")
    siblings = number(first.get("siblings", "")) or len(group)
    cores = number(first.get("cpu cores", "")) or _cores(group, "core id")
    return Package(
        model=model,
        maker=X86_MAKERS.get(first["vendor_id"], first["vendor_id"]) if "vendor_id" in first else "",
        architecture="x86_64" if "lm" in first.get("flags", "").split() else "i686",
        cores=cores if len(group) <= siblings else None,  # a hypervisor that calls every processor the first
        threads=max(siblings, len(group)),
        speed_hertz=megahertz(model),  # "cpu MHz" is the speed of this moment
        family=first.get("cpu family", ""),
        number=first.get("model", ""),
        stepping=first.get("stepping", ""),
    )


def _cores(group: list[dict[str, str]], label: str) -> int | None:
    """How many different cores there are; a kernel that numbers none tells of several processors that it is unknown."""
    numbers = {block[label] for block in group if label in block}
    return len(numbers) or (1 if len(group) == 1 else None)


def _loongson(group: list[dict[str, str]]) -> Package:
    first = group[0]
    return Package(
        model=first.get("Model Name", ""),
        maker="Loongson",
        architecture="loongarch64",
        cores=_cores(group, "core"),
        threads=len(group),
        speed_hertz=megahertz(f"{first.get('CPU MHz', '')} MHz"),
        stepping=first.get("CPU Revision", ""),
    )


def _arm(group: list[dict[str, str]], shared: dict[str, str]) -> Package:
    first = {**shared, **group[0]}
    maker, part = (_hexadecimal(first.get(label, "")) for label in ("CPU implementer", "CPU part"))
    known = ARM_MODELS.get(part, "") if maker == 0x41 else OTHER_MODELS.get((maker, part), "")
    named = first.get("model name") or first.get("Processor", "")
    return Package(
        model=named or known or (f"part 0x{part:03x}" if part else ""),
        core=known,
        maker=ARM_MAKERS.get(maker, ""),
        architecture="aarch64" if first.get("CPU architecture", "") in ("8", "AArch64") else "arm",
        cores=len(group),
        threads=len(group),
        stepping=first.get("CPU revision", ""),
    )


def _of_apple(found: list[Package]) -> list[Package]:
    """Apple's fast and slow cores are of one chip, which is called by what their names have in common."""
    if len(found) != 2 or any(each.maker != APPLE or not each.core for each in found):
        return found
    one, other = found
    model, _, name = one.core.rpartition(" ")
    if other.core.rpartition(" ")[0] != model:
        return found
    cores = (one.cores or 0) + (other.cores or 0)
    if model.endswith(" Max") and cores > APPLE_ONE_DIE:
        model = model.replace("Max", "Ultra")
    both = f"{name}, {other.core.rpartition(' ')[2]}"
    return [one._replace(model=f"{APPLE} {model}", core=both, cores=cores, threads=cores, stepping="")]


def _power(group: list[dict[str, str]], shared: dict[str, str]) -> Package:
    """What the kernel lists are threads (arch/powerpc/kernel/setup-common.c); how many cores they are it does not."""
    chip = _plain(group[:1], shared, architecture="powerpc")
    model = chip.model.partition(",")[0].partition(" (")[0]  # "POWER9 (raw), altivec supported"
    stepping = group[0].get("revision", "").partition(" ")[0]
    return chip._replace(model=model, maker="IBM", cores=None, threads=len(group), stepping=stepping)


def _sparc(shared: dict[str, str]) -> list[Package]:
    count = number(shared.get("ncpus active", "")) or number(shared.get("ncpus probed", "")) or 1
    chip = Package(
        model=shared.get("cpu", ""),
        architecture="sparc64" if shared.get("type", "").startswith("sun4u") else "sparc",
        speed_hertz=_hexadecimal(shared.get("Cpu0ClkTck", "")) or None,
    )
    return [chip] * min(count, MOST_PROCESSORS) if chip.model else []


def _s390(shared: dict[str, str]) -> list[Package]:
    model = shared.get("processor 0", "").rpartition("machine = ")[2]
    count = number(shared.get("# processors", "")) or 1
    speed = megahertz(f"{shared.get('cpu MHz static', '')} MHz")
    one = Package(model=f"machine {model}", maker="IBM", architecture="s390x", cores=count, threads=count)
    return [one._replace(speed_hertz=speed)]


def _plain(group: list[dict[str, str]], shared: dict[str, str], architecture: str = "") -> Package:
    first = {**shared, **group[0]}
    found = {label: first[label] for label in NAMES if first.get(label)}
    speeds = [first[label] for label in SPEEDS if first.get(label)]
    speed = speeds[0] if speeds else ""
    cycles = number(first.get("cycle frequency [Hz]", ""))
    return Package(
        model=next(iter(found.values()), ""),
        maker=X86_MAKERS.get(first.get("vendor", ""), first.get("vendor", "")),
        architecture=architecture or _architecture(first),
        cores=len(group) if len(group) > 1 else None,
        speed_hertz=cycles or megahertz(speed if speed[-1:] in ("z", "Z") else f"{speed} MHz"),
        serial=first.get("cpu serial number", ""),
    )


def _architecture(told: dict[str, str]) -> str:
    """By what only one architecture's kernel says."""
    if told.get("cpu") == "Alpha":
        return "alpha"
    if "timebase" in told:
        return "powerpc"
    if "ASEs implemented" in told or "VCED exceptions" in told or "system type" in told:
        return "mips"
    return "ia64" if told.get("arch") == "IA-64" else ""


def _hexadecimal(text: str) -> int:
    try:
        return int(text, 16) if len(text) <= 18 else 0
    except ValueError:
        return 0


def chip_maker(text: str) -> str:
    """A maker as firmware writes it: `Intel(R) Corporation` and `GenuineIntel` are Intel, as in X86_MAKERS."""
    lower = text.lower()
    if "intel" in lower:
        return "Intel"
    return "AMD" if lower.startswith(("amd", "advanced micro", "authenticamd")) else text
