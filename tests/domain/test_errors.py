import inspect

from fulfillment.domain import errors
from fulfillment.domain.errors import DomainError


def drawn() -> dict[str, str]:
    """Return child -> parent, as the module's docstring draws the tree."""
    parents: dict[int, str] = {0: "DomainError"}
    family: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        at = line.find("── ")
        if at < 0:
            continue
        depth = (at - 1) // 4 + 1
        name = line[at + 3 :].split()[0]
        family[name] = parents[depth - 1]
        parents[depth] = name
    return family


def written() -> dict[str, str]:
    """Return child -> parent, as the classes have it."""
    classes = inspect.getmembers(errors, inspect.isclass)
    return {name: each.__bases__[0].__name__ for name, each in classes if each is not DomainError}


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert drawn() == written()


def test_every_refusal_belongs_to_one_of_the_four_families() -> None:
    families = {"Invalid", "Forbidden", "NotFound", "Conflict"}

    assert {parent for name, parent in written().items() if name not in families} == families


def test_every_refusal_says_in_a_docstring_what_is_true() -> None:
    silent = [
        name
        for name, each in inspect.getmembers(errors, inspect.isclass)
        if not inspect.getdoc(each) or (each is not DomainError and each.__doc__ is None)
    ]

    assert silent == []
