"""What `python3 /usr/lib/alexa-local-cloud` runs: the libraries beside this file come first."""

import sys

from alexa_local.cloud.main import main

sys.exit(main())
