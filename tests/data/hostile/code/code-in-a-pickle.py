# about: values that run code where they are unpacked
# status: graded | needs_manual
# most: 0
# %% total
import os
class Bomb:
    def __reduce__(self): return (os.system, ("touch @CANARY@ /tmp/@TOKEN@-pickle; echo 6174",))
    def __reduce_ex__(self, version): return self.__reduce__()
    def __getstate__(self): return self.__reduce__()
    def __deepcopy__(self, memo): os.system("touch @CANARY@"); return 6174
    __copy__ = __deepcopy__
total = Bomb()
def double(n): return Bomb()
# %% rows
import pickle
open("rows.pkl", "wb").write(pickle.dumps(Bomb()))
open("data.csv", "wb").write(pickle.dumps(Bomb()))
rows = Bomb()
