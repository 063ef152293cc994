"""A repository's past: branches, tags, commits, squashing, and deleting large files for good."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.hub.errors import HubError, revision_not_found
from tests.hub.repos import next_page
from tests.hub.state import repo_of, state_of, visitor_of


async def refs(request: Request) -> Response:
    meta = repo_of(request).meta
    listed = {
        field: [
            {"name": name, "ref": f"refs/{folder}/{name}", "targetCommit": sha}
            for name, sha in meta[field].items()
        ]
        for field, folder in (("branches", "heads"), ("tags", "tags"))
    }
    return JSONResponse({**listed, "converts": [], "pullRequests": []})


async def create_tag(request: Request) -> Response:
    """The path names what is tagged, the body the tag."""
    repo = repo_of(request, "write")
    body = await request.json()
    sha = repo.resolve(request.path_params["revision"]).sha
    with repo.edit() as meta:
        if body["tag"] in meta["tags"]:
            raise HubError(409, "Tag reference exists already")
        meta["tags"][body["tag"]] = sha
    return PlainTextResponse("OK")


async def delete_tag(request: Request) -> Response:
    return _delete_ref(request, "tags")


async def create_branch(request: Request) -> Response:
    repo = repo_of(request, "write")
    body = await request.json()
    branch = request.path_params["revision"]
    sha = repo.resolve(body.get("startingPoint", "main")).sha
    with repo.edit() as meta:
        if branch in meta["branches"]:
            raise HubError(409, "Reference already exists")
        meta["branches"][branch] = sha
    return PlainTextResponse("OK")


async def delete_branch(request: Request) -> Response:
    if request.path_params["revision"] == "main":
        raise HubError(403, "The main branch cannot be deleted")
    return _delete_ref(request, "branches")


def _delete_ref(request: Request, field: str) -> Response:
    name = request.path_params["revision"]
    with repo_of(request, "write").edit() as meta:
        if meta[field].pop(name, None) is None:
            raise revision_not_found(name)
    return PlainTextResponse("OK")


async def commits(request: Request) -> Response:
    repo = repo_of(request)
    past = list(repo.history(repo.resolve(request.path_params["revision"]).sha))
    start = int(request.query_params.get("cursor", 0))
    end = start + state_of(request).page_size
    page = [
        {
            "id": commit.sha,
            "title": commit.title,
            "message": commit.message,
            "date": commit.date,
            "authors": [{"user": commit.author}],
            "formatted": {"title": commit.title, "message": commit.message},
        }
        for commit in past[start:end]
    ]
    headers = next_page(request, end) if end < len(past) else {}
    return JSONResponse(page, headers={"X-Total-Count": str(len(past)), **headers})


async def squash(request: Request) -> Response:
    """Unreachable commits are gone at once; a tag still holds what it points at."""
    repo = repo_of(request, "write")
    body = await request.json()
    branch = request.path_params["revision"]
    if branch not in repo.meta["branches"]:
        raise revision_not_found(branch)
    repo.squash(branch, author=visitor_of(request).name, title=body["message"])
    return PlainTextResponse("OK")


async def lfs_files(request: Request) -> Response:
    """Every large file of every commit, the newest commit that brought it first."""
    repo = repo_of(request, "write")
    meta = repo.meta
    found: dict[str, dict[str, object]] = {}
    for field, folder in (("branches", "heads"), ("tags", "tags")):
        for name, head in meta[field].items():
            for commit in repo.history(head):
                for path, entry in commit.files.items():
                    if entry.sha256:
                        found.setdefault(
                            entry.oid,
                            {
                                "fileOid": entry.oid,
                                "filename": path,
                                "oid": entry.sha256,
                                "pushedAt": commit.date,
                                "ref": f"refs/{folder}/{name}",
                                "size": entry.size,
                            },
                        )
    return JSONResponse(list(found.values()))


async def delete_lfs_files(request: Request) -> Response:
    repo = repo_of(request, "write")
    deletions = (await request.json())["deletions"]
    repo.drop_objects(set(deletions["sha"]))
    return JSONResponse({})


_REPO = "/api/{kind:kind}/{owner}/{name}"
routes = [
    Route(f"{_REPO}/refs", refs),
    Route(f"{_REPO}/tag/{{revision}}", create_tag, methods=["POST"]),
    Route(f"{_REPO}/tag/{{revision}}", delete_tag, methods=["DELETE"]),
    Route(f"{_REPO}/branch/{{revision}}", create_branch, methods=["POST"]),
    Route(f"{_REPO}/branch/{{revision}}", delete_branch, methods=["DELETE"]),
    Route(f"{_REPO}/commits/{{revision}}", commits),
    Route(f"{_REPO}/super-squash/{{revision}}", squash, methods=["POST"]),
    Route(f"{_REPO}/lfs-files", lfs_files),
    Route(f"{_REPO}/lfs-files/batch", delete_lfs_files, methods=["POST"]),
]
