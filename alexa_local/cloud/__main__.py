"""`python -m alexa_local.cloud` is `alexa-local-cloud`."""

import sys

from alexa_local.cloud.main import main

sys.exit(main())
