# about: nbformat 99
# status: rejected
def make(it): it.write(it.text().replace('"nbformat": 4', '"nbformat": 99').encode())
