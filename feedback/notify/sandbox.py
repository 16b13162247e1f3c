"""What an edited template may do: print facts, choose between words, go through one list.

District administrators type these, so they must end, and soon, and reach nothing but the facts.
Jinja's sandbox forbids the reach; here everything that could run long is left out of the language:
no call, no sum, no macro, no loop in a loop.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

from .filters import FILTERS

ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.If, nodes.CondExpr, nodes.And, nodes.Or,
    nodes.Not, nodes.Compare, nodes.Operand, nodes.For, nodes.Assign, nodes.Dict, nodes.Pair,
)  # fmt: skip


class _Sandbox(ImmutableSandboxedEnvironment):
    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow what the sandbox allows, but no method: nothing can call it, and it prints badly."""
        return super().is_safe_attribute(obj, attr, value) and not callable(value)


@lru_cache(maxsize=1)
def _sandbox() -> _Sandbox:
    sandbox = _Sandbox(undefined=StrictUndefined)
    sandbox.filters = {**FILTERS, "length": sandbox.filters["length"]}
    sandbox.globals.clear()  # range, lipsum and the like
    return sandbox


@lru_cache(maxsize=256)
def compiled(source: str) -> Template:
    """Return an edited template ready to be rendered.

    Raises jinja2.TemplateSyntaxError for what is no template and SecurityError for what goes beyond
    what an edited template may do.
    """
    return _sandbox().from_string(_parsed(source))


def facts_used(source: str) -> set[str]:
    """Return the names of the facts that a template reads. Raises as `compiled` does."""
    return find_undeclared_variables(_parsed(source))


def _parsed(source: str) -> nodes.Template:
    """Return a template taken apart. Whatever looks deeper into it already works out its sums."""
    page = _sandbox().parse(source)
    for problem in _problems(page):
        raise SecurityError(problem)
    return page


def _problems(page: nodes.Template) -> Iterator[str]:
    for node in page.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            yield f"not allowed: {type(node).__name__}"
    for loop in page.find_all(nodes.For):
        if not _is_list_of_facts(loop.iter) or loop.find(nodes.For):
            yield "a loop goes through one list of facts only"
    for kept in page.find_all(nodes.Assign):
        if not isinstance(kept.node, nodes.Dict | nodes.Const):
            yield "only a table of words may be kept under a name"


def _is_list_of_facts(node: nodes.Node) -> bool:
    return isinstance(node.node if isinstance(node, nodes.Getitem) else node, nodes.Name)
