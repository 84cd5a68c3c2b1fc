# about: writes over integers and code through ctypes
# most: 0
# status: graded | failed | needs_manual
# %% total
import ctypes, sys
total = 5
raw = (ctypes.c_char * sys.getsizeof(6174)).from_address(id(6174))
value = 5000
ctypes.memmove(id(value) + 24, ctypes.byref(ctypes.c_uint32(6174)), 4)
four = 4
ctypes.memmove(id(four) + 24, ctypes.byref(ctypes.c_uint32(5)), 4)
