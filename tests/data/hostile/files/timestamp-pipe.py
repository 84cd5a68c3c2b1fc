# about: right, with a pipe and links for the time of handing in
# least: 11
def make(it):
    import os
    it.write(it.answered())
    os.mkfifo(it.place / "timestamp.txt")
