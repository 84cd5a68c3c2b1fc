# about: right, beside files that an editor leaves
# least: 11
def make(it):
    it.write(it.answered())
    (it.place / ".ipynb_checkpoints").mkdir()
    (it.place / ".ipynb_checkpoints" / "work-checkpoint.ipynb").write_bytes(b"")
    (it.place / ".#work.ipynb").symlink_to("nobody@nowhere")
    (it.place / "._work.ipynb").write_bytes(b"\0")
