"""Makes the lossless images of this directory and what Pillow makes of them.

Run with Pillow 13.0 and numpy 2.4: `python make.py`. The photographs' pixels (`classification_u8.npy`,
`calibration_u8_*.npy`) come from the same two libraries:
`numpy.asarray(Image.open(f).convert("RGB").resize((224, 224)))` of data/classification.jpg, and of
data/calibration/*.jpg in file name order.
"""

import numpy
from PIL import Image

random = numpy.random.default_rng(2024)


def picture(height, width):
    """Gradients, edges and noise: everything that a resize can get wrong."""
    y, x = numpy.mgrid[0:height, 0:width]
    image = numpy.stack([x * 255 // width, y * 255 // height, (x // 7 + y // 5) % 2 * 255], -1)
    noise = random.integers(-40, 41, image.shape) * (x > width // 2)[..., None]
    return numpy.clip(image + noise, 0, 255).astype(numpy.uint8)


# Exact resizes: file, then (height, width) of each result.
for name, size, targets in [
    # Odd sizes, both axes up, both down, mixed, one axis kept, to a single pixel.
    ("wide", (47, 61), [(224, 224), (20, 31), (13, 90), (90, 13), (47, 30), (21, 61), (1, 1), (47, 61)]),
    # Pillow 13 resizes the columns first where the height shrinks by more than twice what the width does.
    ("tall", (97, 29), [(31, 21), (40, 29), (64, 64), (224, 10), (89, 25), (88, 25)]),
]:
    pixels = picture(*size)
    Image.fromarray(pixels).save(f"{name}.png")
    for height, width in targets:
        resized = Image.open(f"{name}.png").convert("RGB").resize((width, height))
        numpy.save(f"{name}_{height}x{width}.npy", numpy.asarray(resized))

# Kinds of pixels: each file, and what convert("RGB") makes of it.
pixels = picture(9, 11)
rgb = Image.fromarray(pixels)
alpha = Image.fromarray(random.integers(0, 256, (9, 11), dtype=numpy.uint8))
rgba = rgb.copy()
rgba.putalpha(alpha)
grey = rgb.convert("L")
grey_alpha = grey.copy()
grey_alpha.putalpha(alpha)
kinds = {
    "rgba.png": rgba,
    "grey.png": grey,
    "grey_alpha.png": grey_alpha,
    "palette.png": rgb.quantize(16),
    "bilevel.png": rgb.convert("1"),
    "grey.jpg": grey,
    "cmyk.jpg": rgb.convert("CMYK"),
}
for name, image in kinds.items():
    image.save(f"kind_{name}", **({"quality": 95} if name.endswith("jpg") else {}))
    converted = Image.open(f"kind_{name}").convert("RGB")
    numpy.save(f"kind_{name.replace('.', '_')}.npy", numpy.asarray(converted))

# The same picture, said to be turned: EXIF orientation 6. Pillow does not turn it, nor do we.
exif = Image.Exif()
exif[274] = 6
rgb.save("kind_turned.jpg", quality=95, exif=exif)
numpy.save("kind_turned_jpg.npy", numpy.asarray(Image.open("kind_turned.jpg").convert("RGB")))

# A progressive JPEG: several scans before the end marker.
rgb.save("kind_progressive.jpg", quality=95, progressive=True)
numpy.save("kind_progressive_jpg.npy", numpy.asarray(Image.open("kind_progressive.jpg").convert("RGB")))
