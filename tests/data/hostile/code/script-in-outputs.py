# about: right, and shows scripts that would run in the feedback page
# status: needs_manual
# base: right
# least: 11
# page: yes
# %% double
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
def double(n): return 2 * n
evil = "<script>hostile()</script><img src=x onerror=hostile()><iframe src=javascript:hostile()></iframe><a href='javascript:hostile()'>x</a><meta http-equiv=refresh content='0;url=//hostile.example'><style>*{display:none}</style><form action=//hostile.example><button formaction=javascript:hostile()>"
display(HTML(evil), Markdown(evil), Javascript("hostile()"), Latex(evil))
display({"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='hostile()'><script>hostile()</script></svg>", "application/javascript": "hostile()", "text/html": evil, "application/vnd.hostile+json": {"a": evil}, "image/png": "\"><script>hostile()</script>", "text/plain": evil}, raw=True)
print("</pre>" + evil, "\x1b]8;;javascript:hostile()\x07x\x1b]8;;\x07")
# %% why
<script>hostile()</script> <img src=x onerror="hostile()"> [x](javascript:hostile()) <svg onload=hostile()> ![](x" onerror="hostile()) {{ 7*7 }} {% raw %} $\href{javascript:hostile()}{x}$
# %% +
raise Exception("</pre><script>hostile()</script>" + "<img src=x onerror=hostile()>")
