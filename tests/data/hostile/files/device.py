# about: a device that gives zeros for ever
# status: rejected
def make(it):
    import os, stat
    try: os.mknod(it.file, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError: it.file.symlink_to("/dev/zero")
