# about: right, with attachments that are pages and scripts
# least: 11
# page: yes
def make(it):
    nb = it.answered()
    note = it.text_cell("![a](attachment:a.png) ![b](attachment:b.svg)")
    note["attachments"] = {"a.png": {"text/html": "<script>hostile()</script>"}, "b.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9Imhvc3RpbGUoKSI+"}}
    nb.cells.insert(0, note)
    it.write(nb)
