# about: right, from a student whose name is not Latin
# student: 王小明 (三班)
# least: 11
def make(it): it.write(it.answered())
