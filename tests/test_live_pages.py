"""The security policy of a page: what it came with runs, and nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

pytest.importorskip("sphinx", reason="Sphinx is not installed: no page is built")

from tools.live_pages import LAB_POLICY, with_policy


def page(body: str) -> str:
    return f'<html><head><meta charset="utf-8" /></head><body>{body}</body></html>'


def hashed(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def scripts_of(body: str) -> list[str]:
    """Return what the policy of a page says of scripts."""
    policy = with_policy(page(body)).partition('content="')[2].partition('"')[0]
    (words,) = (one for one in policy.split("; ") if one.startswith("script-src "))
    return words.split()[1:]


@pytest.mark.parametrize("kind", ["", ' type="text/javascript"', ' type="module"', " data-src='x'"])
def test_script_within_the_page_is_allowed_by_its_hash(kind: str) -> None:
    """Whatever a browser would run has its hash, to the letter."""
    assert scripts_of(f"<script{kind}>a && b < c\n</script>") == ["'self'", hashed("a && b < c\n")]


@pytest.mark.parametrize(
    "tag", ['<script src="x.js"></script>', '<script type="text/x-data">x</script>', "<p>x</p>"]
)
def test_what_runs_nothing_needs_no_hash(tag: str) -> None:
    """Files of the site are allowed as such, and data is not run."""
    assert scripts_of(tag) == ["'self'"]


def test_each_handler_of_a_tag_is_allowed_by_its_hash() -> None:
    """Handlers count as the browser reads them, several in one tag as well."""
    found = scripts_of('<button onclick="go(&quot;x&quot;)" onfocus="stay()">')
    assert found[:2] == ["'self'", "'unsafe-hashes'"]
    assert sorted(found[2:]) == sorted([hashed('go("x")'), hashed("stay()")])


def test_policy_stands_behind_the_encoding_and_once() -> None:
    """The encoding stays in the first kilobyte; a page that has a policy keeps it."""
    once = with_policy(page("<script>1</script>"))
    assert once.startswith(
        '<html><head><meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy"'
    )
    assert with_policy(once) == once


def test_page_that_speaks_of_policies_has_one() -> None:
    """The words alone are no policy."""
    assert scripts_of("<p>Content-Security-Policy</p><script>1</script>") == ["'self'", hashed("1")]


def test_policy_lets_nothing_else_in() -> None:
    """Neither other sites, nor plug-ins, nor another base for addresses."""
    policy = with_policy(page(""))
    for words in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"):
        assert words in policy
    assert "unsafe-eval" not in policy
    assert "http:" not in policy


def test_lab_may_compile_but_asks_nobody_else() -> None:
    """JupyterLite gets one freedom that pages haven't, and no other host."""
    policy = with_policy(page("<script>1</script>"), LAB_POLICY)
    assert f"script-src 'self' 'unsafe-eval' {hashed('1')};" in f"{policy};"
    assert "connect-src 'self' data: blob:" in policy
    assert "http" not in policy.partition('content="')[2].partition('"')[0]
