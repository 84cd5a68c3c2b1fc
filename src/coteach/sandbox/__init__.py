"""People's code runs here and nowhere else: own process tree, files, user, limits.

`command` gives a command line that runs a program in a `Sandbox`; `ensure` says first whether this
machine can do it, and refuses otherwise.
"""

from coteach.sandbox.commandline import command, specification
from coteach.sandbox.environment import scrubbed
from coteach.sandbox.kernelspec import write_kernelspec
from coteach.sandbox.leftovers import claim, sweep
from coteach.sandbox.model import HOME, Bind, Sandbox
from coteach.sandbox.processes import end, started
from coteach.sandbox.trial import Inner, Probe, ensure, inner_probe, probe
from coteach.sandbox.uids import Lease, Uids, give, lease
from coteach.sandbox.view import search_path

__all__ = ["HOME", "Bind", "Inner", "Lease", "Probe", "Sandbox", "Uids", "claim", "command", "end",
           "ensure", "give", "inner_probe", "lease", "probe", "scrubbed", "search_path",
           "specification", "started", "sweep", "write_kernelspec"]
