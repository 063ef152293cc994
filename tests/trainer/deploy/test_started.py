"""What was deployed, started: the Space's own files with the environment the Hub would give them, asked by the watch itself."""

import re
import urllib.request
from http.cookiejar import CookieJar

import pytest

from tests.staged_space import running_space, status
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.deploy.deployment import Request, deploy

pytestmark = pytest.mark.slow


def test_the_deployed_space_starts_locked_and_her_link_opens_it(owner, tmp_path):
    """401 for a stranger, the page for who has the link, and one more deploy that finds it up."""
    deploy(Request(SPACE, MODEL, invite=True, his_name="도윤", her_name="서연"))
    owner.said()
    folder = tmp_path / "space"
    for path, content in owner.control.files(SPACE, "spaces").items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)

    with running_space(folder, owner.hub.environment(home="space", extra=owner.settings())) as url:
        owner.control.set_space_host(SPACE, url)
        deploy(Request(SPACE, MODEL, invite=True))
        said = owner.said()
        (link,) = re.findall(r"http\S+/invite/\S+", said)
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with browser.open(link, timeout=30) as opened:
            assert (status(url), opened.status, "/invite/" in opened.url) == (401, 200, False)

    assert "nothing has to change" in said
