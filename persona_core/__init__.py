"""What the trainer and the Space must agree on. Importing it loads neither torch nor gradio."""

__version__ = "0.1.0"
