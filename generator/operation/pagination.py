"""Pagination: an operation that returns a list page by page gets an iterator over all items.

`x-pages` says how, or else the names of parameters and properties do, as most APIs choose them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from generator.document.document import Node
from generator.errors import SpecError
from generator.python.naming import free_name, python_name
from generator.schema.types import NONE, Array, Field, Model, Named, Scalar, Type, union

from .model import USED_IN_METHODS, Operation, Pagination, Parameter, Way

Argument: TypeAlias = Parameter | Field

_SAFE = frozenset({"GET", "QUERY"})
"""Methods that only ask for something; a POST may do so, too."""
_KEYS = frozenset({"method", "items", "offset", "total", "marker", "next", "page", "link", "header"})
_WAYS = ("offset", "marker", "page", "link", "header")

# All names below are written as `_plain_name` writes them: nextCursor, next_cursor and next-cursor are one.
_ITEMS = ("entries", "items", "data", "results", "values", "records")
_ITEMS_OF_SPRING = "content"
_TOTAL_OF_SPRING = "totalelements"
_ASIDE = frozenset({"errors", "warnings"})
"""Arrays beside the items."""
_MAY_BE_ASIDE = frozenset({"links", "messages", "errormessages", "warningmessages"})
"""Arrays that are beside the items if there is another one."""
_ENVELOPES = frozenset({"data", "result", "response", "payload"})
"""Objects that a response may have its page in."""
_WRAPPERS = frozenset(
    {
        *("meta", "metadata", "responsemetadata", "pagination", "paging", "page", "pages", "pageinfo", "resultinfo"),
        *("links", "cursor", "cursors", "next", "nextpage"),
    }
)
"""Objects in a page that say where it is in the list; one may be in another."""
_DEPTH = 3
_MARKERS: Mapping[str, tuple[str, ...]] = {
    "marker": ("nextmarker",),
    "cursor": ("nextcursor", "endcursor", "cursor", "next"),
    "nextcursor": ("nextcursor",),
    "startcursor": ("nextcursor",),
    "pagecursor": ("nextcursor", "nextpagecursor", "next"),
    "pagetoken": ("nextpagetoken",),
    "nextpagetoken": ("nextpagetoken",),
    "nexttoken": ("nexttoken",),
    "paginationtoken": ("nexttoken",),
    "continuationtoken": ("nextcontinuationtoken", "continuationtoken"),
    "continue": ("continue",),
    "after": ("after", "nextcursor", "endcursor", "cursor"),
    "pageafter": ("after", "nextcursor", "endcursor", "cursor"),
    "startingafter": ("startingafter",),
    "page": ("nextpage", "page"),
}
"""Parameters, each with the properties that hold its value for the next page."""
_OPPOSITES = {"after": "before", "afterid": "beforeid", "pageafter": "pagebefore", "startingafter": "endingbefore"}
"""Parameters that go on in a list, each with the one that goes back."""
_OF_MARKERS = frozenset({"str", "int", "float", "UUID"})
_AHEAD = ("next", "end")
"""How a property that leads to the number of the next page begins; others may repeat that of this one."""
_INNER = frozenset({"after", "next", "page", "startingafter"})
"""Properties that only hold a marker inside of a wrapper; elsewhere they may repeat the parameter, or be a URL."""
_LINKS = frozenset(
    {
        *("nextlink", "odatanextlink", "nexthref", "nexturl"),
        *("nextpagelink", "nextpageurl", "nextpageuri"),
    }
)
_SAYS_URL = re.compile(r"\b(url|uri|link|hyperlink|href)s?\b", re.IGNORECASE)
_NUMBERS = frozenset({"int", "float"})
"""Types of whole numbers: in JavaScript, each number has the same type."""
_OFFSETS = ("offset", "skip", "startat")
_TOTALS = ("totalcount", "total", "totalentries")
_PAGE_COUNTS = ("totalpages", "pagecount", "numpages", "pages")
_MORE = ("hasmore", "hasnextpage", "hasnext")
"""Properties that say whether there is a further page."""
_PAGES = ("page", "pagenumber")
_SIZES = frozenset(
    {
        *("limit", "count", "size", "perpage", "pagesize", "pagelimit", "itemsperpage", "resultsperpage"),
        *("max", "maxresults", "maxitems", "take", "top"),
    }
)
"""Parameters that say how large a page is."""
_ASKED = _SIZES | _MARKERS.keys() | {*_OFFSETS, *_PAGES}
"""Parameters that say that an operation is asked for pages."""


@dataclass(frozen=True)
class _Place:
    """A value in a page: the page itself, a property of it, or one of an object in it."""

    value: str
    """Python expression of it, if the objects around it are there: `_page.meta.next_cursor`."""
    type: Type
    field: Field | None = None
    owner: _Place | None = None

    @property
    def fields(self) -> dict[str, _Place]:
        """The properties of it, if it is an object."""
        model = _model(self.type)
        fields = model.fields if model else []
        return {field.wire_name: _Place(f"{self.value}.{field.name}", field.type, field, self) for field in fields}

    @property
    def owners(self) -> list[_Place]:
        """The objects around it, the outermost one first."""
        return [*self.owner.owners, self.owner] if self.owner else []

    @property
    def around(self) -> list[_Place]:
        """The objects that may say more of the list whose items this is, the response first."""
        return self.owners or [self]

    @property
    def names(self) -> list[str]:
        """The plain names of the properties that lead to it."""
        return [_plain_name(place.field.wire_name) for place in (*self.owners, self) if place.field]

    @property
    def name(self) -> str:
        """Its plain name, empty for the page itself."""
        return self.names[-1] if self.field else ""

    @property
    def guards(self) -> list[str]:
        """Conditions that the objects around it are there, which servers do not even keep where they document it."""
        # A type checker may refuse the truth of what is always true, but not a call of `bool`.
        return [
            place.value if place.may_be_missing else f"bool({place.value})"
            for place in self.owners
            if place.field or place.may_be_missing
        ]

    @property
    def expression(self) -> str:
        """Python expression of it; None if an object around it is missing."""
        return f"{self.value} if {' and '.join(self.guards)} else None" if self.guards else self.value

    @property
    def is_text(self) -> bool:
        return _plain(self.type) == {"str"}

    @property
    def is_number(self) -> bool:
        return _is_number(self.type)

    @property
    def is_required(self) -> bool:
        return self.field is None or self.field.required

    @property
    def may_be_missing(self) -> bool:
        """Whether the document says that it may be absent or null."""
        return not self.is_required or NONE in self.type.members


def read_pagination(node: Node, operation: Operation, taken: Collection[str]) -> Pagination | None:
    """Return how to iterate over what an operation lists, or None if it does not list pages.

    Args:
        node: The operation in the document.
        operation: The operation as it was read.
        taken: Names that the iterator's method must not have.

    Raises:
        SpecError: `x-pages` does not fit the operation.
    """
    pages = node.get("x-pages")
    if pages is not None:
        return _as_told(pages, operation, taken)
    return _by_convention(operation, taken) if operation.method in {*_SAFE, "POST"} else None


def _as_told(pages: Node, operation: Operation, taken: Collection[str]) -> Pagination:
    """Return how `x-pages` says it."""
    if unknown := sorted(set(pages.object()) - _KEYS):
        raise SpecError(pages.place, f"{unknown[0]!r} is not one of {', '.join(sorted(_KEYS))}")
    method = pages / "method"
    if method.text() != python_name(method.text(), taken=taken):
        raise SpecError(
            method.place, f"{method.value!r} cannot be the name of another method; use a free snake_case one"
        )
    given = [name for name in _WAYS if name in pages.object()]
    page = _page(operation, by_header="header" in given)
    is_bare = "items" not in pages.object() and _item(page.type) is not None
    if not is_bare and not _model(page.type):
        rule = "needs one success with one body, an object with properties, or without `items` an array"
        raise SpecError(pages.place, rule)
    if len(given) != 1:
        rule = "what says which page is asked for"
        raise SpecError(pages.place, f"needs one of {', '.join(_WAYS)}: {rule}")
    items = page if is_bare else _property(page, pages / "items")
    item = _item(items.type)
    if item is None:
        raise SpecError(f"{pages.place}/items", f"{(pages / 'items').value!r} is not an array")
    way = _told_way(pages, given[0], operation, page)
    return Pagination(method.value, item, items.expression, way, _others(operation), _opposites(operation, way))


def _told_way(pages: Node, way: str, operation: Operation, page: _Place) -> Way:
    if way == "header":
        if (pages / "header").text().lower() != "link":
            raise SpecError(f"{pages.place}/header", "must be Link: no other header field names the next page")
        return _linked(operation, "_pager.link_in(_page.headers)")
    if way == "link":
        return _linked(operation, _text_property(page, pages / "link").expression)
    argument = _argument(operation, pages / way, is_marker=way == "marker")
    if way == "marker":
        return _told_marker(argument, pages, _property(page, pages / "next", is_required=False))
    if way == "page":
        return _numbered(argument)
    total = _property(page, pages / "total")
    if not total.is_number:
        raise SpecError(f"{pages.place}/total", f"{(pages / 'total').value!r} is not an integer")
    return _counted(argument, total.expression)


def _told_marker(argument: Argument, pages: Node, following: _Place) -> Way:
    marker = (pages / "marker").value
    if argument.required:
        raise SpecError(f"{pages.place}/marker", f"{marker!r} is required, so that nothing asks for the first page")
    if not _takes(argument, following):
        raise SpecError(f"{pages.place}/next", f"{(pages / 'next').value!r} has not the type of {marker!r}")
    return _marked(argument, following, following.expression)


def _arguments(operation: Operation) -> list[Argument]:
    """Return what may say which page is asked for: the parameters in the query, and the properties of the body."""
    in_query = [parameter for parameter in operation.parameters_in("query") if not parameter.is_client_option]
    return [*in_query, *(operation.body.arguments if operation.body and operation.body.model else ())]


def _argument(operation: Operation, node: Node, *, is_marker: bool) -> Argument:
    kinds = _OF_MARKERS if is_marker else _NUMBERS
    for argument in _arguments(operation):
        if argument.wire_name == node.text() and kinds & _plain(argument.type):
            return argument
    what = "a string or integer" if is_marker else "an integer"
    where = " or property of the body" if operation.body else ""
    raise SpecError(node.place, f"{node.value!r} is not {what} parameter in the query{where}")


def _property(page: _Place, node: Node, *, is_required: bool = True) -> _Place:
    found = _find(page, node.text())
    if found is None or (is_required and not found.is_required):
        kind = "a required property" if is_required else "a property"
        raise SpecError(node.place, f"{node.value!r} is not {kind} of the response")
    return found


def _text_property(page: _Place, node: Node) -> _Place:
    found = _property(page, node, is_required=False)
    if not found.is_text:
        raise SpecError(node.place, f"{node.value!r} is not a string")
    return found


def _find(place: _Place, path: str) -> _Place | None:
    """Return the property that names with dots between them lead to; a name may have dots itself."""
    for name, inner in place.fields.items():
        if path == name:
            return inner
        if path.startswith(f"{name}.") and (found := _find(inner, path[len(name) + 1 :])):
            return found
    return None


def _by_convention(operation: Operation, taken: Collection[str]) -> Pagination | None:
    """Return how the names of parameters and properties say it."""
    page = _page(operation)
    items = _items(page)
    if items is None:
        return None
    arguments: dict[str, Argument] = {}
    for argument in _arguments(operation):
        arguments.setdefault(_plain_name(argument.wire_name), argument)
    # An object with one array may be something else, such as a user with roles and links.
    is_list = items is page or _has_usual_name(items) or bool(arguments.keys() & _ASKED)
    way = _marker_way(items, arguments) or _way_of_body(operation, items, arguments, is_list=is_list)
    if way is None and is_list:
        way = _way_of_parameters(operation, items, arguments)
    item = _item(items.type)
    if way is None or item is None or not (operation.method in _SAFE or _is_answer(items, way)):
        return None
    items = _items(_page(operation, by_header=way.reads_header)) or items
    method = python_name(f"iter_{re.sub('^(get|list)(_|$)', '', operation.name) or 'all'}", taken=taken)
    return Pagination(method, item, items.expression, way, _others(operation), _opposites(operation, way))


def _is_answer(items: _Place, way: Way) -> bool:
    """Return whether a page says how the list goes on, which what a POST creates does not."""
    said = [place.name for place in _places(items.around) if _plain(place.type) <= _NUMBERS | {"bool"}]
    return bool(way.marker) or any(name in {*_TOTALS, _TOTAL_OF_SPRING, *_PAGE_COUNTS, *_MORE} for name in said)


def _items(page: _Place) -> _Place | None:
    """Return the items of a page: the page itself, a property with a usual name, or the only array, or one of objects.

    A response may have its page in another object, beside a status for example.
    """
    if _item(page.type):
        return page
    envelopes = [place for place in page.fields.values() if place.name in _ENVELOPES and page.owner is None]
    enclosed = [items for envelope in envelopes if (items := _items(envelope)) and items is not envelope]
    arrays = [place for place in page.fields.values() if _item(place.type) and place.name not in _ASIDE]
    named = [place for name in (*_ITEMS, _ITEMS_OF_SPRING) for place in arrays if place.name == name]
    usual = [place for place in named if _has_usual_name(place)]
    usual += [items for items in enclosed if _has_usual_name(items)]
    if len(arrays) > 1:
        arrays = [place for place in arrays if place.name not in _MAY_BE_ASIDE and _is_object(_item(place.type))]
    return next(iter(usual or (arrays if len(arrays) == 1 else enclosed)), None)


def _has_usual_name(items: _Place) -> bool:
    """Return whether an array is called as the items of a page are; `content` is if the page is one of Spring."""
    if items.name in _ITEMS or items.name != _ITEMS_OF_SPRING or not items.owner:
        return items.name in _ITEMS
    beside = {place.name for place in _places([items.owner])}
    return _TOTAL_OF_SPRING in beside or {"totalpages", "number"} <= beside


def _marker_way(items: _Place, arguments: Mapping[str, Argument]) -> Way | None:
    """Return the way of pages that are asked for by what the page before says."""
    places = list(_places(items.around))
    # Where there are offsets, pages are by offset until a call asks for markers, by `usemarker` for example.
    is_asked_for = "usemarker" in arguments or any(name in arguments for name in _OFFSETS)
    for name in [name for name in _MARKERS if name in arguments] if not is_asked_for else ():
        found = [place for end in _MARKERS[name] for place in places if place.name == end]
        if marker := next((place for place in found if _may_be_marker(place, name, arguments[name])), None):
            return _marked(arguments[name], marker, _unless_last(marker, places))
    texts = {name: found for name, found in arguments.items() if _plain(found.type) == {"str"} and not found.required}
    own = {place.name: place for place in places if place.owner in items.around}
    more, last = own.get("hasmore"), own.get("lastid")
    if more is None or not more.is_required or _plain(more.type) != {"bool"}:
        return None
    has_more = list(dict.fromkeys([*more.guards, more.value, *items.guards]))
    for name in ("afterid", "after"):
        if name in texts and last and last.is_text:
            return _marked(texts[name], last, f"{last.value} if {' and '.join(has_more)} else None")
    model = _model(_item(items.type) or NONE)
    id_ = next((field for field in model.fields if field.wire_name == "id"), None) if model else None
    if id_ and id_.required and _plain(id_.type) == {"str"} and "startingafter" in texts:
        last_item = _Place(f"{items.value}[-1].{id_.name}", id_.type)
        following = f"{last_item.value} if {' and '.join([*has_more, items.value])} else None"
        return _marked(texts["startingafter"], last_item, following)
    return None


def _way_of_body(
    operation: Operation, items: _Place, arguments: Mapping[str, Argument], *, is_list: bool
) -> Way | None:
    """Return the way of pages that say how many items there are, or where the next one is."""
    total = _count([place for page in items.around for place in page.fields.values()], _TOTALS)
    offset = _number(arguments, _OFFSETS)
    if offset and total and (_has_usual_name(items) or arguments.keys() & _SIZES):
        return _counted(offset, total.expression)
    links = [place for place in _places(items.around) if _is_link(place) and (is_list or "links" not in place.names)]
    # Whether a URL takes a POST, nobody knows.
    return _linked(operation, links[0].expression) if links and operation.method in _SAFE else None


def _unless_last(marker: _Place, places: Collection[_Place]) -> str:
    """Return the expression of a marker, None if the page says that it is the last one, which may have one as well."""
    more = next((place for place in places if place.name in _MORE and _plain(place.type) == {"bool"}), None)
    if more is None:
        return marker.expression
    says_more = f"({more.expression}) is not False" if more.guards else f"{more.value} is not False"
    return f"{marker.value} if {' and '.join([*marker.guards, says_more])} else None"


def _count(places: Iterable[_Place], names: Collection[str]) -> _Place | None:
    """Return the first of some names that is a whole number."""
    found = {place.name: place for place in places if place.is_number}
    return next((found[name] for name in names if name in found), None)


def _way_of_parameters(operation: Operation, items: _Place, arguments: Mapping[str, Argument]) -> Way | None:
    """Return how pages are asked for that say nothing of the next one."""
    headers = [name.lower() for response in operation.successes for name, _ in response.headers]
    if "link" in headers and operation.method in _SAFE:
        return _linked(operation, "_pager.link_in(_page.headers)")
    offset, number = _number(arguments, _OFFSETS), _number(arguments, _PAGES)
    # The tags of one thing are no page, although they are its only array.
    may_be_page = items.field is None or _is_object(_item(items.type))
    is_sure = _has_usual_name(items) or (may_be_page and bool(arguments.keys() & _SIZES))
    if offset and is_sure:
        return _counted(offset, "")
    if number is None or not (is_sure or items.field is None):
        return None
    pages = _count(_places(items.around), _PAGE_COUNTS)
    return _numbered(number, pages.expression if pages else "")


def _places(parents: list[_Place], depth: int = 0) -> Iterator[_Place]:
    """Yield the properties of objects, and then those of the wrappers in them."""
    inner = [place for parent in parents for place in parent.fields.values()]
    yield from inner
    if inner and depth < _DEPTH:
        yield from _places([place for place in inner if place.name in _WRAPPERS], depth + 1)


def _may_be_marker(place: _Place, name: str, argument: Argument) -> bool:
    """Return whether a property may hold the value of an argument for the next page."""
    if argument.required or not _takes(argument, place):
        return False
    if place.is_number:
        # Pages with numbers are counted.
        return name != "page" and any(found.startswith(_AHEAD) for found in place.names)
    is_wrapped = place.owner is not None and place.owner.name in _WRAPPERS
    return not _is_link(place) and (place.name not in _INNER or is_wrapped)


def _takes(argument: Argument, place: _Place) -> bool:
    """Return whether an argument takes what a property holds, which is a scalar of one type."""
    asked, held = _plain(argument.type), _plain(place.type)
    return len(held) == 1 and held <= _OF_MARKERS and (held <= asked or (held == {"int"} and "float" in asked))


def _is_link(place: _Place) -> bool:
    """Return whether a value is the URL of the next page, rather than something else about it."""
    if not place.is_text:
        return False
    *around, name = place.names
    if name in _LINKS or (name in {"href", "link", "uri", "url"} and around and around[-1] in {"next", "nextpage"}):
        return True
    if name not in {"next", "nextpage"}:
        return False
    described = place.field.description if place.field else ""
    siblings = {_plain_name(sibling) for sibling in place.owner.fields} if place.owner else set[str]()
    # The form of Django REST framework.
    is_counted = "count" in siblings and bool({"previous", "prev"} & siblings)
    return "links" in around or is_counted or bool(_SAYS_URL.search(f"{place.type.text()} {described}"))


def _number(arguments: Mapping[str, Argument], names: Collection[str]) -> Argument | None:
    found = (arguments[name] for name in names if name in arguments)
    # Servers of .NET take the text of a number as well.
    return next((argument for argument in found if _is_number(argument.type, but={"str"})), None)


def _marked(argument: Argument, marker: _Place, following: str) -> Way:
    (kind,) = _plain(marker.type)
    return Way(argument.name, "MarkerPager", "marker", following, kind)


def _counted(argument: Argument, total: str) -> Way:
    return Way(argument.name, "Pager", "offset", total)


def _numbered(argument: Argument, pages: str = "") -> Way:
    return Way(argument.name, "NumberPager", "number", pages, first=0 if argument.least == 0 else 1)


def _linked(operation: Operation, following: str) -> Way:
    arguments = (*operation.positional_arguments, *operation.keyword_arguments, *operation.client_options)
    name = free_name("page_url", USED_IN_METHODS | {argument.name for argument in arguments})
    text = "URL of the page, as the page before it names it, in place of the arguments that are sent in the query."
    return Way(
        name, "LinkPager", "url", following, url=Field(name, name, Scalar("str"), required=False, description=text)
    )


def _page(operation: Operation, *, by_header: bool = False) -> _Place:
    others = operation.beside_json
    media = [media for response in operation.successes for media in response.media if media not in others]
    types = [found.codec.type for found in media]
    types += [NONE for response in operation.successes if response.may_be_empty]
    return _Place("_page.parsed" if by_header else "_page", union(*types) if types else NONE)


def _others(operation: Operation) -> tuple[str, ...]:
    """Return the Python types of what an operation may return instead of a page."""
    return tuple(sorted({media.codec.type.text(plain=True) for media in operation.beside_json}))


def _opposites(operation: Operation, way: Way) -> tuple[str, ...]:
    """Return the arguments that ask for the page before, where a marker asks for the next one."""
    names = {argument.name: _plain_name(argument.wire_name) for argument in _arguments(operation)}
    opposite = _OPPOSITES.get(names.get(way.argument, ""))
    return tuple(
        argument.name
        for argument in _arguments(operation)
        if names[argument.name] == opposite and not argument.required
    )


def _model(type_: Type) -> Model | None:
    """Return the model of an object that may be null, or None if it is none."""
    members = [member for member in type_.members if member != NONE]
    definition = members[0].definition if len(members) == 1 and isinstance(members[0], Named) else None
    return definition if isinstance(definition, Model) else None


def _item(type_: Type) -> Type | None:
    """Return the type of the items of an array that may be null, or None if it is none."""
    arrays = [member for member in type_.members if isinstance(member, Array)]
    others = [member for member in type_.members if not isinstance(member, Array) and member != NONE]
    return arrays[0].item if len(arrays) == 1 and not others else None


def _is_object(type_: Type | None) -> bool:
    return type_ is not None and any(isinstance(member, Named) for member in type_.members)


def _plain(type_: Type) -> set[str]:
    """Return the Python types of a value, null left out."""
    return {member.text(plain=True) for member in type_.members if member != NONE}


def _is_number(type_: Type, but: Collection[str] = ()) -> bool:
    """Return whether a value may be a whole number, or null, and nothing else, but for some types."""
    kinds = _plain(type_) - {*but}
    return len(kinds) == 1 and kinds <= _NUMBERS


def _plain_name(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
