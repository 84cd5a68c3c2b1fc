# about: texts that no file can hold
# most: 0
# %% rows
rows = [["\ud800ana", 3], ["\x00ben", float("nan")]]
# %% words
def words(text): return ["\udfff\x00" * 1000, b"\xff", 1j, float("inf"), 10**4000, "\u202e"]
