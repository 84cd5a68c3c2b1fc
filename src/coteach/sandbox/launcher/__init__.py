"""The processes around people's code: walls, limits, supervision.

Standard library only, nothing of coteach: this folder runs as a program of its own before the
sandbox exists (`python -I -S launcher SPEC`), and its modules are imported by a process that was
forked for a sandbox. Imports between them are relative, so that both ways work and neither leaves
a common name such as `limits` behind for people's code.
"""
