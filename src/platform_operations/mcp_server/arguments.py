"""The arguments of the tools: strict, bounded, described; the models are the input schemas."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from platform_operations.errors import InputError
from platform_operations.mcp_server.roots import LONGEST_PATH

Detail: TypeAlias = Literal["concise", "detailed"]
MOST_PROBLEMS = 3

RepositoryPath: TypeAlias = Annotated[
    str,
    Field(
        max_length=LONGEST_PATH,
        description="Repository folder below the root; '.' is the root (NAME/sub if several)",
    ),
]
Cursor: TypeAlias = Annotated[
    str | None,
    Field(max_length=40, description="The cursor of the previous answer; repeat the other arguments"),
]


def _decoded(value: Any) -> Any:
    """Return the object that a JSON text holds: some models write an object argument as text."""
    import json

    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


class Arguments(BaseModel):
    """What every tool takes; a name that is not listed is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Cursor = None
    detail: Annotated[Detail, Field(description="concise: what to act on; detailed: the whole document")] = (
        "concise"
    )


class OnRepository(Arguments):
    """A tool about one repository."""

    path: RepositoryPath = "."


class ReadRepo(Arguments):
    """read_repo."""

    action: Literal["list", "search", "read"]
    path: Annotated[
        str, Field(max_length=LONGEST_PATH, description="Folder to list or search, or file to read")
    ] = "."
    query: Annotated[
        str | None,
        Field(
            max_length=200,
            description="search: text to find, no pattern; list: part of a path; read: first line",
        ),
    ] = None

    @model_validator(mode="after")
    def _query_for_search(self) -> "ReadRepo":
        if self.action == "search" and not (self.query or "").strip():
            raise ValueError("action search needs query: the text to find")
        return self


class FetchMetrics(OnRepository):
    """fetch_metrics."""

    component: Annotated[
        str | None, Field(max_length=120, description="Component id, as assess_repo lists it")
    ] = None
    query: Annotated[
        str | None,
        Field(
            max_length=2000,
            description="Instead: an SLI id, or PromQL counting events, with $window as the range",
        ),
    ] = None
    window: Annotated[str, Field(pattern=r"^[1-9]\d{0,5}[hd]$", description="How far back, 1d to 400d")] = (
        "28d"
    )

    @model_validator(mode="after")
    def _one_question(self) -> "FetchMetrics":
        if self.component is not None and self.query is not None:
            raise ValueError("give component or query, not both")
        return self


class LoadReference(Arguments):
    """load_reference."""

    page: Annotated[
        str | None, Field(max_length=200, description="Page, such as slo-and-alerting or rules/slo-missing")
    ] = None
    section: Annotated[
        str | None, Field(max_length=200, description="Section of the page, in kebab-case")
    ] = None
    search: Annotated[
        str | None, Field(max_length=200, description="Instead: words to look for in all pages")
    ] = None

    @model_validator(mode="after")
    def _one_question(self) -> "LoadReference":
        if self.search is not None and self.page is not None:
            raise ValueError("give page or search, not both")
        if self.section is not None and self.page is None:
            raise ValueError("section needs page")
        return self


class ValidatePlan(OnRepository):
    """validate_plan."""

    plan: Annotated[
        dict[str, Any] | None, BeforeValidator(_decoded), Field(description="The plan document itself")
    ] = None
    plan_path: Annotated[
        str | None,
        Field(
            alias="planPath",
            max_length=LONGEST_PATH,
            description="Instead: plan file below the root, YAML or JSON",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_plan(self) -> "ValidatePlan":
        if (self.plan is None) == (self.plan_path is None):
            raise ValueError("give plan or planPath, one of them")
        return self


class RenderPlan(ValidatePlan):
    """render_plan."""

    kinds: Annotated[
        tuple[Annotated[str, Field(max_length=40)], ...],
        Field(max_length=10, description="Only these kinds of files, such as prometheus-rules; none: all"),
    ] = ()


def schema_of(model: type[Arguments]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments, without what only repeats the names."""
    schema: dict[str, Any] = model.model_json_schema(by_alias=True)
    properties = {name: _plain(row) for name, row in schema["properties"].items()}
    last = ("detail", "cursor")
    ordered = [name for name in properties if name not in last] + [
        name for name in last if name in properties
    ]
    return {
        "type": "object",
        "properties": {name: properties[name] for name in ordered},
        **({"required": schema["required"]} if "required" in schema else {}),
        "additionalProperties": False,
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a property without its title; an optional one has the schema of its value: leaving it out is the null."""
    options = [option for option in row.get("anyOf", []) if option != {"type": "null"}]
    inner: dict[str, Any] = options[0] if len(options) == 1 else {}
    kept = {key: value for key, value in row.items() if key not in {"title", "anyOf"} and value is not None}
    return {**inner, **kept}


def checked(model: type[Arguments], given: dict[str, Any] | None) -> Arguments:
    """Return the arguments of a call.

    Raises:
        InputError: they are not what the tool takes; the message names each bad one and what would do.
    """
    try:
        return model.model_validate(given or {}, by_alias=True, by_name=False)
    except ValidationError as error:
        rows = error.errors(include_url=False, include_context=False, include_input=False)
        said = [_problem(tuple(row["loc"]), row["type"], row["msg"], model) for row in rows[:MOST_PROBLEMS]]
        more = f"; and {len(rows) - MOST_PROBLEMS} more" if len(rows) > MOST_PROBLEMS else ""
        raise InputError("; ".join(said) + more) from None


def _problem(at: tuple[int | str, ...], kind: str, message: str, model: type[Arguments]) -> str:
    name = str(at[0])[:80] if at else ""
    if kind == "extra_forbidden":
        return f"unknown argument {name!r}; known: {', '.join(schema_of(model)['properties'])}"
    if kind == "missing":
        return f"argument {name!r} is missing"
    text = message.removeprefix("Value error, ")
    return f"argument {name!r}: {text}" if name else text
