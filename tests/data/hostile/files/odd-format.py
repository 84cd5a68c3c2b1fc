# about: a format that is no number
# status: rejected
def make(it): it.write(it.text().replace('"nbformat": 4', '"nbformat": "4; DROP TABLE grade"').encode())
