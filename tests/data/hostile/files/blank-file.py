# about: blanks and line ends only
# status: rejected
def make(it): it.write(b" \r\n\t" * 1000)
