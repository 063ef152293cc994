"""What the Space pages serve: secrets, variables, hardware, pausing, volumes, logs, prices."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.hub.errors import HubError
from tests.hub.runtime import HARDWARE, check_hardware, runtime, setting, start_again
from tests.hub.state import Need, repo_of, state_of, visitor_of
from tests.hub.store import Repo


def space_of(request: Request, need: Need = "read") -> Repo:
    return repo_of(request, need, kind="spaces")


# -- life


async def get_runtime(request: Request) -> Response:
    """Each look moves the Space one stage on."""
    with space_of(request).edit() as meta:
        space = meta["space"]
        if space["stages"][0].startswith("RUNNING"):
            space["hardware"]["current"] = space["hardware"]["requested"]
        answer = runtime(space)
        if len(space["stages"]) > 1:
            space["stages"].pop(0)
    return JSONResponse(answer)


async def set_hardware(request: Request) -> Response:
    body = await request.json()
    repo, user = space_of(request, "manage"), visitor_of(request).user
    space = repo.meta["space"]
    assert user is not None
    if body["flavor"] != space["hardware"]["requested"]:
        check_hardware(state_of(request), user, space["sdk"], body["flavor"])
    with repo.edit() as meta:
        space = meta["space"]
        space["hardware"]["requested"] = body["flavor"]
        space["sleep"] = body.get("sleepTimeSeconds") or space["sleep"]
        start_again(space, "hardware")
    return JSONResponse(runtime(space))


async def set_sleep_time(request: Request) -> Response:
    seconds = (await request.json())["seconds"]
    with space_of(request, "manage").edit() as meta:
        meta["space"]["sleep"] = seconds
    return JSONResponse(runtime(meta["space"]))


async def pause(request: Request) -> Response:
    with space_of(request, "manage").edit() as meta:
        meta["space"]["stages"] = ["PAUSED"]
        meta["space"]["events"].append("pause")
    return JSONResponse(runtime(meta["space"]))


async def restart(request: Request) -> Response:
    event = "factory restart" if request.query_params.get("factory") == "true" else "restart"
    with space_of(request, "manage").edit() as meta:
        space = meta["space"]
        if space["stages"] != ["NO_APP_FILE"]:
            space["stages"] = ["BUILDING"]
        start_again(space, event)
    return JSONResponse(runtime(space))


async def set_volumes(request: Request) -> Response:
    body = await request.json() if request.method == "PUT" else {"volumes": None}
    with space_of(request, "manage").edit() as meta:
        meta["space"]["volumes"] = body["volumes"]
        start_again(meta["space"], "volumes")
    return JSONResponse(runtime(meta["space"]))


# -- secrets and variables


async def get_settings(request: Request) -> Response:
    return _listed(space_of(request, "manage"), request.path_params["field"])


async def set_setting(request: Request) -> Response:
    field, body = request.path_params["field"], await request.json()
    repo = space_of(request, "manage")
    with repo.edit() as meta:
        meta["space"][field][body["key"]] = setting(body)
        start_again(meta["space"], f"{field}: {body['key']}")
    return JSONResponse({}) if field == "secrets" else _listed(repo, field)


async def delete_setting(request: Request) -> Response:
    field, key = request.path_params["field"], (await request.json())["key"]
    repo = space_of(request, "manage")
    with repo.edit() as meta:
        if meta["space"][field].pop(key, None) is None:
            raise HubError(404, f"No such key: {key}")
        start_again(meta["space"], f"{field}: {key}")
    return JSONResponse({}) if field == "secrets" else _listed(repo, field)


def _listed(repo: Repo, field: str) -> Response:
    """A secret's value is never told again."""
    hidden = {"value"} if field == "secrets" else set()
    settings = repo.meta["space"][field].items()
    shown = {key: {k: v for k, v in item.items() if k not in hidden} for key, item in settings}
    return JSONResponse(shown)


# -- logs and prices


async def logs(request: Request) -> Response:
    """Server-sent events; the stream ends after the last line unless the test keeps it open."""
    space = space_of(request, "write").meta["space"]
    lines = space["logs"].get(request.path_params["which"])
    if lines is None:
        raise HubError(404, "No such log")

    async def events() -> AsyncIterator[str]:
        for line in lines:
            yield f"data: {json.dumps(line)}\n\n"
        if space["logs_stay_open"]:
            await asyncio.Event().wait()

    return StreamingResponse(events(), media_type="text/event-stream")


async def list_hardware(_: Request) -> Response:
    """The catalogue with prices, in the client's JobHardwareInfo form."""
    catalogue = [
        {
            "name": flavor,
            "prettyName": name,
            "cpu": "2 vCPU",
            "ram": "16 GB",
            "accelerator": None,
            "unitCostMicroUSD": cents * 10_000 // 60,
            "unitCostUSD": cents / 100 / 60,
            "unitLabel": "minute",
        }
        for flavor, (name, cents) in HARDWARE.items()
    ]
    return JSONResponse(catalogue)


class _Settings(Convertor[str]):
    regex = "secrets|variables"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("settings", _Settings())

_SPACE = "/api/spaces/{owner}/{name}"
routes = [
    Route("/api/spaces/hardware", list_hardware),
    Route(f"{_SPACE}/runtime", get_runtime),
    Route(f"{_SPACE}/hardware", set_hardware, methods=["POST"]),
    Route(f"{_SPACE}/sleeptime", set_sleep_time, methods=["POST"]),
    Route(f"{_SPACE}/pause", pause, methods=["POST"]),
    Route(f"{_SPACE}/restart", restart, methods=["POST"]),
    Route(f"{_SPACE}/volumes", set_volumes, methods=["PUT", "DELETE"]),
    Route(f"{_SPACE}/logs/{{which}}", logs),
    Route(f"{_SPACE}/{{field:settings}}", get_settings),
    Route(f"{_SPACE}/{{field:settings}}", set_setting, methods=["POST"]),
    Route(f"{_SPACE}/{{field:settings}}", delete_setting, methods=["DELETE"]),
]
