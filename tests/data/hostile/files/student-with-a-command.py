# about: right, from a student whose name is a command
# student: $(touch x); -rf `id` 'x' "y" & <b>
# status: graded | rejected
# most: 11
def make(it): it.write(it.answered())
