# about: exception handlers that hide errors
# most: 0
# %% double
import sys
ip = get_ipython()
ip.set_custom_exc((BaseException,), lambda *a, **k: None)
ip.showtraceback = ip.showsyntaxerror = lambda *a, **k: None
sys.excepthook = lambda *a: None
ip.InteractiveTB = ip.SyntaxTB = None
