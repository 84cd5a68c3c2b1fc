# about: right, with a kernel that nobody has
# least: 11
def make(it):
    nb = it.answered()
    nb.metadata["kernelspec"] = {"name": "../../../bin/sh", "display_name": "<script>hostile()</script>", "language": "python"}
    it.write(nb)
