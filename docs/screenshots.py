"""The pictures of the README, taken of the pages in results/: ``make screenshots``. It needs Chromium and Pillow."""

import io
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/pictures"
CHROMIUM = "chromium"
WIDTH, HEIGHT, SHOWN, COLOURS = 1280, 900, 900, 64
PAGES = {
    "index": "results/index.html",
    "report": "results/omt_rct/report.html",
    "plate": "results/rat_two_hit/plates/batch_1.html",
}


def picture(page: Path) -> Image.Image:
    """The top of a page as a browser shows it, smaller and with few colours."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "page.png")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        options += [f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={target}"]
        subprocess.run([CHROMIUM, *options, page.as_uri()], check=True, capture_output=True, timeout=300)
        image = Image.open(io.BytesIO(target.read_bytes())).convert("RGB")
    return image.resize((SHOWN, HEIGHT * SHOWN // WIDTH), Image.Resampling.LANCZOS).quantize(COLOURS)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, path in PAGES.items():
        picture(ROOT / path).save(FOLDER / f"{name}.png", optimize=True)
        print(f"{(FOLDER / name).relative_to(ROOT)}.png")
