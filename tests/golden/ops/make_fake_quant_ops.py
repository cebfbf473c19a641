"""Writes fake_quant_ops.json: fake quantization. Run it in this directory."""

import numpy as np

from case_file import case, write

F = np.float32
RANGES = [(0, 6), (-1, 1), (-0.7, 5.3), (-3.2, 0), (-0.013, 0.0021), (0.5, 2), (-2, -0.5), (-1e-9, 1e-8), (-3e5, 1e6)]


def around(low, high, num_bits, narrow):
    """Values in and beyond the range, many of them where two steps meet, and their neighbours."""
    rng = np.random.default_rng(5)
    step = (F(high) - F(low)) / F(2**num_bits - 1 - narrow)
    halves = (rng.integers(-4, 2 ** min(num_bits, 10), 24) + F(0.5)).astype(F) * step + min(F(low), F(0))
    spread = rng.uniform(low - (high - low) / 4, high + (high - low) / 4, 16)
    ends = [low, high, 0, -0.0, np.inf, -np.inf]
    near = [np.nextafter(halves[:8], F(np.inf)), np.nextafter(halves[8:16], F(-np.inf))]
    return np.concatenate([halves, *near, spread, ends]).astype(F)


for low, high in RANGES:
    for num_bits in (2, 4, 8, 16):
        for narrow in (False, True):
            name = f"{low}_{high}_{num_bits}_{'narrow' if narrow else 'full'}"
            x = around(low, high, num_bits, narrow)
            settings = dict(num_bits=num_bits, narrow_range=narrow)
            case("args_" + name, "FakeQuantWithMinMaxArgs", inputs=x, min=low, max=high, **settings)
            case("vars_" + name, "FakeQuantWithMinMaxVars", inputs=x, min=F(low), max=F(high), const=["min", "max"], **settings)

for narrow in (False, True):
    low, high = (np.array(bounds, F) for bounds in zip(*RANGES[:5], (0, 0)))
    rng = np.random.default_rng(6)
    x = np.stack([around(*bounds, 8, narrow) for bounds in zip(low[:5], high[:5])], 1)
    case(
        "channels_around_" + str(narrow), "FakeQuantWithMinMaxVarsPerChannel", inputs=x, min=low[:5], max=high[:5],
        narrow_range=narrow, const=["min", "max"],
    )
    for shape in ((6,), (5, 6), (2, 3, 2, 6), (0, 6)):
        x = (rng.uniform(-1.3, 1.3, shape) * np.maximum(-low, high)).astype(F)
        case(
            f"channels_{'_'.join(map(str, shape))}_{'narrow' if narrow else 'full'}", "FakeQuantWithMinMaxVarsPerChannel",
            inputs=x, min=low, max=high, num_bits=8, narrow_range=narrow, const=["min", "max"],
        )

# A scalar input per channel ends TensorFlow itself, so there is no such case.
x = around(-1, 1, 8, False)
case("args_default", "FakeQuantWithMinMaxArgs", inputs=x)
case("vars_default", "FakeQuantWithMinMaxVars", inputs=x, min=F(-1), max=F(1))
case("vars_scalar", "FakeQuantWithMinMaxVars", inputs=F(0.3), min=F(-1), max=F(1))
case("vars_empty", "FakeQuantWithMinMaxVars", inputs=np.zeros([0, 2], F), min=F(-1), max=F(1))
case("vars_untrained", "FakeQuantWithMinMaxVars", inputs=x, min=F(0), max=F(0))
case("vars_of_a_vector", "FakeQuantWithMinMaxVars", inputs=x, min=np.zeros(1, F), max=np.ones(1, F), fails=True)
case("channels_of_a_scalar", "FakeQuantWithMinMaxVarsPerChannel", inputs=x, min=F(0), max=F(1), fails=True)
case("channels_misfit", "FakeQuantWithMinMaxVarsPerChannel", inputs=np.zeros([2, 3], F), min=np.zeros(2, F), max=np.ones(2, F), fails=True)

write("fake_quant_ops.json")
