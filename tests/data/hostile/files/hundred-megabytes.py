# about: a notebook of 100 MB
# status: rejected
def make(it):
    with it.file.open("wb") as out:
        out.write(it.text().rstrip().removesuffix("}").encode() + b', "more": "')
        out.truncate(100 << 20)
