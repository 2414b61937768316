"""A stand-in for the api: answers /healthz on PORT until SIGTERM."""

from __future__ import annotations

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


if __name__ == "__main__":
    print("answering", flush=True)
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Healthy).serve_forever()
