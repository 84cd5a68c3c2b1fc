# about: an empty folder
# status: rejected
def make(it): pass
