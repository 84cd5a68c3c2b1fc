# about: a zip archive under a notebook's name
# status: rejected
def make(it):
    import io, zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive: archive.writestr("../../work.ipynb", b"0" * 10_000_000)
    it.write(out.getvalue())
