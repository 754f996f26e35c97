"""Kinds, systems and vendors by the words of sysDescr, for devices whose maker builds everything, or is not known.

Order decides: a laser printer with a network card is a printer, a Linux on a UPS card is power. Each text is a regular
expression, whose lines are joined as they stand.
"""

from __future__ import annotations

import re

_KINDS = {
    "printer": r"""
        laserjet|deskjet|officejet|designjet|color ?jet|multi-environment|jetdirect|print(er|ing|server| server)|
        \bmf[cp]\b|\bmfc-|workcentre|phaser|imagerunner|bizhub|aficio|ecosys|taskalfa|docuprint|apeosport|
        altalink|versalink|label ?writer|plotter|zebranet|okilan|scx-|clx-|\bml-\d|^samsung ([cmsxk]\d*\b|
        ml|scx|sl)|^sharp mx|i-sensys|imageclass|\blbp\d
    """,
    "camera": r"""
        (network|ip|dome|bullet|ptz) camera|\bip-?cam|\bnvr\b
    """,
    "collaboration": r"""
        projector|telepresence|video ?conferenc|conference phone|\bacano\b|meeting server|ip phone|
        voip phone
    """,
    "timing": r"""
        \bntp (time )?server|time server|\bgps (clock|receiver)|grandmaster
    """,
    "power": r"""
        \bups\b|upscard|ups_|\bpdu|pdu\b|uninterrupt|power (strip|distribution|control|system|supply unit|
        switch\b)|rectifier|transfer switch|smart-ups|genset|generator set|\bats\b|inverter|battery monitor|
        powerware|switched cdu|remoteye|powerwalker|solar (charge|power)
    """,
    "environment": r"""
        humidity|temperature (sensor|monitor|probe)|thermometer|environment(al)? (monitor|sensor|unit)|
        sensor ?(box|hub|probe|gateway)|air condition|chiller|\bcrac\b|watchdog 1[05]|sensorprobe|poseidon|
        weather station
    """,
    "loadbalancer": r"""
        big-?ip|load ?balanc|loadmaster|application delivery|alteon|netscaler|lbhost
    """,
    "proxy": r"""
        asyncos.*\b(web|s\d{3})|web gateway|proxysg|web proxy
    """,
    "management": r"""
        lights-out|\bilom\b|\bxcc\b|\bcimc\b|onboard administrator|\bidrac|\bilo ?\d|\bbmc\b|\bipmi|
        remote access controller|console server|terminal server|
        \bkvm\b|chassis (management|manager)|management module|avocent|opengear|cyclades|alterpath|
        lantronix slc|\birmc|out-of-band
    """,
    "firewall": r"""
        firewall|firepower|threat defense|adaptive security|\bpix\b|\basa\b|fortigate|security gateway|
        \butm\b|pfsense|opnsense|
        netscreen|\bsrx\d|check ?point|sonicwall|\bgaia\b|\d+cp(x86_64)?\b|\bcp\d{4}\b|\b-hbsd|endian|
        ipfire|ipcop|firebox|watchguard|stonegate|secure ?platform|\bips\b sensor|smoothwall|intrusion|
        secospace|\busg\d|usg ?flex|zywall|eudemon|secpath
    """,
    "wireless": r"""
        access ?point|k9w[78]|wireless|wi-?fi|\bwlan|\bradio\b|microwave|aironet|airmax|\bptp\b|\bptmp\b|backhaul|
        cisco controller|mobility (controller|conductor)|\bap[- ]?\d{1,4}\b|instant.?ap|\bwap\d|\bwac\d|
        \bwax\d|\beap\d|base station|subscriber (unit|module)|mini-link|\brtn\b|epmp|canopy|ligowave|
        airfiber|\bu[ax]p\b|\bunifi\b|arubaos|\bair-[ac]|c9800|\bwlc\b|lte (router|cpe)
    """,
    "storage": r"""
        \bnas\b|storage|\braid\b|disk array|isilon|onefs|data ?domain|truenas|freenas|qnap|synology|
        diskstation|rackstation|tape library|autoloader|netapp|ontap|\bpowervault|equallogic|unity \d|\bvnx|
        \bclariion|\bflare\b|compellent|nimble|3par|storeonce|\bmsa ?\d|flasharray|purity|rubrik|cohesity|
        eternus|\bexos\b|ddn\b|lefthand|buffalo|terastation|readynas|\bqts\b|\bhm\d{3}\b|alta-\d
    """,
    "network": r"""
        switch|router|routing|ethernet|\bios\b|nx-os|junos|routeros|vyos|vyatta|modem|gateway|gpon|\bolt\b|
        \bonu\b|cmts|\bbridge\b|edgeos|edgeswitch|docsis|touchstone|catalyst|comware|procurve|powerconnect|
        networking os|force10|\bios xe|ios xr|sonic|cumulus|openwrt|dd-wrt|tomato|asuswrt|brcmarm|teltonika|
        \brut\w?\d{3}|\btrb\d|ht8xx|\bvrp\b|fiber|multiplexer|\bdwdm|fabric os|fibre channel|\bsd-?wan\b|
        speedtouch|\b(st|tg)\d{3,4}|linux \S+ \d\S* #0 |grandstream|wap-|netvanta|cpe\b|\bmips$|\bmips\b|
        -pon\b|webview|gigabit|10/100|poe\b|sfp|stackable|meraki|keenetic|mikrotik|omniswitch|ip office|pbx
    """,
    "server": r"""
        windows|unified computing|linux|freebsd|openbsd|netbsd|dragonfly|solaris|sunos|\baix\b|hp-ux|darwin|
        vmware|esxi?\b|
        openvms|tru64|irix|netware|proxmox|xenserver|hyper-v|unix|proliant|poweredge|\bucs\b|nutanix
    """,
}
_SYSTEMS = {
    "windows": r"Software: Windows",
    "freebsd": r"^FreeBSD|FreeBSD \d",
    "openbsd": r"OpenBSD",
    "netbsd": r"NetBSD",
    "dragonfly": r"DragonFly",
    "solaris": r"SunOS|Solaris",
    "aix": r"\bAIX\b",
    "hpux": r"HP-UX",
    "macos": r"Darwin Kernel",
    "vmware-esxi": r"VMware ESX",
    "linux": r"\bLinux\b",
}
_VENDORS = """
    Cisco, Juniper, Arista, Aruba, HPE, HP, Dell, Huawei, MikroTik, Ubiquiti, Fortinet, Synology, QNAP, Avocent,
    Brother, Canon, Epson, Kyocera, Konica Minolta, Lexmark, OKI, Ricoh, Samsung, Sharp, Xerox, Zebra, Lanier,
    APC, Eaton, CyberPower, Socomec, Riello, Delta, Vertiv, Raritan, Teltonika, Grandstream, Meraki, Viprinet,
    Axis, Hikvision, Check Point, SonicWall, Sophos, Linksys, NETGEAR, Zyxel, D-Link, TP-Link, Keenetic, VMware,
    Supermicro, Lenovo, Fujitsu, NetApp, Alcatel-Lucent, Allied Telesis, Avaya, Cambium, Ruckus, Tripp Lite, Netonix,
    Moxa, Hirschmann, Panasonic, AKCP, Infoblox, Citrix, Palo Alto, WatchGuard, Barracuda, Stormshield, Thecus, ASUSTOR
"""


def _patterns(texts: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile("".join(map(str.strip, text.split("\n"))), re.IGNORECASE) for name, text in texts.items()}


KINDS, SYSTEMS = _patterns(_KINDS), _patterns(_SYSTEMS)
VENDORS = _patterns({name: rf"\b{re.escape(name)}\b" for name in map(str.strip, _VENDORS.split(","))})


def kind_in_words(words: str) -> str | None:
    """The kind that a description names, or None."""
    return _first(KINDS, words)


def system_in_words(words: str) -> str | None:
    """The operating system that a description names, or None."""
    return _first(SYSTEMS, words)


def vendor_in_words(words: str) -> str | None:
    """The maker that a description names, or None."""
    return _first(VENDORS, words)


def _first(patterns: dict[str, re.Pattern[str]], words: str) -> str | None:
    return next((name for name, pattern in patterns.items() if pattern.search(words)), None)
