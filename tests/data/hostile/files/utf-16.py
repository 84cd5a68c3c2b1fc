# about: UTF-16, as an old editor saves it
# status: rejected
def make(it): it.write(it.text().encode("utf-16"))
