"""The rules for what is around schemas: operations, parameters, bodies, statuses, headers, links, security."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.compatibility.change import Breaks, Change, Direction, Place
from tests.compatibility.document import Document, Node
from tests.compatibility.schemas import Schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_OPTION = "x-client-option"
_HOSTS = "x-trusted-hosts"
_PART_OF_A_LINK = ("operationId", "parameters", "requestBody", "x-url")


def _of_methods(old: Node, new: Node, place: Place) -> Iterator[Change]:
    """Yield what differs in the client's methods, though not on the wire."""
    was, now = old.get("x-idempotent"), new.get("x-idempotent")
    if was != now:
        said = {None: "as its method says", True: "yes", False: "no"}
        says = f"whether a client repeats the call by itself: {said[now]}, and was: {said[was]}"
        yield Change(place / "x-idempotent", says, Breaks.CLIENTS)
    if "x-pages" not in old and "x-pages" in new:
        yield Change(place / "x-pages", "the client has a method for all pages now", Breaks.NOBODY)
    elif old.get("x-pages") != new.get("x-pages"):
        gone = "is gone" if "x-pages" not in new else "is another one"
        yield Change(place / "x-pages", f"the client's method for all pages {gone}", Breaks.CLIENTS)


def compare(before: Node, after: Node) -> list[Change]:
    """Return what was changed from one OpenAPI document to another, each change once, sorted by its place."""
    changes = set(_Comparison(Document(before), Document(after)).changes())
    return sorted(changes, key=lambda change: (change.place, change.breaks.value, change.says))


class _Comparison:
    def __init__(self, before: Document, after: Document) -> None:
        self._before, self._after = before, after
        self._requests = Schemas(before, after, Direction.REQUEST)
        self._responses = Schemas(before, after, Direction.RESPONSE)

    def changes(self) -> Iterator[Change]:
        """Yield the changes, some of them more than once where a component is used at several places."""
        old_servers, new_servers = (document.root.get("servers", []) for document in self._documents)
        yield from _servers(old_servers, new_servers, Place())
        old_hosts, new_hosts = (doc.root.get(_HOSTS, []) for doc in self._documents)
        for host in sorted({*old_hosts} ^ {*new_hosts}):
            # A client that is made anew refuses to follow a server there.
            says, breaks = ("is trusted", Breaks.NOBODY) if host in new_hosts else ("is not trusted", Breaks.CLIENTS)
            yield Change(Place() / _HOSTS, f"{host} {says} now", breaks)
        old_ones, new_ones = (_operations(document.root) for document in self._documents)
        for key in sorted(old_ones.keys() | new_ones.keys()):
            if key not in new_ones:
                yield Change(old_ones[key][1], "the operation is gone", Breaks.CLIENTS)
            elif key not in old_ones:
                yield Change(new_ones[key][1], "the operation is new", Breaks.SERVERS)
            else:
                yield from self._operation(*old_ones[key], *new_ones[key])

    @property
    def _documents(self) -> tuple[Document, Document]:
        return self._before, self._after

    def _operation(self, old: Node, old_place: Place, new: Node, place: Place) -> Iterator[Change]:
        if old.get("operationId") != new.get("operationId"):
            says = f"is {new.get('operationId')} now, and was {old.get('operationId')}; it is the client's method"
            yield Change(place / "operationId", says, Breaks.CLIENTS)
        yield from _of_methods(old, new, place)
        yield from self._own_servers(old, new, place)
        yield from self._security(old, new, place)
        yield from self._parameters(old, old_place, new, place)
        yield from self._request_body(old, old_place, new, place)
        yield from self._statuses(old.get("responses", {}), old_place, new.get("responses", {}), place)

    def _own_servers(self, old: Node, new: Node, place: Place) -> Iterator[Change]:
        """Yield what differs where the document's servers do not count, which are compared once for all."""
        if "servers" in old or "servers" in new:
            nodes = zip(self._documents, (old, new), strict=True)
            was, now = (node.get("servers") or document.root.get("servers", []) for document, node in nodes)
            yield from _servers(was, now, place)

    def _security(self, old: Node, new: Node, place: Place) -> Iterator[Change]:
        was, now = (_security(document, node) for document, node in zip(self._documents, (old, new), strict=True))
        for scheme in sorted(was | now, key=str):
            if scheme not in now:
                says, breaks = f"{scheme or 'no credentials'} no longer suffices", Breaks.CLIENTS
            elif scheme not in was:
                says, breaks = f"{scheme or 'no credentials'} suffices now", Breaks.SERVERS
            else:
                continue
            yield Change(place / "security", says, breaks)

    def _parameters(self, old: Node, old_place: Place, new: Node, place: Place) -> Iterator[Change]:
        was, now = self._named(self._before, old, old_place), self._named(self._after, new, place)
        for key in sorted(was.keys() | now.keys()):
            if key not in now:
                yield Change(was[key][1], f"the {key[0]} parameter {key[1]} is gone", _gone(was[key][0]))
            elif key not in was:
                is_required = bool(now[key][0].get("required"))
                says = f"the {key[0]} parameter {key[1]} is new" + (" and required" if is_required else "")
                yield Change(now[key][1], says, Breaks.CLIENTS if is_required else Breaks.SERVERS)
            else:
                (before, before_place), (after, where) = was[key], now[key]
                yield from _required(before, after, where, Breaks.CLIENTS, Breaks.SERVERS)
                if bool(before.get(_OPTION)) != bool(after.get(_OPTION)):
                    says = f"is {'an option of all calls' if after.get(_OPTION) else 'an argument of each call'} now"
                    yield Change(where / _OPTION, says, Breaks.CLIENTS)
                for keyword in ("style", "explode", "allowReserved", "content"):
                    if before.get(keyword) != after.get(keyword):
                        yield Change(where / keyword, f"is {after.get(keyword)} now", Breaks.BOTH)
                schemas = before.get("schema", {}), after.get("schema", {})
                yield from self._requests.compare(*schemas, before_place / "schema", where / "schema")

    def _named(self, document: Document, node: Node, place: Place) -> dict[tuple[str, str], tuple[Node, Place]]:
        """Return parameters by place and name; a path's are numbered, since their names are not on the wire."""
        found: dict[tuple[str, str], tuple[Node, Place]] = {}
        for written, own_place in node["parameters"]:
            parameter, where = document.resolved(written, own_place)
            name = parameter["name"]
            if parameter["in"] == "path":
                name = str(re.findall(r"{([^}]*)}", place.pointer).index(name))
            found[parameter["in"], name.lower() if parameter["in"] == "header" else name] = (parameter, where)
        return found

    def _request_body(self, old: Node, old_place: Place, new: Node, place: Place) -> Iterator[Change]:
        where = place / "requestBody"
        if "requestBody" not in old and "requestBody" not in new:
            return
        before, before_place = self._before.resolved(old.get("requestBody", {}), old_place / "requestBody")
        after, where = self._after.resolved(new.get("requestBody", {}), where)
        if not before:
            breaks = Breaks.CLIENTS if after.get("required") else Breaks.SERVERS
            yield Change(where, "the body is new" + (" and required" if after.get("required") else ""), breaks)
        elif not after:
            yield Change(where, "the body is gone", _gone(before))
        else:
            yield from _required(before, after, where, Breaks.CLIENTS, Breaks.SERVERS)
            given = before.get("content", {}), after.get("content", {})
            yield from _media_types(*given, where, gone=Breaks.CLIENTS, new_one=Breaks.SERVERS)
            yield from _contents(self._requests, *given, before_place, where)

    def _statuses(self, old: Node, old_place: Place, new: Node, place: Place) -> Iterator[Change]:
        for status in sorted(old.keys() | new.keys()):
            where = place / "responses" / status
            if status not in new:
                yield Change(where, "the status is gone", Breaks.SERVERS)
            elif status not in old:
                # What an unknown error means, its class says (RFC 9110, 15); what a success brings is unknown.
                breaks = Breaks.NOBODY if status[0] in "45" else Breaks.CLIENTS
                yield Change(where, "the status is new", breaks)
            else:
                before, before_place = self._before.resolved(old[status], old_place / "responses" / status)
                yield from self._response(before, before_place, *self._after.resolved(new[status], where))

    def _response(self, old: Node, old_place: Place, new: Node, place: Place) -> Iterator[Change]:
        given = old.get("content", {}), new.get("content", {})
        if bool(given[0]) != bool(given[1]):
            says, breaks = ("has a body now", Breaks.SERVERS) if given[1] else ("has no body any more", Breaks.CLIENTS)
            yield Change(place, says, breaks)
        else:
            yield from _media_types(*given, place, gone=Breaks.CLIENTS, new_one=Breaks.CLIENTS)
        yield from _contents(self._responses, *given, old_place, place)
        yield from self._headers(old, old_place, new, place)
        for name in sorted(old.get("links", {}).keys() | new.get("links", {}).keys()):
            was, now = old.get("links", {}).get(name), new.get("links", {}).get(name)
            where = place / "links" / name
            if was is None or now is None:
                yield Change(where, f"the link is {'new' if now else 'gone'}", Breaks.NOBODY if now else Breaks.CLIENTS)
            elif [was.get(part) for part in _PART_OF_A_LINK] != [now.get(part) for part in _PART_OF_A_LINK]:
                yield Change(where, "the link leads elsewhere", Breaks.BOTH)

    def _headers(self, old: Node, old_place: Place, new: Node, place: Place) -> Iterator[Change]:
        was, now = (
            {name.lower(): (name, header) for name, header in node.get("headers", {}).items()} for node in (old, new)
        )
        for key in sorted(was.keys() | now.keys()):
            name = now.get(key, was.get(key, ("", {})))[0]
            before, before_place = self._before.resolved(was.get(key, (name, {}))[1], old_place / "headers" / name)
            after, where = self._after.resolved(now.get(key, (name, {}))[1], place / "headers" / name)
            if key not in now:
                yield Change(where, "the header is gone", Breaks.CLIENTS)
            elif key not in was:
                is_required = bool(after.get("required"))
                says = "the header is new" + (" and required" if is_required else "")
                yield Change(where, says, Breaks.SERVERS if is_required else Breaks.NOBODY)
            else:
                yield from _required(before, after, where, Breaks.SERVERS, Breaks.CLIENTS)
                schemas = before.get("schema", {}), after.get("schema", {})
                yield from self._responses.compare(*schemas, before_place / "schema", where / "schema")


def _operations(root: Node) -> dict[tuple[str, str], tuple[Node, Place]]:
    """Return operations by path and method; parameters and servers are their paths' too, the former with places."""
    found: dict[tuple[str, str], tuple[Node, Place]] = {}
    for path, item in root.get("paths", {}).items():
        above = Place("/paths") / path
        for method in METHODS & item.keys():
            parameters = [
                (parameter, place / "parameters" / index)
                for node, place in ((item, above), (item[method], above / method))
                for index, parameter in enumerate(node.get("parameters", []))
            ]
            servers = {"servers": item["servers"]} if "servers" in item else {}
            node = {**servers, **item[method], "parameters": parameters}
            found[re.sub(r"{[^}]*}", "{}", path), method] = (node, above / method)
    return found


def _servers(old: list[Node], new: list[Node], place: Place) -> Iterator[Change]:
    old_urls, new_urls = ([server["url"] for server in servers] for servers in (old, new))
    for url in (url for url in old_urls if url not in new_urls):
        yield Change(place / "servers", f"{url} is gone", Breaks.CLIENTS)


def _security(document: Document, operation: Node) -> set[str]:
    """Return the kinds of credentials of which each suffices, as words; an empty one needs none."""
    schemes: Mapping[str, Any] = document.root.get("components", {}).get("securitySchemes", {})
    requirements = operation.get("security", document.root.get("security", [])) or [{}]
    return {
        " and ".join(sorted(_scheme(schemes.get(name, {"type": name}), scopes) for name, scopes in requirement.items()))
        for requirement in requirements
    }


def _scheme(scheme: Node, scopes: list[str]) -> str:
    words = [str(scheme[key]) for key in ("type", "scheme", "in", "name") if key in scheme]
    return " ".join([*words, *sorted(scopes)])


def _gone(node: Node) -> Breaks:
    """Tell whom it breaks that a part of requests is gone: old clients send it in vain, old servers may ask for it."""
    return Breaks.BOTH if node.get("required") else Breaks.CLIENTS


def _required(old: Node, new: Node, place: Place, added: Breaks, dropped: Breaks) -> Iterator[Change]:
    was, now = bool(old.get("required")), bool(new.get("required"))
    if was != now:
        yield Change(place / "required", f"is {'now' if now else 'no longer'} required", added if now else dropped)


def _media_types(old: Node, new: Node, place: Place, *, gone: Breaks, new_one: Breaks) -> Iterator[Change]:
    for media_type in sorted(old.keys() ^ new.keys()):
        is_new = media_type in new
        says = f"the media type is {'new' if is_new else 'gone'}"
        yield Change(place / "content" / media_type, says, new_one if is_new else gone)


def _contents(schemas: Schemas, old: Node, new: Node, old_place: Place, place: Place) -> Iterator[Change]:
    for media_type in sorted(old.keys() & new.keys()):
        given = old[media_type].get("schema", {}), new[media_type].get("schema", {})
        where = old_place / "content" / media_type / "schema", place / "content" / media_type / "schema"
        yield from schemas.compare(*given, *where)
