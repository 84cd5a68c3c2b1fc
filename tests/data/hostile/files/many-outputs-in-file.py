# about: right, with 100,000 outputs saved in it
# least: 11
def make(it):
    nb = it.answered()
    it.cell(nb, "double").outputs = [{"output_type": "stream", "name": "stdout", "text": "x"} for _ in range(100_000)]
    it.write(nb)
