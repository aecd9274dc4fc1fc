"""`python -m alexa_local.cli` is `alexa-local`, also where the package is not installed."""

import sys

from alexa_local.cli.main import main

sys.exit(main())
