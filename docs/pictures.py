"""The small pictures in the README's table of notebooks, taken from the notebooks as they are committed.

Run it in the project's folder after a notebook has changed: python docs/pictures.py
"""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).parent.parent
SIZE = (360, 200)  # pixels, at most
CODE_OF_PICTURE = {  # the picture is the first that a cell with this code shows
    "01_environment": "plot_drivers(",
    "02_actor_and_critic": "plot_feature_maps(",
    "03_policy_gradient": "plot_gradient_spread(",
    "04_advantage_estimation": "advantage_explorer(",
    "05_clipped_objective": "plot_clipped_objective(",
    "06_training_loop": "envs, TOTAL_STEPS, watch)",
    "07_evaluation": "occlusion_explorer(",
}


def first_picture(notebook, code):
    """The first PNG among the outputs of the cells that contain `code`."""
    outputs = (output for cell in notebook.cells if code in cell.source for output in cell.get("outputs", ()))
    return next(output.data["image/png"] for output in outputs if "image/png" in output.get("data", {}))


def main():
    """Write docs/NAME.png for every notebook."""
    for name, code in CODE_OF_PICTURE.items():
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        picture = Image.open(BytesIO(b64decode(first_picture(notebook, code)))).convert("RGB")
        picture.thumbnail(SIZE, Image.Resampling.LANCZOS)
        picture.quantize(64).save(ROOT / "docs" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
