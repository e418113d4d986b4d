"""What an analysis costs, as ratios to a bare JPEG decode in the same run, beside what one would use instead.

Run: python benchmarks/speed.py, or python benchmarks/speed.py FOLDER for the JPEG photos of a folder

CPU time with one OpenCV thread, the median of interleaved runs; the photo is rendered at 12 megapixels. PlantCV runs
in an environment of its own, made on the first run (about 1 GB), and is left out with a reason where that fails.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analyzer
from lesionvis.lab.evaluate.baselines import blob_log, simple_blob_detector
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import encode_jpeg, render

N_RUNS = 7
WIDTH_PX, HEIGHT_PX = 4032, 3024
PX_PER_MM = 24.0
# Noise that makes a JPEG of this size about as large as a phone's, 3 to 4 MB.
NOISE_LEVELS = 8.0
N_COLD_STARTS = 5
# A photo of 1 megapixel is a little less than this share of the large one's width and height.
ONE_MEGAPIXEL_SCALE = 0.287
# Of scikit-image's blob_log: the one in the middle of those that `lesionvis.lab.evaluate` tries.
BLOB_LOG_THRESHOLD = 0.03
PLANTCV = "plantcv==4.11.3"
ROOT = Path(__file__).resolve().parent.parent
# A process's own account at its end: what the kernel reports to its parent counts the parent's memory, too.
ACCOUNT = """
import time
high = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(1e3 * time.process_time(), high.split()[1])
"""


@dataclass(frozen=True, slots=True)
class Way:
    """Something that takes the bytes of a photo."""

    name: str
    run: Callable[[bytes], object]


def phone_photo(scale: float = 1.0, count: int = 100) -> bytes:
    """JPEG of a rendered shower, `scale` times as wide and high as 12 megapixels."""
    half = Scene(width_px=WIDTH_PX // 2, height_px=HEIGHT_PX // 2, px_per_mm=PX_PER_MM / 2, seed=1, hair_count=30)
    rgb = render(half, petechial_shower(np.random.default_rng(1), half, count, diameter_mm=1.2)).rgb
    size = (round(WIDTH_PX * scale), round(HEIGHT_PX * scale))
    large = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC)
    noise = cv2.randn(np.zeros(large.shape, np.int16), np.zeros(3), np.full(3, NOISE_LEVELS))
    return encode_jpeg(np.clip(large + noise, 0, 255).astype(np.uint8), 90)


def decoded(code: bytes) -> NDArray[np.uint8]:
    """Bare decode at full size by OpenCV."""
    return np.asarray(cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def at_two_megapixels(code: bytes) -> NDArray[np.uint8]:
    """The photo as the other ways see it: reduced to 1632 px."""
    return np.asarray(cv2.resize(decoded(code), (1632, 1224), interpolation=cv2.INTER_AREA), np.uint8)


def scikit_image_way(code: bytes) -> object:
    """Lab, local threshold, labels, table of regions by scikit-image."""
    from skimage.color import rgb2lab
    from skimage.filters import threshold_local
    from skimage.measure import label, regionprops_table

    redness = rgb2lab(at_two_megapixels(code))[..., 1]
    labels = label(redness > threshold_local(redness, 101, offset=-4))  # type: ignore[no-untyped-call]
    names = ("area", "centroid", "eccentricity", "solidity", "feret_diameter_max")
    return regionprops_table(labels, properties=names)  # type: ignore[no-untyped-call]


WAYS = (
    Way("bare decode by OpenCV", decoded),
    Way("lesionvis, scale sought", Analyzer()),
    Way("lesionvis, scale given", Analyzer(px_per_mm=PX_PER_MM)),
    Way("SimpleBlobDetector on a*", lambda code: simple_blob_detector(at_two_megapixels(code), 14.0)),
    Way("scikit-image: Lab, threshold_local, regionprops_table", scikit_image_way),
)


def cpu_ms(ways: tuple[Way, ...], code: bytes) -> dict[str, float]:
    """Median CPU time of each way, ms; the runs take turns, so that a busy machine is unfair to none."""
    times: dict[str, list[float]] = {way.name: [] for way in ways}
    for run in range(N_RUNS + 1):
        for way in ways:
            start = time.process_time()
            way.run(code)
            if run > 0:  # the first loads what is loaded once
                times[way.name].append(1e3 * (time.process_time() - start))
    return {name: float(np.median(values)) for name, values in times.items()}


def plantcv_row(photo: Path) -> str:
    """Row of the table for PlantCV, against the decode in its own process."""
    environment = ROOT / ".venv-plantcv"
    python = environment / "bin" / "python"
    try:
        if not python.exists():
            venv.create(environment, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", PLANTCV], check=True, capture_output=True)
        way = [python, ROOT / "benchmarks" / "plantcv_way.py", photo]
        decode_ms, total_ms = map(float, subprocess.run(way, check=True, capture_output=True, text=True).stdout.split())
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(environment, ignore_errors=True)
        return f"PlantCV is left out: {error}"
    return f"| {PLANTCV}: a*, threshold.gaussian, fill, analyze.size | {total_ms:.0f} | {total_ms / decode_ms:.1f} |"


def cold_cpu_ms(command: list[str], bytecode: Path) -> tuple[float, float]:
    """Median CPU time of a new process, ms, and the largest memory of one, MB.

    Bytecode is kept, as it is where a package was installed and not only checked out; the first run writes it.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    times, memory_mb = [], 0.0
    for _ in range(N_COLD_STARTS + 1):
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout
        user_ms, memory_kb = output.splitlines()[-1].split()
        times.append(float(user_ms))
        memory_mb = max(memory_mb, float(memory_kb) / 1e3)
    return float(np.median(times[1:])), memory_mb


def alone(photo: Path) -> tuple[float, float, str]:
    """CPU ms of decoding and of analysing a photo, and what its scale was read off.

    In a process of its own: what others left in memory decides how often the decode has to ask for some.
    """
    told = subprocess.run([sys.executable, __file__, photo], check=True, capture_output=True, text=True)
    decode_ms, analysis_ms, source = told.stdout.split()
    return float(decode_ms), float(analysis_ms), source


def photo_row(name: str, code: bytes, photo: Path) -> str:
    """What one photo costs, scale sought, and over its own decode."""
    photo.write_bytes(code)
    decode_ms, analysis_ms, _ = alone(photo)
    return f"| {name} | {analysis_ms:.0f} | {analysis_ms / decode_ms:.1f} |"


def folder_rows(folder: Path) -> list[str]:
    """What each JPEG photo of a folder costs, the smallest first; it is called by what its SHA-256 begins with."""
    rows = []
    for photo in folder.iterdir():
        if photo.suffix.lower() in (".jpg", ".jpeg"):
            height, width = decoded(photo.read_bytes()).shape[:2]
            digest = hashlib.sha256(photo.read_bytes()).hexdigest()[:12]
            decode_ms, analysis_ms, source = alone(photo)
            megapixels = width * height / 1e6
            over = analysis_ms / decode_ms
            row = f"| {digest} | {megapixels:.1f} | {source} | {decode_ms:.0f} | {analysis_ms:.0f} | {over:.1f} |"
            rows.append((megapixels, row))
    return [row for _, row in sorted(rows)]


def one_megapixel_row() -> str:
    """What a photo of 1 megapixel costs over scikit-image's Laplacian of Gaussians on the same photo."""
    code = phone_photo(ONE_MEGAPIXEL_SCALE)
    ways = (WAYS[1], Way("blob_log", lambda code: blob_log(decoded(code), BLOB_LOG_THRESHOLD)))
    ours_ms, blob_log_ms = cpu_ms(ways, code).values()
    return (
        f"1 megapixel: {ours_ms:.0f} ms, {ours_ms / blob_log_ms:.2f} of scikit-image's blob_log ({blob_log_ms:.0f} ms)."
    )


def main() -> None:
    """Print the costs of one photo, or the tables."""
    cv2.setNumThreads(1)
    if sys.argv[1:]:
        given = Path(sys.argv[1])
        if given.is_dir():
            print("| photo (SHA-256) | megapixels | scale | decode, CPU ms | analysis | over the decode |")
            print("|---|---|---|---|---|---|", *folder_rows(given), sep="\n")
            return
        code = given.read_bytes()
        print(*cpu_ms(WAYS[:2], code).values(), getattr(Analyzer()(code).scale, "source", "none"))
        return
    cv2.setRNGSeed(1)
    code = phone_photo()
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        photo.write_bytes(code)
        print(f"A rendered photo of {WIDTH_PX} x {HEIGHT_PX} px, {len(code) / 1e6:.1f} MB, 100 spots.\n")
        costs = cpu_ms(WAYS, code)
        bare = costs[WAYS[0].name]
        print("| way | CPU ms | over the bare decode |\n|---|---|---|")
        for name, cost in costs.items():
            print(f"| {name} | {cost:.0f} | {cost / bare:.1f} |")
        print(plantcv_row(photo))

        print("\n| photo | CPU ms | over its own decode |\n|---|---|---|")
        other = Path(folder) / "other.jpg"
        for megapixels, scale in ((3, 0.5), (12, 1.0), (27, 1.5), (48, 2.0)):
            print(photo_row(f"{megapixels} megapixels", phone_photo(scale), other))
        for count in (10, 100, 1000, 2000):
            print(photo_row(f"{count} spots", phone_photo(1.0, count), other))
        print(f"\n{one_megapixel_row()}")

        imported, _ = cold_cpu_ms([sys.executable, "-c", f"import cv2{ACCOUNT}"], Path(folder))
        program = f"from lesionvis.cli.main import app{chr(10)}app(standalone_mode=False){ACCOUNT}"
        cold, memory_mb = cold_cpu_ms([sys.executable, "-c", program, "analyze", str(photo)], Path(folder))
    print(f"\nA new process: `import cv2` {imported:.0f} ms of CPU, `lesionvis analyze` {cold:.0f} ms,")
    print(f"{cold / imported:.1f} times as much; largest memory {memory_mb:.0f} MB.")


if __name__ == "__main__":
    main()
