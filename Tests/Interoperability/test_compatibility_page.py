"""Sources/Documentation/compatibility.md names tests; here is what keeps those names true."""

import re

from conftest import ROOT

PAGE = (ROOT / "Sources/Documentation/compatibility.md").read_text()


def test_every_test_that_the_page_names_exists():
    scenarios = {
        f"{path.name}::{name}"
        for path in (ROOT / "Tests/Interoperability").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    swift = {
        f"{path.stem}/{name}"
        for path in (ROOT / "Tests").rglob("*Tests.swift") for name in re.findall(r"func `([^`]+)`", path.read_text())
    }
    named = set(re.findall(r"`(test_\w+\.py::\w+|\w+Tests/[^`]+)`", PAGE))
    assert len(named) > 100
    assert named <= scenarios | swift, sorted(named - scenarios - swift)


def test_every_point_is_there_once():
    points = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    assert points == list(range(1, 108))
