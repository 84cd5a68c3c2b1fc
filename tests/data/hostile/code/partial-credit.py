# about: outputs that look like the points of a test
# most: 0
# %% words
from IPython.display import display
display(2.0)
print("2.0")
def words(text):
    print("2.0"); display({"text/plain": "2"}, raw=True)
    return 2.0
# %% +
2.0
