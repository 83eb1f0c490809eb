"""What `redact` takes out of a text, and what it leaves alone. Tokens are put together here, so none is in the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.repository import redact

MIXED = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
HEX = "0123456789abcdef" * 4
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0." + "c2lnbmF0dXJl"
KEY = "-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"

TOKENS = {
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "aws session": "ASIA" + "IOSFODNN7EXAMPLE",
    "github": "ghp_" + MIXED[:36],
    "github app": "ghs_" + MIXED[:36],
    "github fine-grained": "github_pat_" + MIXED * 2,
    "gitlab": "glpat-" + MIXED[:20],
    "slack": "xoxb-" + "123456789012-" + MIXED[:24],
    "slack app": "xapp-1-" + MIXED[:24],
    "stripe": "sk_" + "live_" + MIXED[:24],
    "stripe webhook": "whsec_" + MIXED[:32],
    "openai": "sk-" + MIXED,
    "openai project": "sk-proj-" + MIXED + "_-" + MIXED,
    "anthropic": "sk-ant-api03-" + MIXED + "-" + MIXED,
    "google": "AIza" + MIXED[:35],
    "npm": "npm_" + MIXED[:36],
    "pypi": "pypi-" + "AgEIcHlwaS5vcmc" + MIXED,
    "digitalocean": "dop_v1_" + HEX,
    "vault": "hvs." + MIXED,
    "grafana": "glsa_" + MIXED,
    "supabase": "sbp_" + HEX[:40],
    "jwt": JWT,
    "rsa key": KEY.format(kind="RSA ", body="\n".join([MIXED] * 3)),
    "encrypted key": KEY.format(
        kind="ENCRYPTED ", body=f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{HEX[:32]}\n\n{MIXED}"
    ),
    "escaped key": KEY.format(kind="", body=MIXED).replace("\n", "\\n"),
    "key cut short": KEY.format(kind="EC ", body=MIXED).partition("\n-----END")[0],
}


@pytest.mark.parametrize("around", ["{}", "see {} here", 'token: "{}",', "https://x.example/{}?a=b", "é{}é"])
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_is_known_by_its_own_form(token: str, around: str) -> None:
    if around == "é{}é" and token.startswith("-----"):
        around = "{}\n"

    shown = redact(around.format(token))

    assert "[redacted]" in shown
    assert not any(token[at : at + 12] in shown for at in range(20, len(token) - 12))
    assert shown == redact(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # URLs
        ("https://bob:hunter2@git.example/x", "https://bob:[redacted]@git.example/x"),
        ("postgres://app:p@ss:w0rd@db:5432/x", "postgres://app:[redacted]@db:5432/x"),
        ("redis://:hunter2@cache:6379", "redis://:[redacted]@cache:6379"),
        (f"https://{HEX[:32]}@sentry.example/1", "https://[redacted]@sentry.example/1"),
        ("https://hooks.slack.com/services/T0/B0/" + MIXED, "https://hooks.slack.com/services/[redacted]"),
        (f"https://x.example/a?sv=1&sig={MIXED}&b=c", "https://x.example/a?sv=1&sig=[redacted]&b=c"),
        # headers
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer [redacted]"),
        ("curl -H 'authorization: token abcdefgh'", "curl -H 'authorization: token [redacted]'"),
        ('{"Authorization": "Basic dXNlcjpwYXNz"}', '{"Authorization": "Basic [redacted]"}'),
        ("use bearer " + MIXED, "use bearer [redacted]"),
        ("X-Api-Key: " + MIXED, "X-Api-Key: [redacted]"),
        # assignments
        ("API_KEY=abc123def456", "API_KEY=[redacted]"),
        (f"KEY={MIXED}", "KEY=[redacted]"),
        ("export DB_PASSWORD=correcthorse && run", "export DB_PASSWORD=[redacted] && run"),
        ("POSTGRES_PASSWORD: postgres", "POSTGRES_PASSWORD: [redacted]"),
        ("  password: hunter2  # dev", "  password: [redacted]  # dev"),
        ('"clientSecret": "abc123def456"', '"clientSecret": "[redacted]"'),
        ("password = 'correct horse battery'", "password = '[redacted]'"),
        ("<password>hunter2</password>", "<password>[redacted]</password>"),
        (f"aws_secret_access_key = {MIXED}/x+y", "aws_secret_access_key = [redacted]"),
        ("AccountKey=Zm9vYmFyMTIzNDU2==;Suffix=x", "AccountKey=[redacted];Suffix=x"),
        (f"api_key: {HEX[:40]}", "api_key: [redacted]"),
        ("api_key: 0f8fad5b-d9cb-469f-a165-70867728950e", "api_key: [redacted]"),
        ("docker run -e PASSWORD=x1y2 img", "docker run -e PASSWORD=[redacted] img"),
        ("mysql --password hunter2 -u x", "mysql --password [redacted] -u x"),
        ("ENV DB_PASSWORD hunter2", "ENV DB_PASSWORD [redacted]"),
    ],
)
def test_a_value_is_known_by_what_it_is_given_to(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        # digests and commits
        f"uses: actions/checkout@{HEX[:40]}",
        f"image: app@sha256:{HEX}",
        f"cache-key: {HEX}",
        f'{{"sha256": "{HEX}", "commit": "{HEX[:40]}"}}',
        f"integrity sha512-{MIXED}==",
        # references
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "password: ${DB_PASSWORD}",
        "PASSWORD=$DB_PASSWORD",
        "https://x-access-token:${{ secrets.TOKEN }}@github.com/a/b",
        "https://user:$TOKEN@git.example/a",
        'curl -H "Authorization: Bearer $TOKEN"',
        "password: {{ .Values.password }}",
        "password: !Ref DatabasePassword",
        "password = var.db_password",
        "token: process.env.API_TOKEN!,",
        'secret = "env(API_SECRET)"',
        "password = os.environ['PASSWORD']",
        "password = get_password(user)",
        "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
        "tokenFile: /var/run/secrets/token",
        "password: <your-password>",
        # settings whose names only sound like it
        "  id-token: write",
        "  secrets: inherit",
        "secretName: checkout-tls-2",
        "secret: app-secrets-v2",
        "persist-credentials: false",
        "max_tokens: 100000",
        "token_endpoint: https://id.example/token",
        "key: v1-dependencies-{{ checksum }}",
        "password: string",
        "this.password = newPassword;",
        "docker login --password-stdin",
        "psql --no-password --no-psqlrc",
        'status ? "PASS" : "FAIL"',
        # prose
        "Password: enter the one you were given.",
        "The token bucket refills; a secret: never tell it.",
        "a key of -----BEGIN PRIVATE KEY----- lines is refused",
        "Bearer authentication is required here",
        "task-risk-assessment, sk-fading-circle-container, monkey=banana",
        "ssh://git@git.example:2222/acme/shop.git and git@git.example:acme/shop.git",
        "grüße, 你好, ⚠️ 100% a\tb\n\n",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb\u200dc\ufeffd\u00ade", "abcde"),
        ("access \u202e\u2066gnp.exe\u2069", "access gnp.exe"),
        ("hi" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all"), "hi"),
        ("x" + "".join(chr(0xE0100 + number) for number in range(20)), "x"),
        ("⚠\ufe0f\ufe0e\ufe0f\ufe00!", "⚠\ufe0f!"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text \x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "text link"),
        ("\x9b2Jgone \x1bcreset\x08\x07\x00\x7f", "gone reset"),
        ("\x1b]unfinished\nnext", "unfinished\nnext"),
        ("one\r\ntwo\rthree\u2028four\u2029", "one\ntwo\nthree\nfour\n"),
        ("half \ud83d pair", "half  pair"),
    ],
)
def test_what_cannot_be_seen_or_drives_a_terminal_is_gone(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize("parted", ["\u200b", "\ufeff", "\U000e0041", "\x1b[0m", "\u202e", "\x00"])
def test_an_invisible_sign_inside_a_token_does_not_save_it(parted: str) -> None:
    token = TOKENS["github"]

    assert redact(token[:9] + parted + token[9:]) == "[redacted]"


FRAGMENTS = [
    *TOKENS.values(),
    *(
        "password",
        "token",
        "key",
        "SECRET",
        "=",
        ": ",
        '"',
        "'",
        "--",
        " ",
        "\n",
        "https://",
        "u:p@",
        "@",
        "x1y2z3",
    ),
    *(
        "bearer ",
        "authorization: ",
        "<",
        ">",
        "$",
        "{{",
        "[redacted]",
        "\u200b",
        "\x1b[",
        "]",
        "(",
        ";",
        "-----",
    ),
]


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=12).map("".join))
def test_redacting_twice_changes_nothing_more_and_leaves_text_that_can_be_written(text: str) -> None:
    shown = redact(text)

    assert redact(shown) == shown
    assert shown.encode("utf-8").decode("utf-8") == shown


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "-",
            "eyJ-",
            "a://",
            "a://b:c",
            "bearer ",
            'key="',
            "password=",
            "--password ",
            "\x1b]",
            "\ufe0f",
            "\t",
        ),
        *(
            "token \t",
            "sk-proj-",
            "SG.aaaaaaaaaaaaaaaa.",
            "aaaaaaaaaaaaaa.",
            "-----BEGIN PRIVATE KEY-----",
            "aA1",
        ),
        *(
            "key=" + "a" * 1990 + " ",
            "password: " + "pass" * 490 + "1 ",
            "ENV ",
            "gl",
            "authorization: bearer ",
        ),
    ],
)
def test_a_text_made_to_keep_the_patterns_busy_is_done_with_in_time(unit: str) -> None:
    text = (unit * (262_144 // len(unit)))[:262_144]

    # Were one of the patterns quadratic, this would take minutes, and the suite's own limit would end it.
    assert len(redact(text)) <= len(text) * 3
