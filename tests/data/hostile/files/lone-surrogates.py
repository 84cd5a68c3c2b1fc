# about: half characters in an answer, escaped as JSON allows
# status: graded | rejected
# most: 11
def make(it):
    it.write(it.text(double="def double(n): return 2 * n  # HALF").replace("HALF", "\\ud83d \\udc00\\ud800").encode())
