"""Diagrams: what they show, how they are saved, and what happens when there is no renderer."""

import pytest

from autograd_lite import Value, draw, tanh


def small():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = tanh(a * b / 4 + a)
    c.backward()
    return c


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b"digraph")])
def test_saves_by_suffix(tmp_path, suffix, start):
    assert draw(small()).save(tmp_path / f"graph.{suffix}").read_bytes().startswith(start)


def test_shows_in_a_notebook_as_an_image_which_even_an_untrusted_one_displays():
    html = draw(small())._repr_html_()
    assert html.startswith("<img ")
    assert 'src="data:image/svg+xml;base64,' in html


@pytest.mark.parametrize("roots", [None, "x", 3.0, [], [1.0]])
def test_only_values_can_be_drawn(roots):
    with pytest.raises(TypeError, match="roots"):
        draw(roots)
