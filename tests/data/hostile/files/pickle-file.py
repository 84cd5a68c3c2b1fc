# about: a pickle that runs code where it is loaded
# status: rejected
def make(it): it.write(b"cos\nsystem\n(S'touch " + str(it.canary).encode() + b"'\ntR.")
