# about: a link to the gradebook
# status: rejected
def make(it): it.file.symlink_to(it.course.gradebook_file)
