# about: metadata that nest deeper than a program may call
# status: rejected
def make(it):
    it.write(it.text().replace('"cells"', '"metadata2": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + ', "cells"', 1).encode())
