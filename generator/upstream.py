"""openapi-python-client, as far as it is used: its project, its template environment, its check of the document.

No other module imports it. Its own parser is left out (see generator/README.md); the project gets the operations and
definitions that are read from the raw document, and renders its usual files from our templates of the same names.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import openapi_python_client
from jinja2 import StrictUndefined
from openapi_python_client import Project
from openapi_python_client import schema as upstream_schema
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.openapi import Endpoint, EndpointCollection, GeneratorData
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonIdentifier
from pydantic import ValidationError

from .document import Document, SpecError
from .operations import Operation

VERSION = version("openapi-python-client")
_TEMPLATES = Path(openapi_python_client.__file__).parent / "templates"


class MsgspecProject(Project):
    """A project of openapi-python-client whose templates see the raw document and our definitions.

    Args:
        document: The document.
        operations: Its operations.
        templates: Folder of the templates that replace upstream's.
        config: File with upstream's settings.
        package: Name of the package.
        output: Folder that becomes the package; must not exist.
        filters: Filters for the templates.
        variables: Global variables for the templates.
    """

    def __init__(
        self,
        document: Document,
        operations: list[Operation],
        *,
        templates: Path,
        config: Path,
        package: str,
        output: Path,
        filters: dict[str, Callable[..., Any]],
        variables: dict[str, Any],
    ) -> None:
        raw = document.root.object()
        collections: dict[PythonIdentifier, EndpointCollection] = {}
        for operation in operations:
            tag = PythonIdentifier(operation.tag, prefix="tag_")
            collection = collections.setdefault(tag, EndpointCollection(tag=tag))
            # Upstream reads only the name of an endpoint; everything else is for the templates.
            collection.endpoints.append(cast("Endpoint", operation))
        info = raw["info"]
        super().__init__(
            openapi=GeneratorData(
                title=UntrustedString(info["title"]),
                description=UntrustedString(info.get("description", "")),
                version=UntrustedString(info["version"]),
                models=[],
                errors=[],
                endpoint_collections_by_tag=collections,
                enums=[],
            ),
            config=Config.from_sources(
                ConfigFile.load_from_path(config), MetaType.NONE, document.source, "utf-8", overwrite=False, output_path=output
            ),
            custom_template_path=templates,
        )
        self.package_name = package
        self.env.undefined = StrictUndefined
        self.env.filters |= filters
        self.env.globals |= {"raw": raw, "package_name": package, "operations": operations, **variables}

    def render(self) -> None:
        """Write the package."""
        with contextlib.redirect_stdout(io.StringIO()):
            problems = self.build()
        if problems:
            raise RuntimeError(f"openapi-python-client failed: {problems[0].header} {problems[0].detail}")


def validate(document: Document) -> None:
    """Check the document against upstream's model of OpenAPI.

    Raises:
        SpecError: Naming the first thing that is wrong.
    """
    try:
        upstream_schema.OpenAPI.model_validate(document.root.value)
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: -len(one["loc"]))
        place = "#/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in first["loc"] if _is_key(part))
        raise SpecError(place, first["msg"][0].lower() + first["msg"][1:]) from error


def _is_key(part: str | int) -> bool:
    """Tell keys of the document from the names of pydantic's models, which stand between them."""
    return isinstance(part, int) or not part[:1].isupper()


def template_hashes(names: list[str]) -> dict[str, str]:
    """Return the SHA-256 of upstream's templates; a name that it does not have is left out."""
    found = {name: _TEMPLATES / name for name in names}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items() if path.is_file()}
