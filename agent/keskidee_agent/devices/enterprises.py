"""Who stands behind an enterprise number, and what that maker's devices mostly are.

Numbers and names from IANA's registry of Private Enterprise Numbers, by the names that makers go by now; a sysObjectID
begins `1.3.6.1.4.1.NUMBER`. To add a maker, add its number to its kind. A maker of many kinds of devices
stands with an asterisk: there the words of sysDescr decide first, and the kind here last.
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "1.3.6.1.4.1."
LONGEST_NUMBER = 10  # of 32 bits


class Maker(NamedTuple):
    """A vendor's name, the usual kind of its devices, and whether it makes many kinds."""

    name: str
    kind: str
    many_kinds: bool


_BY_KIND = {
    "server": """
        2 *IBM, 23 Novell, 36 *DEC, 42 *Sun, 59 SGI, 111 *Oracle, 231 *Fujitsu, 232 *HPE, 258 *Panasonic, 311
        *Microsoft, 343 *Intel, 674 *Dell, 2021 *UCD-SNMP, 2238 FreeBSD, 2312 Red Hat, 2440 EfficientIP, 3052
        Asentria, 3845 Citrix, 6876 *VMware, 8072 *Net-SNMP, 8082 SEPATON, 10876 *Supermicro, 12325 *FreeBSD,
        19046 *Lenovo, 20974 Xen, 30155 OpenBSD, 31023 Veeam, 31090 Scale Computing, 32446 Paessler, 37945
        Inspur, 48512 Inspur, 49622 ASRock, 58132 xFusion
    """,
    "network": """
        9 *Cisco, 11 *HP, 33 MRV, 43 *3Com, 45 Nortel, 52 *Cabletron, 63 Apple, 81 Lannet, 94 Nokia, 110
        NetScout, 119 *NEC, 123 *Newbridge, 164 RAD, 166 Shiva, 171 *D-Link, 173 Netlink, 181 Kentrox, 193
        *Ericsson, 202 SMC, 207 Allied Telesis, 211 *Fujitsu, 244 Lantronix, 248 Hirschmann, 259 Accton, 266
        Nexans, 272 bintec, 278 APRESIA, 282 Nokia, 303 Hughes, 332 Digi, 388 Symbol, 429 UTStarcom, 434 EICON,
        449 Vanguard, 529 Ascend, 553 GarrettCom, 564 Telco Systems, 629 MRV, 637 *Alcatel, 664 Adtran, 738
        Larscom, 800 *Alcatel, 838 Xedia, 868 Transition, 890 *Zyxel, 930 Centillion, 964 Carrier Access, 995
        Multi-Tech, 1166 Motorola Cable, 1182 Yamaha, 1271 Ciena, 1286 Westell, 1332 Iskratel, 1411 Juniper,
        1425 CXR, 1588 *Brocade, 1751 Lucent, 1768 Patton, 1795 Paradyne, 1890 Red Lion, 1916 *Extreme, 1966
        Perle, 1991 *Foundry, 2007 Teldat, 2011 *Huawei, 2272 Nortel Passport, 2334 Packeteer, 2352 Redback,
        2356 *LANCOM, 2358 TDT, 2544 ADVA, 2603 Allot, 2636 Juniper, 2736 EtherWAN, 2750 Vecima, 2863
        Technicolor, 2882 Comtrol, 2925 Cyclades, 3054 Ixia, 3076 Cisco VPN, 3181 MICROSENS, 3199 Shasta, 3320
        BDCOM, 3442 Advantech, 3709 Datacom, 3715 Teleste, 3729 Nokia, 3780 Level One, 3822 Edimax, 3893 Parks,
        3902 *ZTE, 3955 *Linksys, 4115 ARRIS, 4196 Siemens, 4329 Siemens, 4413 *Broadcom, 4467 Fibrolan, 4515
        PacketLight, 4526 *NETGEAR, 4686 Sangoma, 4756 CTC Union, 4874 *Juniper, 4881 *Ruijie, 4923 AudioCodes,
        4998 ARRIS, 5003 AudioCodes, 5504 Zhone, 5624 Enterasys, 5651 Maipu, 5655 P-Cube, 5835 Newtec, 6027
        *Dell Force10, 6141 Ciena, 6296 *Dasan, 6321 Calix, 6339 Digital China, 6415 Caspian, 6486
        *Alcatel-Lucent, 6527 *Nokia, 6603 Loop, 6889 *Avaya, 7064 UTStarcom, 7342 Omnitron, 7367 Draytek, 7483
        Nokia, 7800 Ubiquoss, 7950 Overture, 8255 Tejas, 8691 MOXA, 8744 Colubris, 8886 Raisecom, 9148 Acme
        Packet, 9303 PacketFront, 10297 Advantech, 10456 Planet, 11096 *BlueArc, 11408 FiberHome, 11863
        *TP-Link, 13191 OneAccess, 13464 GreenNet, 13712 ARINC, 14358 SnapGear, 14399 NEC, 14525 Trapeze, 14706
        sFlow, 14988 *MikroTik, 15004 RuggedCom, 15768 BelAir, 15983 Meru, 16177 Westermo, 16378 Sarian, 17163
        Riverbed, 18070 BTI, 18489 Prime, 20044 Ekinops, 20540 Sixnet, 20858 Casa, 20992 Cradlepoint, 21296
        Infinera, 21362 Ifotec, 21671 VSS, 21839 Transmode, 22420 Accedian, 22610 A10, 23330 CommScope, 23695
        Peplink, 25506 *H3C, 26067 Kyland, 26543 *BNT, 26655 Advantech, 26866 Gigamon, 27286 Netopia, 27427
        Vecima, 27514 QTECH, 27662 Pepwave, 27975 Centec, 28381 N-Tron, 28533 Cyan, 28866 Planet, 28937 DASAN,
        28946 E-Band, 29003 Fibernet, 29671 *Cisco Meraki, 29865 Icotera, 30065 *Arista, 30140 Advantech, 30533
        DASAN, 30803 Vyatta, 30826 SmartOptics, 31218 Ucopia, 31322 Sierra Wireless, 31496 NetModule, 31648
        DPtech, 31823 Schweitzer, 32285 TopVision, 32620 Anue, 32733 Phybridge, 33049 Mellanox, 34774 Huawei
        Symantec, 35098 Pica8, 35265 *Eltex, 35424 Viprinet, 35987 Sangoma, 36673 IP Infusion, 37072 Lantech,
        38113 Red Lion, 38616 METEL, 39699 Robustel, 40418 NAG, 41916 Viptela, 42229 Coriant, 42359 Versa, 42397
        Grandstream, 43296 Exablaze, 44641 VyOS, 46242 Netonix, 47196 *Aruba, 48690 Teltonika, 50224 Parks,
        52573 Keenetic, 52587 Edgecore, 52642 FS, 52694 Ribbon, 53526 Dell, 56166 SmartByte, 59646 Tenda, 61878
        H3C
    """,
    "storage": """
        116 *Hitachi, 347 Seagate, 789 *NetApp, 1123 Engenio, 1139 *EMC, 1714 Infortrend, 1981 EMC, 1993
        Xyratex, 2036 Quantum, 2294 Dot Hill, 2935 Quantum, 3351 Overland, 3478 Spectra Logic, 3697 Quantum,
        3764 Quantum, 4547 ATTO, 5127 Western Digital, 5227 Buffalo, 6411 Overland, 6520 Dot Hill, 6574
        *Synology, 6894 DDN, 7247 Nexsan, 7640 Quantum, 7652 DataCore, 7933 Promise, 9804 LeftHand, 10159
        Panasas, 11369 Iomega, 12124 Isilon, 12740 EqualLogic, 12925 3PAR, 14752 EUROstor, 18928 Areca, 19746
        Data Domain, 20884 Nexenta, 22274 QSAN, 24681 *QNAP, 33186 Drobo, 35897 Violin, 36366 Kaminario, 37447
        Nimble, 37489 Scality, 37814 Infinidat, 38003 StorMagic, 38091 SolidFire, 38243 Thecus, 40045 Nexenta,
        40482 Pure, 41263 Nutanix, 41456 Tintri, 43906 Tegile, 44738 ASUSTOR, 47421 Cohesity, 48328 Veritas,
        49929 Rubrik, 50414 WEKA, 50536 TrueNAS, 55062 *QNAP
    """,
    "wireless": """
        161 *Motorola, 762 KarlNet, 841 Proxim, 1807 Intracom, 2281 Ceragon, 2509 Aviat, 2686 Wi-LAN, 3323
        Microwave Networks, 3373 SIAE, 3570 Tait, 3942 InfiNet, 4458 Radwin, 5454 Trango, 6080 BridgeWave, 7262
        DragonWave, 7571 SAF, 9967 Bluesocket, 10002 *Ubiquiti, 10728 Redline, 11898 Proxim, 12394 Alvarion,
        14125 EnGenius, 14179 *Cisco Airespace, 14823 *Aruba, 16530 Exalt, 17713 *Cambium, 19454 Airspan, 21013
        Xirrus, 25053 *Ruckus, 25651 Exalt, 25868 Last Mile Gear, 26928 Aerohive, 28087 Albentia, 31926 Siklu,
        32750 LigoWave, 32761 Deliberant, 33555 Racom, 37069 BATS, 39003 Sub10, 39660 Tarana, 41112 *Ubiquiti,
        43356 Mimosa, 44194 EnGenius, 47307 IgniteNet, 52845 Mist
    """,
    "printer": """
        122 Sony, 186 Toshiba TEC, 236 *Samsung, 253 Xerox, 297 *Fuji Xerox, 314 Kodak, 367 Ricoh, 641 Lexmark,
        666 OKI, 683 Zebra, 1065 Canon, 1129 Toshiba TEC, 1229 SEH, 1248 *Epson, 1347 Kyocera, 1602 Canon, 1963
        Intermec, 2001 OKI, 2364 Konica, 2385 Sharp, 2435 Brother, 2699 Printer Working Group, 3369 Genicom,
        10504 Printronix, 10642 Zebra, 10917 Datamax, 18334 Konica Minolta, 40093 Pantum, 42406 SATO, 48051 SATO
    """,
    "camera": """
        368 *Axis, 3967 Bosch, 4784 March, 21701 MOBOTIX, 23465 VIVOTEK, 24149 Milestone, 36849 Hanwha, 37496
        Dahua, 39165 *Hikvision, 39747 Uniview, 46202 Avigilon, 49984 Arecont Vision, 52116 Geutebrück, 57501
        i-PRO
    """,
    "power": """
        318 APC, 476 *Vertiv, 534 *Eaton, 705 Eaton MGE, 818 GE, 850 *Tripp Lite, 885 Vertiv, 926 Alpha, 935
        Eaton, 1122 Piller, 1356 Generex, 1418 Dataprobe, 1718 Server Technology, 1918 Eaton, 2254 Delta, 2468
        Generex, 2606 Rittal, 2634 WTI, 2947 Best Power, 3711 Sinetica, 3808 CyberPower, 3833 Schneider, 4346
        Phoenix Contact, 4555 Socomec, 4779 Baytech, 5491 Riello, 6050 Gamatronic, 6302 Vertiv NetSure, 6785
        Delta, 7239 Legrand, 7293 Powercom, 7309 Alpha, 7551 Enatel, 7783 Riello, 12148 Eltek, 12551 CET, 13400
        Vertiv, 13742 Raritan, 13858 Eltek Valere, 13891 Sinetica, 15446 CyberPower, 17373 Geist, 17420
        Digipower, 18416 Victron, 19536 Panduit, 21239 Geist, 21317 ATEN, 21360 Chatsworth, 21695 Bachmann,
        21728 Synaccess, 21940 Enatel, 24496 WTI, 27383 Benning, 28507 GUDE, 28586 Eaton, 30966 FS, 31034
        Schleifenbauer, 31394 Victron, 33872 Alpha, 34278 Janitza, 34550 Austin Hughes, 35308 NETIO, 37533
        Delta, 37662 Ablerex, 38446 Enlogic, 40211 Megmeet, 40614 EAST, 43943 Voltronic, 43944 Voltronic, 45199
        Lite-On, 45770 Digital Loggers, 47952 NETIO, 49150 Vertiv, 50138 Legrand
    """,
    "collaboration": """
        562 *Nortel, 903 RADVision, 1027 Mitel, 2684 Polycom, 5329 ShoreTel, 5596 Tandberg, 6666 innovaphone,
        7526 snom, 11268 Aastra, 13885 Polycom, 20341 LifeSize, 21831 ClearOne, 25766 Christie, 32775 Gigaset,
        37459 Yealink, 59440 Fanvil
    """,
    "firewall": """
        1230 McAfee, 1369 Stonesoft, 2447 Stonesoft, 2604 *Sophos, 2620 *Check Point, 3097 WatchGuard, 3224
        *Juniper NetScreen, 3717 GeNUA, 3854 Astaro, 3996 Open Systems, 5089 Clavister, 8741 *SonicWall, 9789
        Astaro, 9833 Leadsec, 10704 Barracuda, 11256 Stormshield, 12356 *Fortinet, 13644 Netgate, 14331 TopSec,
        15227 Venustech, 20632 Barracuda, 25461 *Palo Alto, 25597 FireEye, 28557 Hillstone, 30205 Rohde &
        Schwarz, 32473 example, 35047 Sangfor, 40310 *Cumulus, 43721 Cyberoam, 44227 Pulse Secure, 46262
        Zscaler, 47565 Forcepoint
    """,
    "loadbalancer": """
        89 Radware, 1872 Alteon, 3375 *F5, 5951 *Citrix, 7564 Array, 12196 KEMP
    """,
    "proxy": """
        3417 *Blue Coat, 14501 *Blue Coat, 15497 *Cisco IronPort
    """,
    "appliance": """
        177 Sonus, 572 Ericsson-LG, 1563 Harmonic, 2682 DPS, 2879 Sonus, 2928 Net Insight, 3212 Crestron, 4128
        ARM, 4131 Tridium, 4466 Harmonic, 6530 2N, 6827 Evertz, 7779 Infoblox, 8768 Nevion, 8942 AMX, 9694
        Arbor, 9926 Genie, 9986 Sencore, 12612 Barco, 13130 Nevion, 13315 BlueCat, 15397 Sandvine, 18026 Extron,
        18418 Endace, 19379 Imperva, 21091 Exinda, 22736 Digium, 23867 Silver Peak, 23916 Appear, 25433
        Haivision, 26212 Harmonic, 26484 Silver Peak, 27338 ATEME, 30631 Terra, 32828 Guntermann & Drunck, 33234
        Halon, 33333 Morningstar, 35847 Greenbone, 40073 Lutron, 41036 Corero, 42111 Aaron, 44457 Biamp, 45346
        *VeloCloud, 45986 Kramer, 49563 Shure, 52326 Alpine, 53808 VIAVI
    """,
    "management": """
        10243 Uplogix, 10418 Avocent, 25049 Opengear
    """,
    "environment": """
        994 Dantel, 3699 NTI, 5040 W&T, 5118 Dantel, 5222 Dantel, 5528 NetBotz, 6347 Sierra Monitor, 9839 CAREL,
        16174 Sensatronics, 17095 Controlbox, 18248 Papouch, 19011 Jacarta, 20246 Delta, 20916 AVTECH, 21796 HW
        group, 22626 Comet, 25432 ServersCheck, 25728 Alentis, 29462 Stulz, 37954 Kentix, 39052 Vutlan, 41542
        Monnit, 46501 Didactum, 52674 NetBotz
    """,
    "timing": """
        601 Microsemi, 5551 Oscilloquartz, 5597 Meinberg, 9070 Symmetricom, 13827 EndRun, 18837 Orolia, 18954
        Brandywine, 30731 Bodet, 36555 TimeTools, 42928 Galleon, 45561 Masterclock
    """,
    "workstation": """
        25071 Teradici
    """,
}


def _makers() -> dict[int, Maker]:
    found: dict[int, Maker] = {}
    for kind, makers in _BY_KIND.items():
        for maker in makers.split(","):
            digits, name = maker.split(maxsplit=1)
            words = " ".join(name.split())
            found[int(digits)] = Maker(words.lstrip("*"), kind, words.startswith("*"))
    return found


MAKERS = _makers()


def maker_of(sys_object_id: str | None) -> Maker | None:
    """The maker by the enterprise number of a sysObjectID."""
    if not sys_object_id or not sys_object_id.startswith(PREFIX):
        return None
    number = sys_object_id[len(PREFIX) :].partition(".")[0].strip()
    return MAKERS.get(int(number)) if number.isdecimal() and len(number) <= LONGEST_NUMBER else None
