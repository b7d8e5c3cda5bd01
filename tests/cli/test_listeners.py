"""`listeners import`, and `collect --listeners` against the endpoint."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aws_endpoint import Fault, Request, serving
from cli.running import BASTION, PRIVATE, PUBLIC, STORY, process, refusal, sekisho
from collecting import REGION, credentials, empty

ROOT = Path(__file__).parents[2]
SS = 'tcp LISTEN 0 4096 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=812,fd=3))\n'
WINDOWS = "  TCP    0.0.0.0:3389   0.0.0.0:0   LISTENING   1052\r\n"
NMAP = (
    '<nmaprun><host><address addr="{}" addrtype="ipv4"/><ports><port protocol="tcp" portid="{}">'
    '<state state="open"/></port></ports></host></nmaprun>'
)
SSHD = {"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd", "pid": 812}


def saved(place: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    file = place / name
    file.write_text(text, encoding=encoding)
    return file


def test_files_are_of_the_instances_that_name_them(tmp_path: Path) -> None:
    saved(tmp_path, f"{PUBLIC}.txt", SS)
    saved(tmp_path, f"{PRIVATE}.netstat.txt", WINDOWS, "utf-16")
    ran = sekisho("listeners", "import", tmp_path)
    rdp = {"protocol": "tcp", "address": "0.0.0.0", "port": 3389, "pid": 1052}
    assert ran.document == {
        PUBLIC: {"state": "healthy", "sockets": [SSHD]},
        PRIVATE: {"state": "healthy", "sockets": [rdp]},
    }


def test_an_inventory_that_was_imported_changes_the_findings(tmp_path: Path) -> None:
    inventory = tmp_path / "listeners.json"
    ran = sekisho("listeners", "import", saved(tmp_path, f"{PRIVATE}.txt", SS), "--output-file", inventory)
    assert (ran.code, ran.out) == (0, "")
    asked = ("assess", STORY, "--target", PRIVATE, "-o", "json")
    before, after = sekisho(*asked), sekisho(*asked, "--listeners", inventory)
    types = [{f["type"] for f in ran.document["findings"] if f["port"] == 22} for ran in (before, after)]
    assert types == [{"RecognizedPortNoAgent"}, {"RecognizedPortWithListener"}]


def test_the_coverage_says_which_instances_told(tmp_path: Path) -> None:
    inventory = saved(
        tmp_path,
        "listeners.json",
        json.dumps({PRIVATE: [SSHD], PUBLIC: {"state": "unhealthy", "why": "its agent is ConnectionLost"}}),
    )
    asked = ("assess", STORY, "-o", "json")
    before, after = sekisho(*asked).document, sekisho(*asked, "--listeners", inventory).document
    assert "listeners" not in before["coverage"]
    states = {PRIVATE: "healthy", PUBLIC: "unhealthy", BASTION: "unknown"}
    assert after["coverage"]["listeners"] == dict(sorted(states.items()))
    of_public = [[f for f in d["findings"] if f["instance"] in {PUBLIC, BASTION}] for d in (before, after)]
    assert of_public[0] == of_public[1]
    jsonschema.validate(after, json.loads((ROOT / "docs/schemas/assessment-1.json").read_text(encoding="utf-8")))


def test_a_scan_is_of_the_instances_that_hold_the_addresses(tmp_path: Path) -> None:
    scan = saved(tmp_path, "scan.xml", NMAP.format("10.0.1.10", 22))
    ran = sekisho("listeners", "import", scan, "--snapshot", STORY)
    assert ran.document == {PRIVATE: {"state": "healthy", "sockets": [{"protocol": "tcp", "address": "*", "port": 22}]}}
    assert "give --snapshot" in refusal(sekisho("listeners", "import", scan))
    strange = saved(tmp_path, "strange.xml", NMAP.format("192.0.2.1", 22))
    assert "none of the hosts" in refusal(sekisho("listeners", "import", strange, "--snapshot", STORY))


def test_stdin_is_of_the_instance_that_is_named(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    asked = [sys.executable, "-m", "sekisho", "listeners", "import", "-", "--instance", PUBLIC]
    done = subprocess.run(asked, input=SS, capture_output=True, check=True, encoding="utf-8", cwd=tmp_path)
    assert json.loads(done.stdout)[PUBLIC]["sockets"] == [SSHD]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("web.txt", SS, "its name is not that of an instance"),
        ("i-1.txt", "", "it is not the output of ss"),
        ("i-1.txt", "\x00\x01", "it is not the output of ss"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, text: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(sekisho("listeners", "import", saved(tmp_path, name, text)))
    assert "no such file" in refusal(process("listeners", "import", str(tmp_path / "nowhere")))


def test_managed_instances_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch)
    monkeypatch.setattr("time.sleep", lambda _: None)
    managed = [
        {"InstanceId": "i-1", "PingStatus": "Online", "PlatformType": "Linux"},
        {"InstanceId": "i-2", "PingStatus": "ConnectionLost", "PlatformType": "Linux"},
        {"InstanceId": "i-3", "PingStatus": "Online", "PlatformType": "Windows"},
        {"InstanceId": "i-4", "PingStatus": "Online", "PlatformType": "Linux"},
        {"InstanceId": "i-5", "PingStatus": "Online", "PlatformType": "Linux"},
        {"InstanceId": "mi-6", "PingStatus": "Online", "PlatformType": "Linux"},
    ]
    output = {"i-1": SS, "i-3": WINDOWS, "i-4": "", "i-5": SS * 400}

    def answers(request: Request) -> dict[str, Any] | Fault:
        match request.call:
            case "ssm:DescribeInstanceInformation":
                half = {"": (managed[:3], "more"), "more": (managed[3:], "")}[request.token]
                return {"InstanceInformationList": half[0]} | ({"NextToken": half[1]} if half[1] else {})
            case "ssm:SendCommand":
                return {"Command": {"CommandId": "11111111-2222-3333-4444-555555555555"}}
            case "ssm:GetCommandInvocation" if request.time == 1:
                return Fault("InvocationDoesNotExist", "not yet")
            case "ssm:GetCommandInvocation" if request.time == 2:
                return {"Status": "InProgress"}
            case "ssm:GetCommandInvocation":
                name = request.parameters["InstanceId"]
                status = "Failed" if name == "i-4" else "Success"
                return {"Status": status, "StandardOutputContent": output[name]}
            case _:
                return empty(request)

    with serving(answers) as endpoint:
        asked = ("collect", "--region", REGION, "--endpoint-url", endpoint.url, "--listeners")
        ran = sekisho(*asked, "--output-dir", tmp_path / "snapshot")
        sent = [r.parameters for r in endpoint.requests if r.call == "ssm:SendCommand"]
    inventory = tmp_path / "snapshot.listeners.json"
    assert ran.code == 0, ran.err
    assert f"5 managed instances, 2 of them told: {inventory}\n" in ran.out
    assert [(p["DocumentName"], p["InstanceIds"]) for p in sent] == [
        ("AWS-RunShellScript", ["i-1", "i-4", "i-5"]),
        ("AWS-RunPowerShellScript", ["i-3"]),
    ]
    states = {name: (told["state"], told.get("why")) for name, told in json.loads(inventory.read_text()).items()}
    assert states == {
        "i-1": ("healthy", None),
        "i-2": ("unhealthy", "its agent is ConnectionLost"),
        "i-3": ("healthy", None),
        "i-4": ("unhealthy", "the command ended with Failed"),
        "i-5": ("unhealthy", "it listed more than 24000 characters, and the rest is not kept"),
    }


def test_where_commands_are_refused_the_collection_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch)
    denied = Fault("AccessDeniedException", "not authorized to perform: ssm:DescribeInstanceInformation")
    with serving(lambda r: denied if r.service == "ssm" else empty(r)) as endpoint:
        asked = ("collect", "--region", REGION, "--endpoint-url", endpoint.url, "--listeners")
        ran = sekisho(*asked, "--output-dir", tmp_path / "snapshot")
    assert ran.code == 3
    assert "ssm:SendCommand" in ran.err
    assert "not authorized" in ran.err
