"""A process that has imported much, has no thread, and forks one child per request.

Starting Python and importing what a JupyterLab or a lesson needs takes seconds; a fork takes
milliseconds and shares the memory. `ForkServer` keeps one such template process for one list of
modules. A child puts the walls of `coteach.sandbox` around itself and calls a named function.

What may be imported before a fork, and what not
------------------------------------------------
Allowed is a module that only defines things. A module must not

- start a thread: only the thread that forks lives on in a child, and the locks of the others stay
  locked for ever. The template counts its threads and refuses to serve with more than one;
- open a socket, a pipe, a database, an event loop, a zmq context: children would share it with
  each other. The template counts its open files too and refuses;
- read a secret, or anything about one person: all children inherit the memory. The template's
  environment is scrubbed, and a request is read by the child that it is for;
- read at import what differs between children (the home, the language, the environment), unless
  its users read it again. Random number generators are seeded anew by `fresh.reseed`;
- change others when it is imported. Never import ``jupyterhub.singleuser.app`` before a fork: it
  patches Jupyter's handlers for the older way into a Lab. ``jupyterhub.singleuser.extension`` is
  the one that works.

The same hash seed and address layout are shared by all children of a template; a program that
needs these to differ must be executed.
"""

from coteach.forkserver.server import Child, ForkFailed, ForkServer

__all__ = ["Child", "ForkFailed", "ForkServer"]
