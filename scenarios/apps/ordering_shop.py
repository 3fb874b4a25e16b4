# A shop that places orders with requests. What gets no answer, urllib3's Retry asks again, if its method is one of
# RETRY_METHODS. An order without an answer may have been placed all the same.
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

ORDERS_URL = os.environ["ORDERS_URL"]
RETRY_METHODS = os.environ["RETRY_METHODS"].split()

orders = requests.Session()
orders.mount("http://", HTTPAdapter(max_retries=Retry(total=1, allowed_methods=RETRY_METHODS)))


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, b"")

    def do_POST(self):
        order = self.rfile.read(int(self.headers["content-length"]))
        headers = {"x-request-id": self.headers["x-request-id"], "content-type": "application/json"}
        try:
            placed = orders.post(ORDERS_URL + self.path, data=order, headers=headers, timeout=0.2)
            self.answer(placed.status_code, placed.content)
        except requests.RequestException:
            self.answer(504, b'{ "error": "whether it was placed is not known" }')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
