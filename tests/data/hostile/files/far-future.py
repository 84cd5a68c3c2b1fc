# about: right, handed in in the year 9999
# least: 11
def make(it):
    it.write(it.answered())
    (it.place / "timestamp.txt").write_text("9999-12-31 23:59:59.999999 +1400")
