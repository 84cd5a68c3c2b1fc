"""Grades 500 submissions of which a third are hostile or broken; not a test, run it by hand.

``python tests/hostile_many.py [COUNT] [WORKERS]`` says how long it took, whether the batch came to
its end, which honest marks are not what they should be and how memory grew.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import hostile_kinds as hostile


def main(count: int = 500, workers: int = 2) -> int:
    """Run it and print what came of it."""
    all_kinds = [k for k in hostile.kinds() if k.student == k.name]
    hands = [(all_kinds[n % len(all_kinds)].name + ("" if n < len(all_kinds) else f"-{n}"),
              all_kinds[n % len(all_kinds)]) for n in range(count // 3)]
    honest = hostile.honest_names(count - len(hands))
    folder = Path(tempfile.mkdtemp(prefix="coteach-many-"))
    folder.chmod(0o755)
    try:
        found = hostile.grade(folder, hands, honest, workers=workers, limit=7200)
        wrong = {}
        for student, which in honest.items():
            line = found.lines.get((student, hostile.NOTEBOOK), {})
            if (line.get("status"), line.get("score")) != ("graded", hostile.HONEST[which][1]):
                wrong[student] = (line.get("status"), line.get("score"), line.get("reason"))
        others = {}
        for student, kind in hands:
            for (who, _name), line in found.lines.items():
                if who == student and not (line["status"] in kind.statuses and (
                        line["score"] is None or kind.least <= line["score"] <= kind.most)):
                    others[student] = (line["status"], line["score"], line["reason"])
        print(json.dumps({
            "submissions": count, "hostile": len(hands), "lines": len(found.lines),
            "exit": found.code, "seconds": round(found.seconds, 1), "workers": workers,
            "memory_mb": found.memory, "honest_wrong": wrong, "hostile_wrong": others,
            "left": found.left, "changed": found.changed[:5], "written": found.written,
            "doubled": found.doubled}, indent=1, ensure_ascii=False))
        return 0 if not wrong and found.code == 0 else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
