# about: right, beside 3,000 files and folders 40 deep
# least: 11
def make(it):
    it.write(it.answered())
    for n in range(3000): (it.place / f"{n}.txt").write_bytes(b"x")
    deep = it.place / "/".join(["d" * 50] * 40)
    deep.mkdir(parents=True); (deep / "x.txt").write_text("x")
