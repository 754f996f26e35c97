"""`python -m keskidee` is `keskidee`."""

import sys

from keskidee.cli import main

sys.exit(main())
