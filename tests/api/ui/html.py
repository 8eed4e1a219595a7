"""Pages, read back: their forms and texts, and whether they are what a browser and a screen reader expect."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
OUTWARDS = "external noopener noreferrer"
"""What a link has to say of itself that leads to others."""
CONTROLS = frozenset({"input", "textarea", "select"})


@dataclass(slots=True)
class Node:
    """An element; `inside` has elements and texts in their order."""

    tag: str
    attributes: dict[str, str]
    parent: "Node | None" = None
    inside: "list[Node | str]" = field(default_factory=list)

    def all(self, tag: str = "", **wanted: str) -> "Iterator[Node]":
        """Yield the elements in here with that tag and those attributes, from top to bottom."""
        for each in self.inside:
            if isinstance(each, Node):
                fits = all(each.attributes.get(name.rstrip("_")) == value for name, value in wanted.items())
                if fits and tag in {"", each.tag}:
                    yield each
                yield from each.all(tag, **wanted)

    def one(self, tag: str = "", **wanted: str) -> "Node":
        found = list(self.all(tag, **wanted))
        assert len(found) == 1, (tag, wanted, len(found))
        return found[0]

    @property
    def text(self) -> str:
        parts = (each if isinstance(each, str) else each.text for each in self.inside)
        return " ".join(" ".join(parts).split())

    @property
    def value(self) -> str:
        """What a control would send."""
        match self.tag:
            case "textarea":
                # As browsers do, and they drop the line break that follows the tag.
                return "".join(each for each in self.inside if isinstance(each, str)).removeprefix("\n")
            case "select":
                options = list(self.all("option"))
                chosen = [each for each in options if "selected" in each.attributes] or options
                return chosen[0].attributes["value"]
            case _:
                return self.attributes.get("value", "")

    def above(self, tag: str) -> bool:
        node = self.parent
        while node is not None and node.tag != tag:
            node = node.parent
        return node is not None


class _Reader(HTMLParser):
    """Builds the tree, and minds every tag that is closed wrongly or not at all."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.at = Node("", {})
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.faults.append(f"<{tag}> has an attribute twice: {names}")
        node = Node(tag, {name: value or "" for name, value in attrs}, parent=self.at)
        self.at.inside.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.inside.append(Node(tag, {name: value or "" for name, value in attrs}, parent=self.at))

    def handle_endtag(self, tag: str) -> None:
        if tag != self.at.tag:
            self.faults.append(f"</{tag}> closes <{self.at.tag}> at {self.getpos()}")
        self.at = self.at.parent or self.root

    def handle_data(self, data: str) -> None:
        self.at.inside.append(data)


def read(text: str) -> Node:
    """Return the root of a page, which has to be well-formed."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.faults == []
    assert reader.at is reader.root
    return reader.root


def faults(root: Node) -> list[str]:
    """Return what a page gets wrong that a person, a screen reader or our policy would mind."""
    return [*_twice(root), *_dangling(root), *_unlabelled(root), *_forbidden(root), *_structure(root)]


def _twice(root: Node) -> Iterator[str]:
    ids = [each.attributes["id"] for each in root.all() if "id" in each.attributes]
    yield from (f"the id {id} is there twice" for id in set(ids) if ids.count(id) > 1)


def _dangling(root: Node) -> Iterator[str]:
    ids = {each.attributes.get("id") for each in root.all()}
    for each in root.all():
        for name in ("for", "aria-describedby", "aria-labelledby"):
            yield from (
                f"{name}={id} leads nowhere" for id in each.attributes.get(name, "").split() if id not in ids
            )
        if each.attributes.get("href", "").startswith("#") and each.attributes["href"][1:] not in ids:
            yield f"the link {each.attributes['href']} leads nowhere"


def _unlabelled(root: Node) -> Iterator[str]:
    labelled = {each.attributes.get("for") for each in root.all("label")}
    for each in root.all():
        if each.tag not in CONTROLS or each.attributes.get("type") == "hidden":
            continue
        if each.attributes.get("id") not in labelled and not each.above("label"):
            yield f"{each.tag} {each.attributes.get('name')} has no label"
    yield from ("a button says nothing" for each in root.all("button") if not each.text)
    yield from ("a link says nothing" for each in root.all("a") if not each.text)


def _forbidden(root: Node) -> Iterator[str]:
    for each in root.all():
        bad = [name for name in each.attributes if name == "style" or name.startswith("on")]
        if bad:
            yield f"<{each.tag}> has {bad}"
        inline = each.tag == "style" or (each.tag == "script" and "src" not in each.attributes)
        if inline or each.tag in {"iframe", "object", "embed", "base"}:
            yield f"<{each.tag}> is there"
        if each.tag == "a" and each.attributes.get("rel") == OUTWARDS:
            continue
        for name in ("src", "href", "action"):
            leads_away = not each.attributes.get(name, "/").startswith(("/", "#", "?"))
            if leads_away and not _is_careful(each):
                yield f"{name}={each.attributes[name]} leads away"


def _is_careful(link: Node) -> bool:
    """Return whether a link leads to the web, and takes nothing of ours along."""
    kept = set(link.attributes.get("rel", "").split())
    to_the_web = link.attributes.get("href", "").startswith(("https://", "http://"))
    return link.tag == "a" and to_the_web and {"noopener", "noreferrer"} <= kept


def _structure(root: Node) -> Iterator[str]:
    for tag in ("main", "h1", "title"):
        # A picture has titles of its own.
        found = [each for each in root.all(tag) if not each.above("svg")]
        if len(found) != 1:
            yield f"there are {len(found)} of <{tag}>"
    if root.one("html").attributes.get("lang") != "en":
        yield "its language is not said"
    for each in root.all("form"):
        # What is looked for is no command; whoever looks for it may keep the address.
        asks = each.attributes.get("role") == "search" and each.attributes.get("method") == "get"
        if not (asks or each.attributes.get("method") == "post") or not each.attributes.get("action"):
            yield "a form does not say what it does"
