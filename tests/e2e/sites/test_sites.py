"""Sites in `sundog dev`: a dev server of the user's beside the session, and a site that follows edits."""

from __future__ import annotations

import http.client
import sys
import urllib.request
from urllib.parse import urlsplit

import pytest

APP = f"""
from sundog import Api, App, Stack, StaticSite

app = App()
stack = Stack(app, "web")
api = Api(stack, "api", routes={{"GET /": "functions/hello.handler"}})
StaticSite(
    stack,
    "live",
    path="live",
    environment={{"API_URL": api.url}},
    dev_command="exec {sys.executable} -u serve.py",
)
plain = StaticSite(stack, "plain", path="plain")
stack.outputs(ApiUrl=api.url, Plain=plain.url)
app.synth()
"""
SERVER = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            os._exit(7)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["API_URL"].encode())

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"\\x1b[32mLocal\\x1b[0m: http://127.0.0.1:{server.server_port}/")
server.serve_forever()
"""


@pytest.fixture
def project(tmp_path):
    files = {
        "pyproject.toml": '[tool.sundog]\nname = "sites"\n',
        "app.py": APP,
        "functions/hello.py": "def handler(event, context):\n    return 'hello'\n",
        "live/serve.py": SERVER,
        "plain/index.html": "first\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read().decode()


def plain_page(dev):
    """Fetch by address and name: not every resolver knows names below `localhost`."""
    site = urlsplit(dev.ready["outputs"]["web"]["Plain"])
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    try:
        connection.request("GET", "/", headers={"Host": site.netloc})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_sites_are_served_follow_edits_and_end_with_the_session(project, start_dev, waiting, still_alive):
    dev = start_dev(project).wait_until_ready()
    first = dev.wait_for("SiteServed")
    api = dev.ready["outputs"]["web"]["ApiUrl"]

    assert fetch(first["url"]) == api
    assert "\x1b" in dev.wait_for("SiteOutput")["text"]

    mark = dev.mark()
    with pytest.raises((http.client.HTTPException, OSError)):
        fetch(f"{first['url']}crash")
    again = dev.wait_for("SiteServed", since=mark)
    notice = dev.wait_for("Notice", since=mark)

    assert notice["text"] == "the dev server of the site `live` ended with status 7 and is started again"
    assert fetch(again["url"]) == api

    dev.wait_for("UploadFinished", where=lambda event: event["name"] == "plain")
    assert plain_page(dev) == "first\n"
    mark = dev.mark()
    (project / "plain/index.html").write_text("second\n")
    dev.wait_for("UploadFinished", since=mark)
    assert plain_page(dev) == "second\n"

    family = dev.family()
    assert any("serve.py" in command for command in family.values())
    dev.interrupt()
    waiting(lambda: not still_alive(family), lambda: f"still there: {still_alive(family)}")
