"""Vendors' wires, one file each: pure translation of calls and answers, no I/O."""
