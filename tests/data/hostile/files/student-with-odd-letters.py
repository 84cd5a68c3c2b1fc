# about: a student whose name turns the line round and ends it
# student: ben\u202ebenA\r\nx
# status: rejected
def make(it): it.write(it.answered())
