"""Cisco: IOS, NX-OS and IOS-XE by CISCO-*-MIB."""

PROFILES = ()
