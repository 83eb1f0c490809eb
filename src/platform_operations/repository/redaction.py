"""Text made fit to be shown: no secrets, nothing invisible, nothing that drives a terminal.

Every pattern is linear: repetitions are bounded or possessive. A token is known by the prefix its issuer gave
it, a password by the name it is assigned to.
"""

import re
from collections.abc import Callable

from platform_operations.patterns import regex

REDACTED = "[redacted]"

_TOKENS = regex(
    r"""(?<![A-Za-z0-9_])(?:
      (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}                                                   # AWS
    | gh[pousr]_[A-Za-z0-9]{20,255} | github_pat_[A-Za-z0-9_]{20,255}
    | gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.=-]{20,300}        # GitLab
    | xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,300} | xapp-[0-9]-[A-Za-z0-9-]{10,300}   # Slack
    | (?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,255} | whsec_[A-Za-z0-9+/=]{16,255}         # Stripe
    | sk-(?=[A-Za-z_-]{0,60}[0-9])(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{16,300}       # language models
    | sk-[A-Za-z0-9]{20,300}
    | AIza[A-Za-z0-9_-]{35} | ya29\.[A-Za-z0-9_-]{20,2000}                                  # Google
    | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{50,500} | dckr_[po]at_[A-Za-z0-9_-]{20,100}
    | hf_[A-Za-z0-9]{30,60} | pul-[a-f0-9]{40} | do[opr]_v1_[a-f0-9]{64}
    | hv[sbr]\.[A-Za-z0-9_-]{20,300} | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,100}      # HashiCorp
    | SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}                                        # SendGrid
    | sbp_[a-f0-9]{40} | sb_secret_[A-Za-z0-9_-]{20,100}                                    # Supabase
    | gl(?:sa|c)_[A-Za-z0-9+/=_]{30,300}                                                    # Grafana
    | NRAK-[A-Z0-9]{27} | sntry[su]_[A-Za-z0-9+/=_-]{40,400} | dapi[a-f0-9]{32}
    | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32} | AGE-SECRET-KEY-1[A-Z0-9]{58}
    | fm[12][ar]?_[A-Za-z0-9+/=,_-]{40,2000}                                                # Fly
    | (?<!-)eyJ[A-Za-z0-9_-]{6,4000}\.[A-Za-z0-9_-]{6,8000}(?:\.[A-Za-z0-9_-]{0,4000})?     # JWT
    )[A-Za-z0-9_]*+""",
    re.VERBOSE,
)
# The lookahead spares a text that only names the line.
_PRIVATE_KEY = regex(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?=[\s\S]{0,80}?[A-Za-z0-9+/=]{16})"
    r"(?:[^-]|-(?!----))*+(?:-----END [A-Z0-9 ]{0,50}-----)?"
)
_WEBHOOK = regex(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/)[A-Za-z0-9_/-]{10,300}"
)
_SIGNATURE = regex(r"(?i)([?&](?:sig|x-amz-signature|x-goog-signature)=)[A-Za-z0-9%+/=_-]{16,600}")
_SCHEME = r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,30}://"
_URL_PASSWORD = regex(
    _SCHEME + r"[^\s/@:\"'<>]{0,200}:)(?!\$[{(A-Za-z_]|\{\{|%[(sv]|\[redacted\])[^\s/\"'<>]{1,300}@"
)
_URL_TOKEN = regex(_SCHEME + r")(?=[^0-9@]{0,300}[0-9])[A-Za-z0-9_.~%-]{20,300}@")
_HEADER = regex(
    r"(?i)((?<![a-z])authorization[\"']?[ \t]{0,9}[:=][ \t]{0,9}[\"']?"
    r"(?:bearer|basic|token|digest|apikey)[ \t]{1,9})"
    r"[A-Za-z0-9._~+/=:-]{8,4000}"
)
_BEARER = regex(
    r"(?i)((?<![a-z])(?:bearer|basic)[ \t]{1,9})(?=[a-z._~+/=:-]{0,200}[0-9])[A-Za-z0-9._~+/=:-]{16,4000}"
)

# Names, by what stands beside them: a password whatever it looks like, a secret unless it reads like a name,
# some key only where it looks random.
_NAME = r"""
    (?: (?P<password> passw(?:or)?d | passphrase | pwd | (?<![a-z])pass )
      | (?P<secret>
            secret | token | credentials?
          | (?: api | access | secret | private | encryption | signing | master | account | auth | app
            | application | license | integration | routing | service | role | deploy ) [_.-]? key )
      | key )
"""
_VALUE = r"""
    (?: "(?P<double> [^"\n]{1,2000} )" | '(?P<single> [^'\n]{1,2000} )'
      | (?P<bare> (?![=~>:]) [^\s"'`,;&\#<>(){}\[\]\\|]{1,2000}+ ) )
"""
_ASSIGNMENT = regex(
    rf"{_NAME} (?P<join> [\"']?\]? [ \t]{{0,40}} (?:=>|:=|=|:|(?<=[a-z])>) [ \t]{{0,40}} ) {_VALUE}",
    re.VERBOSE | re.IGNORECASE,
)
_FLAG = regex(
    rf"(?: (?<![a-z0-9-])--[a-z0-9-]{{0,40}}? | (?<![a-z])(?:ENV|ARG)[ \t]{{1,9}}[a-z0-9_]{{0,60}}? ) {_NAME}"
    rf"(?P<join> [ \t]{{1,40}} ) {_VALUE}",
    re.VERBOSE | re.IGNORECASE,
)
# How containers get their environment: the name and the value are two fields, in YAML, JSON or HCL.
_PAIR = regex(
    rf"(?<![a-z])name [\"']? [ \t]{{0,9}} [:=] [ \t]{{0,9}} [\"']? [a-z0-9_.-]{{0,60}}? {_NAME} [a-z0-9_.-]{{0,40}}+"
    r"[\"']? [ \t]{0,9} ,? \s{0,80} [\"']? value"
    rf"(?P<join> [\"']? [ \t]{{0,9}} [:=] [ \t]{{0,9}} ) {_VALUE}",
    re.VERBOSE | re.IGNORECASE,
)
_REFERENCE = regex(
    r"^(?:[$<{\[]|%[(A-Z]|![A-Za-z:./-]+$|[*&][A-Za-z_-]+$|@[A-Za-z]+[./]|(?:~|\.{1,2})?/[a-z]|ssh-"
    r"|[A-Za-z_]+\(|[*&]?[A-Za-z_]+[0-9]{0,2}(?:\.[A-Za-z_]+[0-9]{0,2})+[!?]?$|[^A-Za-z0-9]+$)|://|\$\{|\{\{"
)
_PLAIN_WORDS = regex(
    r"(?i:false|true|null|none|nil|undefined|yes|no|string|str|text|required|optional|value|inherit|read|write"
    r"|password|secret|token|key|env|input|fail(?:ed)?)|(?=[A-Z_]*(?:PASS|SECRET|TOKEN|KEY))[A-Z_]+",
)
_VALUE_END = regex(r"[ \t]*(?:$|[,;&}\])\"'`\\#]|</)", re.MULTILINE)
_RUN = regex(r"[A-Za-z0-9+/=]{16,}")
_HEX = regex(r"[0-9a-fA-F]{32,}")
_HUMP = regex("[a-z][A-Z]")
_SECRET_WORD = regex("pass|pwd|secret|token|key", re.IGNORECASE)
_DIGEST_LENGTHS = {40, 64, 96, 128}

_TERMINAL = regex(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,4000}(?:\x07|\x1b\\)"
    r"|\x1b[ -/]{0,4}[0-~]"
)
_LINE_ENDS = regex("\r\n?|[\u2028\u2029]")
_INVISIBLE = regex(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    # One of these chooses how the sign before it is drawn; more than one carries a message.
    "|(?<=[\ufe0e\ufe0f])[\ufe0e\ufe0f]"
)


def redact(text: str) -> str:
    """Return `text` with "[redacted]" for what looks like a secret, and without what cannot be seen.

    Digests, commits, references such as `${{ secrets.NAME }}` and names of secrets stay; line ends become LF.
    Doing it twice changes nothing more.
    """
    # What cannot be seen goes first: it could part a token.
    if not (text.isascii() and text.isprintable()):
        text = _INVISIBLE.sub("", _TERMINAL.sub("", _LINE_ENDS.sub("\n", text)))
    # Beyond ASCII, letters of another script count as these words' letters when case is ignored.
    lowered = text.lower()
    held = [word for word in _WORDS if word in lowered] if text.isascii() else _WORDS
    for words, pattern, replacement in _SECRETS:
        if not words.isdisjoint(held):
            text = pattern.sub(replacement, text)
    return text


def _assigned(match: re.Match[str]) -> str:
    group = next(name for name in ("double", "single", "bare") if match[name] is not None)
    start, end = match.span(group)
    if not _is_secret(match, match[group], bare=group == "bare"):
        return match[0]
    return match.string[match.start() : start] + REDACTED + match.string[end : match.end()]


def _is_secret(match: re.Match[str], value: str, *, bare: bool) -> bool:
    behind = match.string[match.end() : match.end() + 1]
    if _REFERENCE.search(value) or _PLAIN_WORDS.fullmatch(value):
        return False
    if bare and not _stands_alone(match, value, behind):
        return False
    if match["password"] or (match["secret"] or "").isupper():
        return len(value) > 2
    if match["secret"]:
        return len(value) > 5 and not _is_name(value)
    return match["join"] != ">" and any(_is_random(run) for run in _RUN.findall(value))


def _stands_alone(match: re.Match[str], value: str, behind: str) -> bool:
    """Say whether a value without quotes is one, and not the start of a sentence or a piece of code."""
    join = match["join"]
    if behind in {"(", "{", "["} or (join == ">" and behind != "<"):
        return False
    # NAME=value and --name value may stand among other words.
    if join == "=" or (join.isspace() and not value.isalpha()):
        return not value.startswith("-")
    if _VALUE_END.match(match.string, match.end()) is None:
        return False
    is_word = value.rstrip("!?").replace("_", "").isalpha()
    return not (
        is_word and (_SECRET_WORD.search(value) or (behind in {",", ";", ")"} and _HUMP.search(value)))
    )


def _is_random(run: str) -> bool:
    if _HEX.fullmatch(run):
        return len(run) not in _DIGEST_LENGTHS
    return all(any(test(letter) for letter in run) for test in (str.isupper, str.islower, str.isdigit))


def _is_name(value: str) -> bool:
    """Say whether every part is a word, a number or short, as in `app-tls-2` or an ARN."""
    parts = re.split(r"[-_./:@= ]", value)
    return all(len(part) < 5 or part.isdigit() or (part.isalpha() and len(part) < 25) for part in parts)


_NAMED = frozenset({"pass", "pwd", "secret", "token", "key", "credential"})
_ANYTHING = frozenset({""})
_SECRETS: tuple[tuple[frozenset[str], re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (frozenset({"private key"}), _PRIVATE_KEY, REDACTED),
    (_ANYTHING, _TOKENS, REDACTED),
    (frozenset({"hook"}), _WEBHOOK, rf"\1{REDACTED}"),
    (frozenset({"sig=", "signature="}), _SIGNATURE, rf"\1{REDACTED}"),
    (frozenset({"authorization"}), _HEADER, rf"\1{REDACTED}"),
    (frozenset({"bearer", "basic"}), _BEARER, rf"\1{REDACTED}"),
    (frozenset({"@"}), _URL_PASSWORD, rf"\1{REDACTED}@"),
    (frozenset({"@"}), _URL_TOKEN, rf"\1{REDACTED}@"),
    (_NAMED, _PAIR, _assigned),
    (_NAMED, _ASSIGNMENT, _assigned),
    (_NAMED, _FLAG, _assigned),
)
"""What is looked for, in this order, in a text that holds one of the words in lower case: most hold none."""

_WORDS = tuple(sorted(frozenset[str]().union(*(words for words, _, _ in _SECRETS))))
