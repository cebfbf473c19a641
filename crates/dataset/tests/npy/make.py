"""Makes the .npy files of this directory with numpy 2.4: `python make.py`."""

import numpy

for name in "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split():
    values = numpy.array([[0, 1, 2], [1, 0, 100]])
    numpy.save(f"{name}.npy", values.astype(name))
numpy.save("scalar.npy", numpy.float32(-1.5))
numpy.save("vector.npy", numpy.arange(5, dtype=numpy.int32))
numpy.save("empty.npy", numpy.zeros((0, 3), numpy.float32))
numpy.save("fortran.npy", numpy.asfortranarray(numpy.arange(24, dtype=numpy.int16).reshape(2, 3, 4)))
numpy.save("big_endian.npy", numpy.arange(3, dtype=">f4"))
numpy.save("complex.npy", numpy.zeros(2, numpy.complex64))
numpy.save("structured.npy", numpy.zeros(2, [("a", "<f4")]))
with open("version_2.npy", "wb") as file:
    numpy.lib.format.write_array(file, numpy.arange(5, dtype=numpy.int32), version=(2, 0))
