# about: null characters in an answer
# status: graded | rejected
# most: 9
def make(it): it.write(it.text(double="NULLS = 0").replace("NULLS", "\\u0000x").encode())
