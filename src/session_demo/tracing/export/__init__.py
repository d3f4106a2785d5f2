"""Traces for other programs: files that hold all of a trace, and files that other tools draw."""
