# about: values that hold themselves
# status: graded | needs_manual
# most: 0
# %% rows
rows = []; rows.append(rows); rows += [rows, {"a": rows}]
# %% words
def words(text):
    d = {}; d["d"] = d
    return d
