# A shop that asks the inventory with httpx, and waits TIMEOUT seconds for it; "none": as long as it takes.
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

TIMEOUT = os.environ["TIMEOUT"]

inventory = httpx.Client(base_url=os.environ["INVENTORY_URL"], timeout=None if TIMEOUT == "none" else float(TIMEOUT))


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, b"")
        try:
            stock = inventory.get(self.path, headers={"x-request-id": self.headers["x-request-id"]})
            self.answer(stock.status_code, stock.content)
        except httpx.TimeoutException:
            self.answer(200, b'{ "stock": "unknown" }')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
