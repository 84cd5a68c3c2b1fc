"""What answers show in a feedback page shows, and can do nothing else."""

from __future__ import annotations

import nbformat
import pytest
from html_that_acts import acts
from nbformat.v4 import new_code_cell, new_notebook, new_output

from coteach.grading.clean import clean, for_page


@pytest.mark.parametrize("evil", [
    "<script>hostile()</script>", "<SCRIPT SRC=//x>", "<scr<script>ipt>hostile()</script>",
    "<img src=x onerror=hostile()>", "<img src='javascript:hostile()'>", "<svg/onload=hostile()>",
    "<svg><script>hostile()</script></svg>", "<math><mtext><style><img src=x onerror=hostile()>",
    "<iframe srcdoc='<script>hostile()</script>'></iframe>", "<style>*{display:none}</style>",
    "<a href='java\nscript:hostile()'>x</a>", "<a href=' &#106;avascript:hostile()'>x</a>",
    "<a href='data:text/html,<script>hostile()</script>'>x</a>", "<base href=//x>",
    "<meta http-equiv=refresh content='0;url=//x'>", "<form action=//x><button>a</button></form>",
    "<div style='position:fixed;background:url(//x)'>a</div>", "<div onclick=hostile()>a</div>",
    "<p title='\"><script>hostile()</script>'>a</p>", "<!--<img src=x onerror=hostile()>-->",
    "<![CDATA[<script>hostile()</script>]]>", "<?xml <script>hostile()</script>?>",
    "<table><a href='vbscript:x'><td background='javascript:x'>", "<xmp><script>hostile()</script>",
    "<img src=\"`onerror=hostile()`\">", "<noscript><p title='</noscript><img src=x onerror=h()>'>",
    "<p", "</p></div></body></html>", "<div>" * 5000, "\0<scr\0ipt>hostile()</script>"])
def test_nothing_runs_calls_or_covers(evil):
    said = clean(evil)
    assert acts(said) == []
    assert said.count("<div>") == said.count("</div>")
    assert clean(clean(evil)) == clean(evil)


def test_tables_pictures_links_and_coloured_code_stay():
    kept = ('<table class="dataframe"><thead><tr><th scope="col">a</th></tr></thead>'
            '<tbody><tr><td colspan="2">1 &lt; 2</td></tr></tbody></table>'
            '<p>ä <b>b</b> &amp; <img src="data:image/png;base64,AAAA" alt="x" width="10"></p>'
            '<div class="highlight hl-python"><pre><span class="k">def</span></pre></div>')
    assert clean(kept) == kept
    assert clean('<a href="https://example.org/?a=1&amp;b=2">x</a>') == (
        '<a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer nofollow">x</a>')


def test_an_answer_can_not_look_like_a_part_of_the_page():
    assert clean('<section class="fb-part" id="part-x"><strong class="fb-score">9</strong>'
                 '<!--ct:score 9 9--></section>') == "<strong>9</strong>"
    assert clean('<div class="fb-score highlight">9</div>') == '<div class="highlight">9</div>'


def test_outputs_keep_only_what_a_page_may_show():
    cell = new_code_cell("x", outputs=[new_output("display_data", {
        "text/html": "<b>a</b>", "application/javascript": "hostile()", "text/plain": "a",
        "image/png": "AAAA\n", "application/vnd.x+json": {"a": 1},
        "image/jpeg": '"><script>hostile()</script>'},
        metadata={"image/png": {"width": "1 onerror=hostile()"}, "text/html": {"isolated": True}})])
    made = nbformat.from_dict(new_notebook(cells=[cell]))
    for_page(made)
    output = made.cells[0].outputs[0]
    assert dict(output.data) == {"text/html": "<b>a</b>", "text/plain": "a", "image/png": "AAAA\n"}
    assert output.metadata == {}
