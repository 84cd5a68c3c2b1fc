# about: another notebook than the one asked for
# status: rejected
# lines: work, WORK, work (1)
def make(it):
    for name in ("WORK", "work (1)"): (it.place / f"{name}.ipynb").write_text(it.text())
