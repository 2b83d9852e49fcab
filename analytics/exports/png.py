"""A scene as PNG, twice as fine as its own units, for slides and documents that take no SVG.

Knows pixels. Drawn four times as fine as it is kept, so that edges are smooth, and the same on every run.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageColor, ImageDraw, PngImagePlugin

from analytics.exports import fonts
from analytics.exports.scene import PAPER, Area, Box, Dot, Line, Point, Scene, Shape, Words

PIXELS_A_UNIT: Final = 2
FINER: Final = 2
"""Lines are drawn this many times finer than they are kept."""
ANCHORS: Final = {"start": "ls", "middle": "ms", "end": "rs"}
MAX_SIDE_PX: Final = 8000


def painted(scene: Scene) -> bytes:
    kept = min(PIXELS_A_UNIT, MAX_SIDE_PX / max(scene.width, scene.height) / FINER)
    scale = kept * FINER
    image = Image.new("RGB", (round(scene.width * scale), round(scene.height * scale)), PAPER)
    for shape in scene.shapes:
        image = _drawn(image, shape, scale)
    small = image.resize((round(scene.width * kept), round(scene.height * kept)), Image.Resampling.BOX)
    note = PngImagePlugin.PngInfo()
    note.add_itxt("Title", scene.title)
    note.add_itxt("Description", scene.summary)
    file = io.BytesIO()
    small.save(file, "PNG", pnginfo=note)
    return file.getvalue()


def _drawn(image: Image.Image, shape: Shape, scale: float) -> Image.Image:
    draw = ImageDraw.Draw(image)
    match shape:
        case Line():
            for stretch in _dashes(shape):
                points = [(x * scale, y * scale) for x, y in stretch]
                draw.line(points, shape.colour, max(1, round(shape.width * scale)), joint="curve")
        case Area():
            return _washed(image, shape, scale)
        case Box():
            left, top = shape.x * scale, shape.y * scale
            right, bottom = (shape.x + shape.width) * scale - 1, (shape.y + shape.height) * scale - 1
            draw.rectangle((left, top, max(left, right), max(top, bottom)), shape.colour)
        case Dot():
            draw.circle((shape.x * scale, shape.y * scale), shape.radius * scale, shape.colour)
        case Words():
            font = fonts.at(round(shape.size * scale), bold=shape.bold)
            place = (shape.x * scale, shape.y * scale)
            draw.text(place, shape.text.replace("\n", " "), shape.colour, font, anchor=ANCHORS[shape.anchor])
    return image


def _washed(image: Image.Image, area: Area, scale: float) -> Image.Image:
    """Through a mask of its opacity."""
    mask = Image.new("L", image.size, 0)
    points = [(x * scale, y * scale) for x, y in area.points]
    ImageDraw.Draw(mask).polygon(points, fill=round(255 * area.opacity))
    image.paste(ImageColor.getrgb(area.colour), mask=mask)
    return image


def _dashes(line: Line) -> list[list[Point]]:
    """The drawn stretches of a line, each a list of points."""
    if not line.dash:
        return [list(line.points)]
    stretches: list[list[Point]] = [[line.points[0]]]
    turn, left = 0, line.dash[0]
    for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        done = 0.0
        while length - done > left:
            done += left
            place = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            stretches[-1].append(place)
            turn += 1
            left = line.dash[turn % len(line.dash)]
            stretches.append([place])
        left -= length - done
        stretches[-1].append((x1, y1))
    return [stretch for stretch in stretches[::2] if len(stretch) > 1]
