"""A script beside an adapter: it imports what lies beside it, and says what it sees of its parent."""

import json
import os
import sys

import neighbour

print(json.dumps({"name": neighbour.NAME, "environment": dict(os.environ), "safe": getattr(sys.flags, "safe_path", False)}))
