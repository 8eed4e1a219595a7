"""How Stripe is asked and how it lists: form bodies with brackets, parameters, expansion, pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from stripe import RequestOptions

from tests.gateways.stripe.books import Books, Object, invalid

MOST_PER_PAGE = 100

OPTIONS = frozenset(RequestOptions.__annotations__)
"""What the SDK's parameters have besides: they are headers, and no parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was let in. `whim` is what a fault wants to happen inside of it."""

    op: str
    method: str
    path: str
    params: Mapping[str, Any]
    ids: Sequence[str] = ()
    key: str | None = None
    request: str = ""
    whim: str = ""
    code: str = ""

    def text(self, name: str) -> str | None:
        value = self.params.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"Invalid string: {name}", param=name)
        return value

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return value

    def number(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,12}", value):
            raise invalid(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
        return int(value)

    def amount(self, name: str = "amount") -> int | None:
        value = self.number(name)
        if value is not None and value < 1:
            raise invalid(f"Invalid positive integer: {value}", code="parameter_invalid_integer", param=name)
        return value

    def flag(self, name: str) -> bool:
        value = self.text(name)
        if value not in {None, "true", "false"}:
            raise invalid(f"Invalid boolean: {value}", param=name)
        return value == "true"

    def metadata(self) -> dict[str, str]:
        """Return the metadata, within Stripe's limits: 50 keys of 40 characters, values of 500."""
        given = self.params.get("metadata") or {}
        if not isinstance(given, dict) or len(given) > 50:
            raise invalid("Metadata can have up to 50 keys", param="metadata")
        for name, value in given.items():
            if len(name) > 40 or not isinstance(value, str) or len(value) > 500:
                raise invalid(f"Invalid metadata: {name}", param=f"metadata[{name}]")
        return dict(given)

    def with_whim(self, whim: str, code: str) -> "Asked":
        return replace(self, whim=whim, code=code)

    def only(self, known: Any) -> None:
        """Refuse parameters that are not among the SDK's `known` ones, which are one of `stripe.params`."""
        # Any: mypy has no word for "a TypedDict class".
        names = (known.__required_keys__ | known.__optional_keys__) - OPTIONS
        for name in self.params:
            if name not in names:
                raise invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


@dataclass(slots=True)
class _Node:
    value: str | None = None
    children: "dict[str, _Node]" = field(default_factory=dict)

    def plain(self) -> Any:
        if not self.children:
            return self.value
        if all(name.isdigit() or not name for name in self.children):
            return [child.plain() for child in self.children.values()]
        return {name: child.plain() for name, child in self.children.items()}


def parsed(form: str) -> dict[str, Any]:
    """Return `a=1&b[c]=2&d[0]=3` as `{"a": "1", "b": {"c": "2"}, "d": ["3"]}`."""
    root = _Node()
    for path, value in parse_qsl(form, keep_blank_values=True):
        node = root
        for name in re.findall(r"[^\[\]]+|(?<=\[)(?=\])", path):
            # `d[]=3&d[]=4` has no numbers; the position is one.
            at = name or str(len(node.children))
            node = node.children.setdefault(at, _Node())
        node.value = value
    plain = root.plain()
    return plain if isinstance(plain, dict) else {}


def listed(asked: Asked, found: Sequence[Object]) -> Object:
    """Return the page of `found` (oldest first) that was asked for: newest first, 10 unless told."""
    limit = asked.number("limit") if "limit" in asked.params else 10
    if limit is None or not 1 <= limit <= MOST_PER_PAGE:
        raise invalid("Invalid limit: must be from 1 to 100", param="limit")
    newest = [one for one in reversed(found) if _in_range(asked.params.get("created"), one["created"])]
    ids = [one["id"] for one in newest]
    if after := asked.text("starting_after"):
        newest = newest[_place(ids, after, "starting_after") + 1 :]
    elif before := asked.text("ending_before"):
        newest = newest[: _place(ids, before, "ending_before")][-limit:]
    return {
        "object": "list",
        "data": newest[:limit],
        "has_more": len(newest) > limit,
        "url": asked.path,
    }


def expanded(books: Books, answer: Object, paths: object) -> Object:
    """Return `answer` with the objects in place whose ids are at `paths`, such as `data.latest_charge`."""
    for path in paths if isinstance(paths, list) else []:
        answer = _expand(books, answer, str(path).split("."))
    return answer


def _expand(books: Books, value: Any, path: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_expand(books, one, path) for one in value]
    if isinstance(value, str):
        value = books.objects.get(value, value)
    if not path or not isinstance(value, dict):
        return value
    name, *rest = path
    if name not in value:
        raise invalid(f"This property cannot be expanded ({name}).", param="expand")
    return {**value, name: _expand(books, value[name], rest)}


def _in_range(wanted: Any, created: int) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return created == int(wanted)
    return (
        created > int(wanted.get("gt", -1))
        and created >= int(wanted.get("gte", 0))
        and created < int(wanted.get("lt", created + 1))
        and created <= int(wanted.get("lte", created))
    )


def _place(ids: Sequence[str], id: str, param: str) -> int:
    if id not in ids:
        raise invalid(f"No such object: '{id}'", code="resource_missing", param=param)
    return ids.index(id)
