# about: right, beside a file of 2 GB
# least: 11
def make(it):
    it.write(it.answered())
    with (it.place / "large.bin").open("wb") as out: out.truncate(2 << 30)
