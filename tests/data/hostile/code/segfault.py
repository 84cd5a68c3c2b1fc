# about: crashes the interpreter
# status: failed
# %% double
import ctypes
ctypes.string_at(0)
