"""What nobody looked up is called unchecked: never a contradiction, and never checked."""

from pathlib import Path

from platform_operations.metrics import open_source
from platform_operations.toolbox import assessed, drafted, judged, open_target

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"


def test_a_baseline_without_metrics_to_ask_is_unchecked_and_with_other_metrics_missing(
    tmp_path: Path,
) -> None:
    target = open_target(CHECKOUT)
    done = drafted(target, assessed(target))
    unmeasured = done.assessment.model_copy(update={"baseline": (), "backtests": ()})
    findings = judged(done.plan, unmeasured, target.repository)
    told = {finding.rule for finding in findings.findings}
    assert not findings.valid
    assert findings.evidence == "unchecked"
    assert "evidence-unchecked" in told
    assert "evidence-unresolved" not in told

    few = [line for line in (CHECKOUT / "metrics.csv").read_text().splitlines() if "latency" not in line]
    (tmp_path / "few.csv").write_text("\n".join(few) + "\n")
    other = assessed(target, metrics=open_source(str(tmp_path / "few.csv")))
    findings = judged(done.plan, other, target.repository)
    told = {finding.rule for finding in findings.findings}
    assert findings.evidence == "checked"
    assert "evidence-unresolved" in told
    assert "evidence-unchecked" not in told
