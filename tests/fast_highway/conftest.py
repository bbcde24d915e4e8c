import os

os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")  # before pygame is imported: no screen needed
