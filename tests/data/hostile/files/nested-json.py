# about: brackets 200,000 deep
# status: rejected
def make(it): it.write(b"[" * 200_000)
