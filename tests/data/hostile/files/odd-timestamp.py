# about: right, with a time of handing in that nobody can read
# least: 11
def make(it):
    it.write(it.answered())
    (it.place / "timestamp.txt").write_bytes(b"9999-99-99 \x00\xff" * 1000)
