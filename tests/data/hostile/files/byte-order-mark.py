# about: right, in UTF-8 with a byte order mark
# least: 11
def make(it): it.write(b"\xef\xbb\xbf" + it.text().encode())
