"""`python -m platform_operations.cli` is `platform-ops`."""

import sys

from platform_operations.cli.entry import main

sys.exit(main())
