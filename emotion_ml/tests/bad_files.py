"""Files that no server should take, made on the spot: none of them is stored anywhere.

`corpus` names each; whatever in them points elsewhere points at `url` or at the file `secret`, so that a test can see
whether anybody followed.
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.stream import Disposition
from av.video.frame import VideoFrame

from emotion_ml.tests.clips import Look, Sound, clock, steady, write

NAMES: Final = (
    "talk.mp4.exe",
    "talk.exe.mp4",
    "talk.mp4\x00.html",
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "x" * 300 + ".mp4",
    "\u202e4pm.exe",
    "talk\r\nSet-Cookie: a=b.mp4",
    "<script>alert(1)</script>.mp4",
    "CON.mp4",
    ".mp4",
    "..",
    " ",
    "file:///etc/passwd",
    "concat:a.mp4|b.mp4",
    "%00%2e%2e%2f.mp4",
    "名前😀.mp4",
)
"""What a file may be called. None of it matters: a name is only ever shown."""


def corpus(folder: Path, url: str, secret: Path) -> dict[str, bytes]:
    return {
        **_documents(),
        **_archives(),
        **_programs(),
        **_playlists(url, secret),
        **_images(folder),
        **_sounds(folder),
        **_broken(folder),
        **_bombs(folder),
    }


def _documents() -> dict[str, bytes]:
    return {
        "text": b"Dear Sir or Madam,\n" * 100,
        "html": b"<!doctype html><title>talk.mp4</title><video src=x.mp4></video>" * 20,
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "xml entity": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF" * 10,
        "rtf": rb"{\rtf1\ansi hello}" * 20,
        "json": b'{"video": "talk.mp4"}' * 50,
        "csv": b"t_s,engagement\n0.0,3.4\n" * 100,
        "database": b"SQLite format 3\x00" + bytes(4080),
        "subtitles": b"1\n00:00:00,000 --> 00:00:02,000\nhello\n\n" * 20,
        "web subtitles": b"WEBVTT\n\n00:00.000 --> 00:02.000\nhello\n\n" * 20,
        "styled subtitles": b"[Script Info]\nScriptType: v4.00+\n[Events]\nDialogue: 0,0:00:00.00,0:00:02.00,,,,,,,a\n",
    }


def _archives() -> dict[str, bytes]:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as file:
        file.writestr("talk.mp4", b"not here either")
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("talk.mp4"))
    return {
        "zip": zipped.getvalue(),
        "tar": tarred.getvalue(),
        "gzip bomb": gzip.compress(bytes(10_000_000)),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(500),
        "rar": b"Rar!\x1a\x07\x01\x00" + bytes(500),
    }


def _programs() -> dict[str, bytes]:
    return {
        "elf": b"\x7fELF\x02\x01\x01" + bytes(500),
        "exe": b"MZ" + bytes(58) + b"\x80\x00\x00\x00" + bytes(64) + b"PE\x00\x00" + bytes(300),
        "mach-o": b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" + bytes(300),
        "java": b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(300),
        "shell": b"#!/bin/sh\nrm -rf /\n",
        "php": b"<?php system($_GET['c']); ?>",
        "python": b"import os\nos.system('id')\n" * 10,
    }


def _playlists(url: str, secret: Path) -> dict[str, bytes]:
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
    texts = {
        "hls of an address": hls.format(f"{url}/a.ts"),
        "hls of a file": hls.format(secret),
        "hls of a neighbour": hls.format(secret.name),
        "hls with a key": hls.format(f'{secret}\n#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"'),
        "list of files": f"ffconcat version 1.0\nfile '{secret}'\nduration 5\n",
        "list of addresses": f"ffconcat version 1.0\nfile '{url}/a.mp4'\n",
        "list with a protocol": f"ffconcat version 1.0\nfile 'subfile,,start,0,end,0,,:{secret}'\n",
        "dash": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><BaseURL>{url}/'
        "</BaseURL></Period></MPD>",
        "smooth": f'<SmoothStreamingMedia MajorVersion="2" Url="{url}"></SmoothStreamingMedia>',
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "m3u": f"{url}/a.mp4\n",
        "pls": f"[playlist]\nFile1={url}/a.mp4\nNumberOfEntries=1\n",
        "asx": f'<asx version="3.0"><entry><ref href="{url}/a.wmv"/></entry></asx>',
        "rtsp": f"RTSPtext\nrtsp://{url.removeprefix('http://')}/a\n",
        "image pattern": f"{secret.parent}/%03d.png",
    }
    return {name: text.encode() for name, text in texts.items()} | {"movie elsewhere": _movie_elsewhere(url)}


def _movie_elsewhere(url: str) -> bytes:
    """QuickTime's reference movie: a header that says where the recording is."""
    reference = _atom(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(url) + 1) + url.encode() + b"\x00")
    return _atom(b"ftyp", b"qt  " + bytes(4)) + _atom(b"moov", _atom(b"rmra", _atom(b"rmda", reference)))


def _images(folder: Path) -> dict[str, bytes]:
    still = Look(codec="gif", pixels="rgb8", time_base=Fraction(1, 100))
    return {
        "png": _encoded("png", "rgb24"),
        "jpeg": _encoded("mjpeg", "yuvj420p"),
        "bmp": _encoded("bmp", "bgr24"),
        "tiff": _encoded("tiff", "rgb24"),
        "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(200),
        "heic": _atom(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + _atom(b"meta", bytes(100)),
        "avif": _atom(b"ftyp", b"avif" + bytes(4) + b"avifmif1") + _atom(b"meta", bytes(100)),
        "icon": b"\x00\x00\x01\x00\x01\x00\x10\x10" + bytes(300),
        "photoshop": b"8BPS\x00\x01" + bytes(300),
        "gif of one picture": write(folder / "one.gif", [0], still).read_bytes(),
        "video of one picture": write(folder / "one.mp4", [0]).read_bytes(),
        "film of stills": write(folder / "png.mov", steady(25, 1), Look(codec="png", pixels="rgb24")).read_bytes(),
    }


def _encoded(codec: str, pixels: str) -> bytes:
    context: Any = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt, context.time_base = 160, 120, pixels, Fraction(1, 25)
    frame = VideoFrame.from_ndarray(clock(0), format="rgb24").reformat(format=pixels)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def _sounds(folder: Path) -> dict[str, bytes]:
    codecs = {"m4a": "aac", "mp3": "libmp3lame", "wav": "pcm_s16le", "flac": "flac", "ogg": "libopus", "mka": "aac"}
    return {
        **{f"sound as {suffix}": _sound(folder / f"a.{suffix}", codec) for suffix, codec in codecs.items()},
        "song with a cover": _sound(folder / "cover.mp3", "libmp3lame", cover=True),
        "midi": b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60MTrk" + bytes(100),
    }


def _sound(path: Path, codec: str, *, cover: bool = False) -> bytes:
    with av.open(str(path), "w") as out:
        sound = Sound(1, codec=codec)
        audio: Any = out.add_stream(codec, rate=48_000 if codec == "libopus" else 44_100)
        audio.layout = "mono"
        if cover:
            picture: Any = out.add_stream("mjpeg", rate=1)
            picture.width, picture.height, picture.pix_fmt = 160, 120, "yuvj420p"
            picture.disposition = Disposition.attached_pic
            out.mux([*picture.encode(VideoFrame.from_ndarray(clock(0), format="rgb24")), *picture.encode(None)])
        resampler = av.AudioResampler(audio.codec_context.format.name, "mono", audio.rate)
        frame = av.AudioFrame.from_ndarray(sound.samples()[None], "fltp", "mono")
        frame.sample_rate = 44_100
        fifo = av.AudioFifo()
        for part in resampler.resample(frame):
            fifo.write(part)
        for block in fifo.read_many(audio.frame_size or 1024):
            out.mux(audio.encode(block))
        out.mux(audio.encode(None))
    return path.read_bytes()


def _broken(folder: Path) -> dict[str, bytes]:
    mp4 = write(folder / "good.mp4", steady(25, 2)).read_bytes()
    mkv = write(folder / "good.mkv", steady(25, 2)).read_bytes()
    avi = write(folder / "good.avi", steady(25, 2), Look(codec="mpeg4", time_base=Fraction(1, 25))).read_bytes()
    transport = write(folder / "good.ts", steady(25, 2)).read_bytes()
    kind = _atom(b"ftyp", b"isom" + bytes(4))
    return {
        "empty": b"",
        "one byte": b"\x00",
        "zeros": bytes(10_000),
        "ones": b"\xff" * 10_000,
        "noise": np.random.default_rng(1).bytes(10_000),
        "type and nothing else": kind,
        "pictures without an index": mp4[: mp4.index(b"moov") - 4],
        "index cut in two": mp4[: mp4.index(b"moov") + 200],
        "index without a track": _atom(b"ftyp", b"isom" + bytes(4))
        + _atom(b"moov", mp4[mp4.index(b"mvhd") - 4 :][:108]),
        "index that holds itself": kind + _nested(b"moov", 400),
        "atom of four exabytes": struct.pack(">I4sQ", 1, b"moov", 2**62) + mp4[:500],
        "sizes of four billion pictures": _patched(mp4, b"stsz", 8, b"\xff\xff\xff\xff"),
        "clock that stands still": _patched(mp4, b"mdhd", 12, bytes(4)),
        "matroska header alone": mkv[:60],
        "matroska of endless size": b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + mkv[12:200],
        "avi header alone": avi[:100],
        "avi without its list": avi[:12] + bytes(4000),
        "flash header alone": b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00",
        "windows media header alone": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(300),
        "transport of empty packets": (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 100,
        "transport without its tables": transport[564:1128],
        "program stream header alone": b"\x00\x00\x01\xba\x21\x00\x01\x00\x01\x80\x00\x01" * 20,
        "ogg header alone": b"OggS\x00\x02" + bytes(200),
        "bare h264": b"\x00\x00\x00\x01\x67\x42\x00\x0a" * 100,
        "yuv4mpeg": b"YUV4MPEG2 W64 H48 F25:1\n" + (b"FRAME\n" + bytes(4608)) * 5,
    }


def _bombs(folder: Path) -> dict[str, bytes]:
    gif = Look(codec="gif", pixels="rgb8", time_base=Fraction(1, 100))
    animation = bytearray(write(folder / "bomb.gif", steady(10, 1), gif).read_bytes())
    animation[6:10] = b"\xff\xff\xff\xff"
    fast = [k / 10_000 for k in range(100)]
    return {
        "gif of 65535 x 65535": bytes(animation),
        "avi of 8192 x 8192": _huge_avi(folder),
        "mp4 wider than 4k": write(folder / "wide.mp4", steady(25, 0.2), Look(4096, 2176, paint=_black)).read_bytes(),
        "pixels a hundred times as wide": write(
            folder / "aspect.mp4", steady(25, 0.2), Look(640, 360, pixel_aspect=Fraction(100, 1))
        ).read_bytes(),
        "ten hours": write(folder / "long.mp4", [0, 18_000, 36_000], Look(paint=_black)).read_bytes(),
        "ten thousand pictures a second": write(folder / "fast.mp4", fast, last_s=1 / 10_000).read_bytes(),
    }


def _huge_avi(folder: Path) -> bytes:
    """Motion JPEG whose headers, all of them, claim 8192 x 8192."""
    look = Look(codec="mjpeg", pixels="yuvj420p", time_base=Fraction(1, 25))
    data = write(folder / "huge.avi", steady(25, 1), look).read_bytes()
    data = data.replace(struct.pack("<II", 160, 120), struct.pack("<II", 8192, 8192))
    start = b"\xff\xc0\x00\x11\x08"
    return data.replace(start + struct.pack(">HH", 120, 160), start + struct.pack(">HH", 8192, 8192))


def _black(_: object, width: int, height: int) -> Any:
    return np.zeros((height, width, 3), np.uint8)


def _atom(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def _nested(kind: bytes, depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = _atom(kind, data)
    return data


def _patched(data: bytes, after: bytes, offset: int, value: bytes) -> bytes:
    at = data.index(after) + len(after) + offset
    return data[:at] + value + data[at + len(value) :]
