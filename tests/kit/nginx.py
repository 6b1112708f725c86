"""Debian's nginx for tests, with the configuration that docs/proxy.md shows, at addresses of the test's own."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from local import ports
from local.process import Process
from tests.house.tree import ROOT
from tests.kit.certificates import Pair

NGINX = Path("/usr/sbin/nginx")
MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def of_the_page() -> str:
    """The configuration in docs/proxy.md."""
    [found] = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "proxy.md").read_text(), re.DOTALL)
    return str(found)


class Nginx:
    """nginx with TLS on a port of loopback, in front of `upstreams`: the port of each process by its name in the page's paths,
    where further nodes stand as the first does.

    `strips`: whether it takes the prefix off the paths.
    """

    def __init__(self, folder: Path, tls: Pair, upstreams: Mapping[str, int], *, strips: bool = False) -> None:
        if not NGINX.exists():
            pytest.skip(f"needs {NGINX}: apt-get install nginx-light")
        folder.mkdir(parents=True)
        self.port, self._folder = ports.free_port(), folder
        server = of_the_page()
        for written, here in (
            ("listen 443", f"listen {ports.HOST}:{self.port}"),
            ("server_name ringrift.example", "server_name localhost"),
            ("/etc/ringrift/proxy.pem", str(tls.certificate)),
            ("/etc/ringrift/proxy.key", str(tls.key)),
        ):
            assert server.count(written) == 1, f"docs/proxy.md: {written}"
            server = server.replace(written, here)
        for name in sorted(set(upstreams) - {"node-1"}, reverse=True):
            if name.startswith("node-"):
                server = re.sub(r"( *location /ringrift/)node-1(/ .*\n)", rf"\g<0>\1{name}\2", server)
        for name, port in upstreams.items():
            target = f"proxy_pass http://{ports.HOST}:{port}{'/' if strips else ''};"
            server, found = re.subn(rf"(/ringrift/{name}/ *{{) proxy_pass [^;]*;", rf"\1 {target}", server)
            assert found == 1, f"docs/proxy.md has no location of {name}"
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, server=server))
        command: list[str | Path] = [NGINX, "-e", folder / "error.log", "-c", folder / "nginx.conf", "-p", folder]
        self.process = Process("nginx", command, log=folder / "output.log", cwd=folder)

    def start(self) -> None:
        """Start it; returns when it listens."""
        self.process.start()
        self.process.wait_until(lambda: None if not ports.is_free(self.port) else "it does not listen yet")

    def stop(self) -> None:
        """End it."""
        self.process.stop()

    def url(self, name: str) -> str:
        """The address of a process through it."""
        return f"https://localhost:{self.port}/ringrift/{name}"

    def passed(self) -> list[str]:
        """Method and path of every request that went through it."""
        return re.findall(r'"(\w+ \S+) HTTP/', (self._folder / "access.log").read_text())
