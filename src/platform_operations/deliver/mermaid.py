"""The pipeline of a plan as a mermaid diagram; only ids and words of the format reach it."""

from collections.abc import Iterator

from platform_operations.model.plan import Plan
from platform_operations.model.words import RELEASING

MOST_STAGES = 80
"""Beyond this a diagram is a carpet; then only the pipelines that release are drawn, and of them the first stages."""

_SHAPES = {
    "approve": ("{{", "}}"),
    "verify": ("([", "])"),
    **dict.fromkeys(sorted(RELEASING), ("[[", "]]")),
}


def diagram(plan: Plan) -> list[str]:
    """Return the lines of a flowchart: a box for each pipeline, dotted where success is not required."""
    stages = list(plan.pipeline_stages)
    if len(stages) > MOST_STAGES:
        releasing = {row.pipeline for row in stages if row.kind in RELEASING}
        stages = [row for row in stages if row.pipeline in releasing][:MOST_STAGES]
    names = {row.id: f"s{index}" for index, row in enumerate(stages)}
    lines = ["flowchart LR"]
    for index, pipeline in enumerate(plan.pipelines):
        inside = [row for row in stages if row.pipeline == pipeline.id]
        if not inside:
            continue
        lines.append(f'  subgraph p{index}["{pipeline.id}"]')
        for row in inside:
            left, right = _SHAPES.get(row.kind, ("[", "]"))
            where = f" {row.environment}" if row.environment else ""
            lines.append(f'    {names[row.id]}{left}"{row.id}<br/>{row.kind}{where}"{right}:::{row.origin}')
        lines.append("  end")
    lines += _edges(plan, names)
    lines += [
        "  classDef existing fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
        "  classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328",
        "  classDef proposed fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    ]
    return lines


def _edges(plan: Plan, names: dict[str, str]) -> Iterator[str]:
    for row in plan.pipeline_stages:
        for arrow, needs in (("-->", row.needs), ("-.->", row.optional_needs)):
            for need in needs:
                if need in names and row.id in names:
                    yield f"  {names[need]} {arrow} {names[row.id]}"
