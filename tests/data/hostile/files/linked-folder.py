# about: the folder is a link into the course
# status: rejected
def make(it):
    it.place.rmdir()
    it.place.symlink_to(it.course.source("attack"))
