# about: given code that was changed to fit a wrong answer
# most: 10
def make(it):
    nb = it.answered(total="total = 0")
    it.cell(nb, "given").source = "numbers = []\nimport builtins\nbuiltins.isinstance = lambda *a: True"
    it.write(nb)
