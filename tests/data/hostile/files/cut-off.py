# about: half of a notebook
# status: rejected
def make(it): it.write(it.text()[:-len(it.text()) // 3].encode())
