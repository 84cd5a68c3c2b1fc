# about: a notebook whose keys and lists repeat a million times
# status: rejected | graded
# most: 11
def make(it):
    it.write(it.text().replace('"cells"', '"x": [' + ",".join(["{}"] * 1_000_000) + '], "cells"', 1).encode())
