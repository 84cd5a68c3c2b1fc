# about: numbers that JSON does not have
# status: graded | rejected
# most: 11
def make(it): it.write(it.text().replace('"cells"', '"score": NaN, "points": -Infinity, "cells"', 1).encode())
