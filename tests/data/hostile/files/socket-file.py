# about: a socket under the notebook's name
# status: rejected
def make(it):
    import os, socket
    here = os.getcwd()
    os.chdir(it.place)
    try: socket.socket(socket.AF_UNIX).bind("work.ipynb")
    finally: os.chdir(here)
