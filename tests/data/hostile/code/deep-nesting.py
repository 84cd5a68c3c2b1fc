# about: a list in a list, 100,000 deep
# most: 0
# status: graded | needs_manual
# %% rows
rows = []
for _ in range(100_000): rows = [rows]
