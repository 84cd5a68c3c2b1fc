# about: JSON that is no notebook
# status: rejected
def make(it): it.write(b'{"student": "no-notebook", "score": 8.0, "status": "graded"}')
