"""The demo alliance: three schools, a trainer, four teachers, a class, all marked as demo.

Seeding is safe to repeat: what is there stays, what is missing is added, and the class gets an
open session again when its code has run out.
"""

from coteach.demo.seed import cohort_id, seed

__all__ = ["cohort_id", "seed"]
