"""What is marked slow runs where it is asked for (`pytest -m slow`), and nowhere else."""


def pytest_collection_modifyitems(config, items):
    if not config.option.markexpr:
        items[:] = [one for one in items if one.get_closest_marker("slow") is None]
