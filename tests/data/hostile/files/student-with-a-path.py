# about: a student whose folder's name is a pattern
# student: {a,b}*[0-9]?
# status: rejected
def make(it): it.write(it.answered())
