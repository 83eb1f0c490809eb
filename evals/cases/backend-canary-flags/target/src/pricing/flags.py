import os

import ldclient
from ldclient import Context
from ldclient.config import Config

ldclient.set_config(Config(os.environ.get("LAUNCHDARKLY_KEY", "")))


def variation(flag: str, default: bool) -> bool:
    return bool(ldclient.get().variation(flag, Context.create("pricing"), default))
