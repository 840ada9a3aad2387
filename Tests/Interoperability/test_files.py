"""Files of members over real HTTP, with pictures that another library has made and looks at afterwards."""

import hashlib
import io
import os
import pathlib
import urllib.parse

import pytest
from PIL import Image, PngImagePlugin

from community import Answer, Community, Member
from conftest import BINARY

LARGEST = 26_214_400
SECRET = b"a secret place"


@pytest.fixture(scope="module")
def community():
    made = Community()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def member(community):
    return community.join("dosya")


def upload(who: Member, name: str, content: bytes, **headers) -> Answer:
    return who.call("POST", "/upload", content, X_File_Name=urllib.parse.quote(name, safe=""), **headers)


def form(name: str, content: bytes) -> tuple[bytes, str]:
    """A form as browsers write it, and its content type."""
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def fetch(who: Member, url: str, **headers) -> Answer:
    assert url.startswith("/api/")
    return who.call("GET", url.removeprefix("/api"), **headers)


def picture(kind: str, **extra) -> bytes:
    """A picture with everything in it that tells about people."""
    image = Image.effect_noise((640, 480), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    match kind:
        case "jpeg":
            image.save(out, "JPEG", exif=exif, comment=SECRET, **extra)
        case "png":
            texts = PngImagePlugin.PngInfo()
            texts.add_text("Comment", SECRET.decode())
            texts.add_itxt("XML:com.adobe.xmp", SECRET.decode())
            image.save(out, "PNG", pnginfo=texts, exif=exif, **extra)
        case "webp":
            image.save(out, "WEBP", exif=exif, xmp=SECRET, **extra)
        case "gif":
            frames = [Image.new("RGB", (64, 48), (60 * index, 0, 0)) for index in range(4)]
            frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=SECRET, loop=3, duration=70)
    return out.getvalue()


def pixels(content: bytes) -> list[str]:
    """Digests of the decoded frames."""
    image = Image.open(io.BytesIO(content))
    digests = []
    for frame in range(getattr(image, "n_frames", 1)):
        image.seek(frame)
        digests.append(hashlib.sha256(image.convert("RGBA").tobytes()).hexdigest())
    return digests


def test_exactly_25_mebibytes_pass_and_one_byte_more_does_not(member):
    content = os.urandom(LARGEST)
    answer = upload(member, "large.bin", content)
    assert answer.status == 201, answer
    assert answer["attachment"]["size"] == LARGEST
    assert fetch(member, answer["attachment"]["url"]).body == content
    refused = upload(member, "larger.bin", content + b"x")
    assert (refused.status, refused.code) == (413, "PAYLOAD_TOO_LARGE"), refused
    body, kind = form("large.bin", content)
    assert member.call("POST", "/upload", body, Content_Type=kind).status == 201
    body, kind = form("larger.bin", content + b"x")
    assert member.call("POST", "/upload", body, Content_Type=kind).status == 413


def test_a_stranger_is_refused_before_the_body(community):
    import socket

    with socket.create_connection(("127.0.0.1", community.server.http), timeout=10) as connection:
        connection.sendall(
            f"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("kind,extra", [
    ("jpeg", {}), ("jpeg", {"progressive": True, "subsampling": 0}), ("jpeg", {"restart_marker_blocks": 5}), ("png", {}),
    ("webp", {}), ("webp", {"lossless": True}), ("gif", {}),
])
def test_metadata_is_gone_and_every_pixel_is_as_it_was(member, kind, extra):
    original = picture(kind, **extra)
    assert SECRET in original
    file = upload(member, f"photo.{kind}", original)["attachment"]
    assert file["mime_type"] == f"image/{kind}"
    stored = fetch(member, file["url"])
    assert stored.headers["Content-Type"] == f"image/{kind}"
    assert SECRET not in stored.body
    assert pixels(stored.body) == pixels(original)
    image = Image.open(io.BytesIO(stored.body))
    exif = dict(image.getexif())
    # How the camera was held is all that may be left, and only where cameras write it.
    assert exif == ({0x0112: 6} if kind == "jpeg" else {})
    assert (file["width"], file["height"]) == {"jpeg": (480, 640), "gif": (64, 48)}.get(kind, (640, 480))
    if kind == "gif":
        assert image.n_frames == 4 and image.info["loop"] == 3 and image.info["duration"] == 70


def test_a_colour_profile_stays(member):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ["jpeg", "png", "webp"]:
        file = upload(member, "photo", picture(kind, icc_profile=profile))["attachment"]
        image = Image.open(io.BytesIO(fetch(member, file["url"]).body))
        assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif"])
def test_a_thumbnail_is_small_upright_and_says_nothing(member, kind):
    file = upload(member, f"photo.{kind}", picture(kind))["attachment"]
    answer = fetch(member, file["thumbnail_url"])
    assert answer.headers["Content-Type"] == "image/webp"
    thumbnail = Image.open(io.BytesIO(answer.body))
    assert thumbnail.format == "WEBP" and max(thumbnail.size) <= 400
    assert (thumbnail.width > thumbnail.height) == (file["width"] > file["height"])
    assert not dict(thumbnail.getexif()) and "xmp" not in thumbnail.info and SECRET not in answer.body


def test_a_bomb_is_kept_and_neither_decoded_nor_shown(member):
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    file = upload(member, "bomb.png", out.getvalue())["attachment"]
    assert file["mime_type"] == "application/octet-stream"
    assert file["thumbnail_url"] is None and file["width"] is None
    assert member.call("POST", "/users/me/avatar", out.getvalue()).status == 400


@pytest.mark.parametrize("name,content", [
    ("page.html", b"<!doctype html><script>alert(document.cookie)</script>"),
    ("page.txt", b"hello <SCRIPT>alert(1)</SCRIPT>"),
    ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    ("drawing.png", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    ("polyglot.gif", b"GIF89a/*<html><script>*/=alert(1)//</script></html>"),
    ("polyglot.jpg", b"\xff\xd8\xff\xe0<script>alert(1)</script>"),
    ("page.xhtml", b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'),
    ("program.exe", b"MZ\x90\x00" + bytes(100)),
])
def test_what_could_run_is_never_shown_in_place(member, name, content):
    file = upload(member, name, content, Content_Type="image/png")["attachment"]
    answer = fetch(member, file["url"])
    assert answer.body == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_picture_with_a_page_behind_it_loses_the_page(member):
    content = picture("png") + b"<html><script>alert(1)</script></html>PK\x03\x04"
    file = upload(member, "polyglot.png", content)["attachment"]
    stored = fetch(member, file["url"]).body
    assert b"<script>" not in stored and b"PK\x03\x04" not in stored[-200:]
    assert pixels(stored) == pixels(content)


def test_text_and_source_are_text(member):
    for name, content in [("a.txt", "günaydın\n"), ("a.py", "#!/usr/bin/python3\nimport os\n")]:
        file = upload(member, name, content.encode())["attachment"]
        answer = fetch(member, file["url"])
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith("inline;")


@pytest.mark.parametrize("name,shown", [
    ("../../../etc/passwd", "passwd"), ("/etc/shadow", "shadow"), ("..\\..\\boot.ini", "boot.ini"), ("..", "file"),
    ("a\x00b.txt", None), ("naïve photo.png", "naïve photo.png"), ("\u202egpj.exe", "gpj.exe"),
])
def test_a_name_is_no_path(community, member, name, shown):
    answer = upload(member, name, b"content")
    assert answer.status == 201, answer
    if shown is not None:
        assert answer["attachment"]["filename"] == shown
    assert fetch(member, answer["attachment"]["url"]).body == b"content"
    # Whatever it is called, it lies under its digest.
    digest = hashlib.sha256(b"content").hexdigest()
    blobs = community.server.data / "mqvi" / "blobs"
    assert (blobs / digest[:2] / digest[2:4] / digest).read_bytes() == b"content"
    assert not any(path.name == "passwd" for path in pathlib.Path(blobs).rglob("*"))


def test_a_file_follows_the_permission_of_its_channel(community, member):
    other = community.join("komsu")
    file = upload(member, "a.png", picture("png"))["attachment"]
    # Not sent: nobody else's, not even the owner's.
    for who in [other, community.owner]:
        assert fetch(who, file["url"]).status == 404
        assert fetch(who, file["thumbnail_url"]).status == 404
        sent = who.post(f"/channels/{community.text}/messages", {"content": "x", "attachments": [file["id"]]})
        assert sent.status == 400, sent
    sent = member.post(f"/channels/{community.text}/messages", {"attachments": [file["id"]]})
    assert sent.status == 201, sent
    assert sent["message"]["attachments"] == [file]
    assert fetch(other, file["url"]).status == 200
    again = member.post(f"/channels/{community.text}/messages", {"content": "x", "attachments": [file["id"]]})
    assert again.status == 400, again
    everyone = community.role("Member")
    denied = community.owner.call(
        "PUT", f"/channels/{community.text}/permissions/{everyone}", {"allow": 0, "deny": 1024})
    assert denied.status == 200, denied
    for who in [member, other]:
        assert fetch(who, file["url"]).status == 404
    assert fetch(community.owner, file["url"]).status == 200
    community.owner.call("PUT", f"/channels/{community.text}/permissions/{everyone}", {"allow": 0, "deny": 0})
    assert fetch(other, file["url"]).status == 200
    deleted = member.call("DELETE", f"/messages/{sent['message']['id']}")
    assert deleted.status == 200, deleted
    assert fetch(other, file["url"]).status == 404


def test_foreign_and_missing_ids_look_the_same(community, member):
    stranger = community.join("yabanci")
    file = upload(member, "a.txt", b"mine")["attachment"]
    foreign = fetch(stranger, file["url"])
    missing = fetch(stranger, "/api/attachments/0123456789abcdef/a.txt")
    assert foreign.status == missing.status == 404
    assert foreign.body == missing.body
    assert community.call("GET", file["url"].removeprefix("/api")).status == 401


def test_an_image_of_a_page_is_fetched_with_a_token_in_the_query(community, member):
    file = upload(member, "a.txt", b"for an img tag")["attachment"]
    path = file["url"].removeprefix("/api") + "?token=" + urllib.parse.quote(member.token)
    assert community.call("GET", path).body == b"for an img tag"


def test_parts_and_versions_of_a_file(member):
    content = os.urandom(300_000)
    file = upload(member, "film.bin", content)["attachment"]
    whole = fetch(member, file["url"])
    assert whole.headers["Accept-Ranges"] == "bytes"
    tag = whole.headers["ETag"]
    part = fetch(member, file["url"], Range="bytes=100000-200000")
    assert part.status == 206 and part.body == content[100_000:200_001]
    assert part.headers["Content-Range"] == "bytes 100000-200000/300000"
    assert fetch(member, file["url"], Range="bytes=-5", If_Range=tag).body == content[-5:]
    assert fetch(member, file["url"], Range="bytes=-5", If_Range='"other"').status == 200
    assert fetch(member, file["url"], Range="bytes=300000-").status == 416
    assert fetch(member, file["url"], If_None_Match=tag).status == 304
    head = member.call("HEAD", file["url"].removeprefix("/api"))
    assert head.headers["Content-Length"] == "300000" and head.body == b""


def test_an_avatar_is_drawn_anew(member, community):
    answer = member.call("POST", "/users/me/avatar", picture("jpeg"))
    assert answer.status == 200, answer
    url = answer["user"]["avatar_url"]
    stored = fetch(community.owner, url)
    image = Image.open(io.BytesIO(stored.body))
    assert image.format == "WEBP" and image.size == (256, 256)
    assert not dict(image.getexif()) and SECRET not in stored.body
    assert community.call("GET", url.removeprefix("/api")).status == 401
    for wrong in [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff\xe0nonsense", b"GIF89a"]:
        refused = member.call("POST", "/users/me/avatar", wrong)
        assert refused.status == 400 and refused["reason"] == "not_an_image", refused
    assert fetch(community.owner, url).status == 200
    assert member.call("DELETE", "/users/me/avatar").status == 200
    assert fetch(community.owner, url).status == 404


def test_so_many_files_may_wait(community):
    hoarder = community.join("istifci")
    for number in range(50):
        assert upload(hoarder, "a", str(number).encode()).status == 201
    refused = upload(hoarder, "a", b"one more")
    assert (refused.status, refused["reason"]) == (409, "too_many_unsent"), refused


def test_a_disk_that_is_nearly_full_is_said_and_left_alone():
    community = Community(environment={"MQVI_FILE_RESERVE": "1000000000"})
    try:
        refused = upload(community.owner, "a", b"content")
        assert (refused.status, refused.code, refused["reason"]) == (503, "UNAVAILABLE", "disk_full"), refused
        assert refused.headers["Retry-After"] == "60"
        # Everything else goes on.
        sent = community.owner.post(f"/channels/{community.text}/messages", {"content": "merhaba"})
        assert sent.status == 201
        blobs = community.server.data / "mqvi" / "blobs"
        assert [path for path in blobs.rglob("*") if path.is_file()] == []
    finally:
        community.stop()


def test_the_server_itself_loads_no_library_for_pictures(community, member):
    assert upload(member, "photo.jpeg", picture("jpeg"))["attachment"]["thumbnail_url"]
    maps = pathlib.Path(f"/proc/{community.server.process.pid}/maps").read_text()
    assert "libvips" not in maps and "libmagic" not in maps


def test_a_child_can_do_nothing_but_compute():
    import subprocess

    def inspect(content: bytes, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, "inspect", *arguments], input=content, capture_output=True, timeout=30)

    made = inspect(picture("png"), "thumbnail", "400", "400")
    assert made.returncode == 0 and made.stdout.startswith(b"mqvi inspection\ntype image/png\npicture 300 400 ")
    # A drawing has a loader in the library, which is switched off.
    drawn = inspect(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "thumbnail", "400", "400")
    assert drawn.returncode == 0 and b"picture" not in drawn.stdout
    assert inspect(b"", "thumbnail", "0", "0").returncode == 2
    assert inspect(bytes(33 * 1024 * 1024), "type").returncode == 3
