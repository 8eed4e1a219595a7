"""Pictures of pages in few colours: less than half the size, and hardly a dot looks different."""

import base64
import struct
import zlib

from playwright.async_api import Page

REDUCE = """
async png => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${png}`;
    await picture.decode();
    const {width, height} = picture;
    const brush = new OffscreenCanvas(width, height).getContext('2d');
    brush.drawImage(picture, 0, 0);
    const dots = new Uint32Array(brush.getImageData(0, 0, width, height).data.buffer);

    const often = new Map();
    for (const dot of dots) often.set(dot, (often.get(dot) ?? 0) + 1);
    const colours = [...often.keys()].sort((one, other) => often.get(other) - often.get(one));
    const kept = colours.slice(0, 256);
    const apart = (one, other) => [0, 8, 16].reduce(
        (sum, part) => sum + ((one >> part & 255) - (other >> part & 255)) ** 2, 0);
    const nearest = dot => kept.reduce(
        (best, each, place) => apart(each, dot) < apart(kept[best], dot) ? place : best, 0);
    const places = new Map(colours.map((dot, place) => [dot, place < 256 ? place : nearest(dot)]));
    const rows = Uint8Array.from(dots, dot => places.get(dot));
    let text = '';
    for (let at = 0; at < rows.length; at += 8192) {
        text += String.fromCharCode(...rows.subarray(at, at + 8192));
    }
    const palette = kept.flatMap(dot => [dot & 255, dot >> 8 & 255, dot >> 16 & 255]);
    return {width, height, palette, dots: btoa(text)};
}"""
"""The browser reads its own picture: its palette comes back, and for each dot a place in it."""


async def reduced(png: bytes, *, by: Page) -> bytes:
    """Return the picture in 256 colours at the most; the page is only needed for its browser."""
    found = await by.evaluate(REDUCE, base64.b64encode(png).decode())
    width, height, dots = found["width"], found["height"], base64.b64decode(found["dots"])
    rows = b"".join(b"\0" + dots[start : start + width] for start in range(0, len(dots), width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(found["palette"])),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
