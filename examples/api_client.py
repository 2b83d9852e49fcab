"""Send a recording, wait, take everything away, wipe: API_TOKEN=... python examples/api_client.py talk.mp4"""

import json, os, sys, urllib.request


def ask(method, path, body=None, kind="application/json"):
    headers = {"Authorization": "Bearer " + os.environ["API_TOKEN"], "Content-Type": kind}
    server = os.environ.get("ENGAGEAI", "http://127.0.0.1:8000")
    return urllib.request.urlopen(urllib.request.Request(server + path, body, headers, method=method)).read()


part = '--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
form = (part % "environment" + "seminar\r\n" + part % 'file"; filename="talk.mp4').encode()
form += open(sys.argv[1], "rb").read() + b"\r\n--cut--\r\n"
session = json.loads(ask("POST", "/api/v1/sessions"))
recording = json.loads(ask("POST", session["url"] + "/recordings", form, "multipart/form-data; boundary=cut"))
while recording["status"] in ("queued", "running") or recording["words"] in ("waiting", "running"):
    recording = json.loads(ask("GET", recording["url"] + "?wait=20"))
    print(recording["status"], f"{recording['progress']:.0%}", recording["message"], "words:", recording["words"])
print(json.loads(ask("GET", recording["url"] + "/why"))["sentence"])
open("engageai.zip", "wb").write(ask("GET", recording["url"] + "/everything.zip"))
print(json.loads(ask("DELETE", session["url"]))["files"])
