"""A picture of the page made to stand alone: the page's style written into every element, for browsers, Inkscape and papers.

Programs that draw SVG differ in how much CSS they know: variables, inherited colours and nested rules are lost in many. So
each rule of the page's style that applies is written as an attribute, with plain colours; the light dress, as printed.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SVG = "http://www.w3.org/2000/svg"
FONTS = "'Noto Sans', 'DejaVu Sans', 'Liberation Sans', Arial, Helvetica, sans-serif"
"""Named, so that a paper's figure looks alike wherever it is drawn."""
_KNOWN = (
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap", "stroke-opacity",
    "opacity", "font-size", "font-weight", "font-style", "paint-order",
)  # fmt: skip
"""Properties that SVG has as attributes and our style uses."""
_COMPOUND = re.compile(r"([a-z]*)((?:\.[\w-]+)*)")
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")


class _Rule(NamedTuple):
    """What a style rule says of the last of the elements that its selector names, from the outermost on."""

    selector: tuple[tuple[str, frozenset[str]], ...]
    weight: tuple[int, int, int]
    says: dict[str, str]


def dressed(svg: str) -> str:
    """Return a whole SVG picture with its style as attributes: no variables, classes or style sheet are left."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    for style in [e for parent in root.iter() for e in parent if _name(e) == "style"]:
        next(parent for parent in root.iter() if style in list(parent)).remove(style)
    _dress(root, [], "#000000")
    root.set("font-family", FONTS)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _dress(element: Element, above: list[tuple[str, frozenset[str]]], colour: str) -> None:
    here = [*above, (_name(element), frozenset(element.attrib.pop("class", "").split()))]
    says: dict[str, str] = {}
    for rule in _rules():
        if _applies(rule.selector, here):
            says |= rule.says
    colour = _plain(says.get("color", colour), colour)
    for name, value in says.items():
        if name in _KNOWN and value != "inherit":
            element.set(name, _plain(value, colour).removesuffix("px"))
    for name in ("fill", "stroke"):
        if name in element.attrib:
            element.set(name, _plain(element.attrib[name], colour))
    for child in element:
        _dress(child, here, colour)
    _part_halos(element)


def _part_halos(element: Element) -> None:
    """Draw a text's outline as a text of its own under it: ``paint-order``, which puts it there, is not known everywhere."""
    for row, child in reversed(list(enumerate(element))):
        if _name(child) == "text" and child.attrib.pop("paint-order", ""):
            halo = Element(child.tag, {**child.attrib, "fill": "none", "aria-hidden": "true"})
            halo.text = child.text
            element.insert(row, halo)
            for name in [name for name in child.attrib if name.startswith("stroke")]:
                del child.attrib[name]


def _applies(selector: tuple[tuple[str, frozenset[str]], ...], here: list[tuple[str, frozenset[str]]]) -> bool:
    """Tell whether the last element is meant: it by the selector's last part, those around it by the parts before."""
    *outer, last = selector
    if not _fits(last, here[-1]):
        return False
    at = len(here) - 1
    for part in reversed(outer):
        at = next((k for k in range(at - 1, -1, -1) if _fits(part, here[k])), -1)
        if at < 0:
            return False
    return True


def _fits(part: tuple[str, frozenset[str]], element: tuple[str, frozenset[str]]) -> bool:
    return part[0] in ("", element[0]) and part[1] <= element[1]


def _plain(value: str, colour: str) -> str:
    """Return a value without variables or reference to the colour around it."""
    value = _VARIABLE.sub(lambda found: _variables()[found[1]], value)
    return value.replace("currentColor", colour)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


@cache
def _style() -> str:
    """Return the page's style without its comments and its rules for screens in the dark, small ones and print."""
    folder = resources.files("alprsim.report")
    text = "".join(folder.joinpath(f"{name}.css").read_text("utf-8") for name in ("style", "week"))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text)


@cache
def _variables() -> dict[str, str]:
    return dict(re.findall(r"(--[\w-]+):\s*([^;}]+?)\s*[;}]", _style()))


@cache
def _rules() -> list[_Rule]:
    """Return the rules whose selectors are of elements and classes alone, the weakest first."""
    found: list[_Rule] = []
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", _style()):
        says = {name.strip(): value.strip() for name, _, value in (part.partition(":") for part in body.split(";"))}
        for one in selectors.split(","):
            parts = [_COMPOUND.fullmatch(part) for part in one.split()]
            if all(parts):
                selector = tuple((p[1], frozenset(p[2].split(".")) - {""}) for p in parts if p)
                weight = (sum(len(c) for _, c in selector), sum(bool(n) for n, _ in selector), len(found))
                found.append(_Rule(selector, weight, says))
    return sorted(found, key=lambda rule: rule.weight)
