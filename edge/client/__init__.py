"""Read a line's feed from another program and lose nothing.

    from edge.client import Client

    with Client("tcp://127.0.0.1:5560") as client:
        for message, _ in client:
            print(message.camera, message.status)
            print(client.account)              # "0 missing of 1234"

Each verdict comes once, in order, over service restarts and cut networks: what the live feed lost is fetched from the
line's store. `async for` works too. Save `client.position`, and give it back as `position` to go on where you stopped.
"""

from edge.client.account import Account
from edge.client.asking import RequestRefusedError, ask
from edge.client.client import Client
from edge.client.position import Position, read_position, write_position
from edge.client.recipe import choose_product

__all__ = [
    "Account",
    "Client",
    "Position",
    "RequestRefusedError",
    "ask",
    "choose_product",
    "read_position",
    "write_position",
]
