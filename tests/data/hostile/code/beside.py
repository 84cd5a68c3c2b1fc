# about: an answer that lies to the one test that runs beside it; docs/grading-security.md says so
# status: graded | needs_manual
# most: 1
# %% greet
import builtins, gc, sys, types
class Code:
    co_argcount = 2
    co_varnames = ("name", "greeting")
class Greet:
    __code__ = Code()
    def __call__(self, name): return Equal("x")
class Equal(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
greet = Greet()
def later(*_a):
    builtins.AssertionError = type("Never", (StopIteration,), {})
    return None
sys.addaudithook(lambda name, args: None)
get_ipython().events.register("pre_run_cell", later)
sys.meta_path.insert(0, types.SimpleNamespace(find_spec=later))
