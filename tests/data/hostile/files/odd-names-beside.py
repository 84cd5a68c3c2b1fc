# about: right, beside files with names that programs take for something else
# least: 11
def make(it):
    import os
    it.write(it.answered())
    for name in (b"-rf", b"a\nb.txt", b"$(touch x).txt", b"\xff\xfe.txt", b"'; DROP TABLE grade; --", "é".encode(), "e\u0301".encode(), b"x" * 250):
        with open(os.path.join(os.fsencode(it.place), name), "wb") as out: out.write(b"x")
