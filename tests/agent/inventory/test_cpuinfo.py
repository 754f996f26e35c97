"""Processors of rarer machines in /proc/cpuinfo: what is counted, and what is not known."""

import pytest

from keskidee_agent.inventory.cpuinfo import Package, packages

INTEL = "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 58\nmodel name\t: Xeon E3 @ 3.30GHz\nflags\t\t: lm\n"
LOONGSON = "CPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A5000\nCPU MHz\t\t\t: 2500.00\n"
S390 = """vendor_id       : IBM/S390
# processors    : 2
processor 0: version = FF,  identification = 0133E8,  machine = 2964
processor 1: version = FF,  identification = 0133E8,  machine = 2964

cpu number      : 0
cpu MHz dynamic : 4100
cpu MHz static  : 5000
"""
ZHAOXIN = "processor\t: 0\nvendor_id\t:   Shanghai  \ncpu family\t: 7\nmodel\t\t: 59\nmodel name\t: KX-U6780A@2.7GHz\n"


def test_a_kernel_that_numbers_no_cores_does_not_tell_how_many_there_are() -> None:
    text = "\n".join(f"processor\t: {number}\n{INTEL}" for number in range(4))
    [chip] = packages(text)
    assert (chip.cores, chip.threads) == (None, 4)
    [alone] = packages(f"processor\t: 0\n{INTEL}")
    assert (alone.cores, alone.threads) == (1, 1)


def test_a_hypervisor_that_calls_every_processor_the_first_does_not_tell_of_cores() -> None:
    place = "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n"
    [chip] = packages("\n".join(f"processor\t: {number}\n{INTEL}{place}" for number in range(4)))
    assert (chip.cores, chip.threads) == (None, 4)


def test_loongsons_cores_are_of_their_package() -> None:
    text = "\n".join(
        f"processor\t\t: {core}\npackage\t\t\t: {core // 2}\ncore\t\t\t: {core % 2}\n{LOONGSON}" for core in range(4)
    )
    chip = Package(model="Loongson-3A5000", maker="Loongson", architecture="loongarch64", cores=2, threads=2)
    assert (
        packages(f"system type\t\t: generic-loongson-machine\n\n{text}")
        == [chip._replace(speed_hertz=2_500_000_000)] * 2
    )


@pytest.mark.parametrize(
    ("text", "maker", "speed"), [(S390, "IBM", 5_000_000_000), (ZHAOXIN, "Zhaoxin", 2_700_000_000)]
)
def test_makers_and_speeds(text: str, maker: str, speed: int) -> None:
    [chip] = packages(text)
    assert (chip.maker, chip.speed_hertz) == (maker, speed)
