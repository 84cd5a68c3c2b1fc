# about: wrong, with saved outputs of full points
# most: 0
def make(it):
    nb = it.released()
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1
            cell.outputs = [{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "2.0"}}]
    it.write(nb)
