# about: UTF-32 without a byte order mark
# status: rejected
def make(it): it.write(it.text().encode("utf-32-le"))
