"""Follow a line and lose nothing: each verdict once, in order; stop it as you like, it goes on where it was.

python docs/feed/examples/follow.py tcp://127.0.0.1:5560 position.json
"""

import sys
from pathlib import Path

from edge.client import Client, read_position, write_position

address, place = sys.argv[1], Path(sys.argv[2])
with Client(address, position=read_position(place)) as client:
    for verdict, _ in client:
        print(verdict.id, verdict.status, verdict.class_name, f"({client.account})", flush=True)
        write_position(place, client.position)
