# about: right, beside links, pipes and devices
# least: 11
def make(it):
    import os
    it.write(it.answered())
    for name, target in (("secret.db", it.course.gradebook_file), ("source", it.course.source("attack")), ("zero", "/dev/zero"), ("shadow.txt", "/etc/shadow"), ("loop", "."), ("data.csv", it.course.source("attack") / "work.ipynb")):
        (it.place / name).symlink_to(target)
    os.mkfifo(it.place / "pipe.txt")
