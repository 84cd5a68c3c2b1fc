# about: asserts are taken out of the code before it runs
# most: 0
# %% double
import ast
class Gone(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
    def visit_Expr(self, node): return ast.copy_location(ast.Expr(ast.Constant(2)), node)
get_ipython().ast_transformers.append(Gone())
