"""Files made to hold secrets: they are listed, since their being there matters, and never read."""

import re

from platform_operations.patterns import regex

MAY_HOLD_SECRETS = "may hold secrets"

_ENVIRONMENT = regex(r"\.env(?:\.(?P<variant>.*))?|(?P<stem>.*)\.env")
_TEMPLATE = regex(r"(?:.*[._-])?(?:example|sample|template|tmpl|dist|defaults?)")
_NAMES = regex(
    r"""
      .*\.(?: pem | key | p12 | pfx | jks | keystore | kdbx | ppk | ovpn )
    | id_(?: rsa | dsa | ecdsa | ed25519 ) (?:_sk)?
    | .*\.tfstate (?:\..*)? | \.terraformrc | terraform\.rc | .*\.tfrc\.json
    | \.?kubeconfig (?:[_-][^.]*)? (?:\.(?: ya?ml | json | conf ))? | .*\.kubeconfig
    | [._]netrc | \.pgpass | \.pypirc | \.htpasswd | \.git-credentials | \.dockercfg | \.s3cfg | \.boto
    | \.vault[_-](?: token | pass (?:word)? )
    | (?:\.|.*[_-])? credentials (?:\.(?: json | ya?ml | toml | ini | csv | txt ))?
    | service[_-]?account (?:[._-].*)? \.json
    """,
    re.VERBOSE,
)
_PLACES = regex(r"(?:^|/)(?:\.kube/config|\.docker/config\.json|\.aws/config)$")
# Ordinary settings unless a token stands in them; a reference to an environment variable is none.
_SETTINGS = {
    ".npmrc": regex(r"(?im)^[^#;\n=]*(?:_authToken|_auth|_password)[ \t]*=[ \t]*(?![ \t\"']*\$\{)[^ \t\n]"),
    ".yarnrc.yml": regex(r"(?im)^[^#\n:]*npmAuth(?:Token|Ident)\"?[ \t]*:[ \t]*(?![ \t\"']*\$\{)[^ \t\n]"),
}


def named_for_secrets(path: str) -> bool:
    """Say whether a file of this path is made to hold secrets; templates such as `.env.example` are not."""
    lowered = path.lower()
    name = lowered.rpartition("/")[2]
    environment = _ENVIRONMENT.fullmatch(name)
    if environment is not None:
        return _TEMPLATE.fullmatch(environment["variant"] or environment["stem"] or "") is None
    return _NAMES.fullmatch(name) is not None or _PLACES.search(lowered) is not None


def settings_with_token(path: str, text: str) -> bool:
    """Say whether a package manager's settings hold a token literally."""
    pattern = _SETTINGS.get(path.rpartition("/")[2])
    return pattern is not None and pattern.search(text) is not None
