import os

os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")  # before pygame is imported: highway-env then draws without a screen
