"""The risk of a release: a level by stated points, each with what was seen."""

from platform_operations.assess.components import read_components
from platform_operations.assess.risk import risk_profile
from platform_operations.model.evidence import repo_place
from platform_operations.model.plan import RiskProfile
from platform_operations.repository import InMemoryRepository


def profile(files: dict[str, str]) -> RiskProfile:
    repository = InMemoryRepository(files)
    components, facts = read_components(repository, {})
    found = risk_profile(repository, components, facts)
    for uri in found.evidence:
        place = repo_place(uri)
        assert place is not None
        assert place.last <= len(files[place.path].splitlines())
    return found


SERVICE = {"requirements.txt": "flask\n", "Procfile": "web: gunicorn shop\n", "shop/app.py": "x = 1\n"}


def test_a_service_that_takes_payments_and_migrates_its_store_is_high() -> None:
    files = {
        **SERVICE,
        "requirements.txt": "flask\nstripe\npsycopg\n",
        "shop/payments.py": "charge = 1\n",
        "migrations/0001_orders.sql": "create table orders();\n",
    }
    found = profile(files)
    assert found.level == "high"
    assert found.reasons[0] == "takes payments"
    assert "repo:shop/payments.py#L1-L1" in found.evidence
    assert "schema migrations in the repository" in found.reasons


def test_a_service_with_nothing_to_lose_is_low_and_one_with_a_store_medium() -> None:
    assert profile(SERVICE).level == "low"
    assert profile({**SERVICE, "requirements.txt": "flask\nredis\n"}).level == "medium"


def test_a_library_about_payments_is_less_than_a_service_that_takes_them() -> None:
    project = '[build-system]\nrequires = []\n[project]\nname = "x"\n'
    named = profile({"pyproject.toml": project, "src/x/payments.py": "x\n"})
    assert named.level == "low"
    using = profile({"pyproject.toml": project + 'dependencies = ["stripe"]\n', "src/x.py": "x\n"})
    assert using.level == "medium"


def test_words_in_tests_docs_and_comments_raise_nothing() -> None:
    files = {
        **SERVICE,
        "tests/payments/x.py": "x",
        "docs/auth.py": "x",
        "deploy/a.yaml": "# eu-west-1 us-east-1\n",
    }
    assert profile(files).level == "low"


def test_two_regions_count_once() -> None:
    found = profile({**SERVICE, "deploy/a.tf": 'a = "eu-west-1"\n', "deploy/b.tf": 'b = "us-east-1"\n'})
    assert [reason for reason in found.reasons if reason.startswith("regions")] == [
        "regions eu-west-1, us-east-1"
    ]


def test_an_empty_repository_is_low_and_says_why() -> None:
    found = profile({})
    assert found.level == "low"
    assert found.reasons
