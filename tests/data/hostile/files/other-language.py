# about: right, and says that it is a shell script
# least: 11
def make(it):
    nb = it.answered()
    nb.metadata["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}
    nb.metadata["language_info"] = {"name": "bash", "file_extension": "/../../x.sh"}
    it.write(nb)
