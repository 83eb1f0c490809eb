"""Requests to URLs: deploy hooks, hand-overs to other pipelines, checks of what was deployed; the rest is chatter."""

import re

from platform_operations.assess.ci.acts import NOTHING_DONE, Act
from platform_operations.patterns import regex
from platform_operations.platforms.reading.commands import has, value_of

_DISPATCH = regex(
    r"repos/[^\s\"']+/(?:dispatches|actions/workflows)|trigger/pipeline|/job/[^\s]+/build|/pipeline\b.*trigger"
)
_HOOK = regex(
    r"deploy.?hook|/deploy\b|api/v1/deploy|hooks/deploy|vercel\.com/v1/integrations/deploy|build_hooks|redeploy",
    re.IGNORECASE,
)
_RESOURCE = regex(r"api\.render\.com|api\.heroku\.com/apps/[^\s/]+/(?:releases|builds)\b")
_CREATES = regex(
    r"\s(?:-X[ =]?[\"']?|--request[ =][\"']?)(?:POST|PATCH|PUT)\b|\s(?:-d|--data(?:-[a-z]+)?|--json)[ =@\"'{]"
)
"""A request that brings something: those resources are deployed by making one, and asked by reading them."""
_DOWNLOAD = regex(
    r"install|download|releases|raw\.githubusercontent|\.(?:tar|tgz|gz|zip|sh|deb|rpm|jar|bin|gpg|asc|key|list|repo)\b|get\.|apt\.|dl\.|packages\."
    r"|storage\.googleapis|setup",
    re.IGNORECASE,
)
_CHATTER = regex(
    r"slack|discord|telegram|teams|webhook|api\.github\.com|sentry\.io|datadoghq|newrelic|pagerduty|codecov|coveralls|googleapis\.com/token|api\.cloudflare\.com|purge_cache|registry\.npmjs|pypi\.org|cronitor|pingdom|statuspage|hc-ping|healthchecks\.io",
    re.IGNORECASE,
)
_URL = regex(
    r"https?://[^\s\"')]+|\$\{?\{?[^\s\"']*(?:url|host|domain|endpoint|address|_ip)[^\s\"']*", re.IGNORECASE
)


_INTO = regex(r"(?<![\w<=>-])>>?\s*([^\s&<>]+)")


_SENDS = regex(r"\s(?:--data-binary[ =][\"']?@|--upload-file\b|-T[ =]?[\"']?[\w./$*])")
"""A file in the request: it brings something there, and asks nothing of what is there."""


def act_of_request(called: tuple[str, ...], text: str) -> Act:
    """A request is a deployment when it calls a deploy hook, else a verification where it comes after one."""
    if _DISPATCH.search(text):
        return Act(kind="deploy", makes="handover", waits=False, weak=True)
    if _HOOK.search(text) or (_RESOURCE.search(text) and _CREATES.search(text)):
        return Act(kind="deploy", makes="source", waits=False, action=None)
    if _CHATTER.search(text) or _SENDS.search(text):
        return NOTHING_DONE
    if re.match(r"(?:export |local )?\w+=[\"']?\$\(", text) and not re.search(r"http_code|status|%\{", text):
        return NOTHING_DONE
    saves = called[0] == "wget" and "--spider" not in called
    if called[0] in {"curl", "wget"} and (_saves(called, text) or saves or _DOWNLOAD.search(text)):
        return NOTHING_DONE
    found = _URL.search(text)
    if found is None and called[0] in {"curl", "wget"}:
        return NOTHING_DONE
    return Act(kind="verify", weak=True, journey=True, url=found[0] if found else None)


def _saves(called: tuple[str, ...], text: str) -> bool:
    """Say whether a request fetches a file. One that keeps the answer and asks for its status is a check."""
    target = value_of(called, "-o", "--output")
    short = any(re.fullmatch(r"-[a-zA-Z]*O[a-zA-Z]*", word) for word in called[1:])
    if short or has(called, "--remote-name"):
        return True
    into = _INTO.search(text)
    kept = target or (into[1].strip("\"'") if into else None)
    return kept not in {None, "/dev/null"} and "%{http_code}" not in text
