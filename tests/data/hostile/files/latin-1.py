# about: Latin-1 with letters that are no UTF-8
# status: rejected
def make(it):
    it.write(it.text(why="Weil Schüler größer sehen: äöü").encode("latin-1", "replace"))
