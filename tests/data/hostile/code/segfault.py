# about: crashes the interpreter
# status: failed | needs_manual
# most: 0
# %% double
import ctypes
ctypes.string_at(0)
