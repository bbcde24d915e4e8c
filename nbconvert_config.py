"""How `make execute` and `make notebooks` store a notebook that they have run: interactive figures as pictures."""

WIDGET = "application/vnd.jupyter.widget-view+json"  # without its kernel, an empty place or "Loading widget..."


def with_still_pictures(notebook, resources):
    """Of an interactive figure its picture, and no state of widgets, which a new kernel could not use."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data.pop(WIDGET, None)
    return notebook, resources


c = get_config()  # noqa: F821  (nbconvert's)
c.NotebookExporter.preprocessors = [with_still_pictures]
c.ExecutePreprocessor.store_widget_state = False
c.ExecutePreprocessor.record_timing = False  # or every execution would change every cell
