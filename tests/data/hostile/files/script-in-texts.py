# about: right, with scripts in text cells and metadata
# least: 11
# page: yes
def make(it):
    nb = it.answered()
    evil = "<script>hostile()</script><img src=x onerror=hostile()>"
    nb.metadata.update(title=evil, authors=[{"name": evil}])
    nb.cells.insert(0, it.text_cell(evil + "\n\n# x <svg/onload=hostile()>\n\n```html\n</code></pre><script>hostile()</script>\n```\n\n[a]: javascript:hostile()\n\n[x][a] <javascript:hostile()>"))
    it.write(nb)
