"""The house rules that a machine can see."""

import ast
from pathlib import Path

from kerasalign.datasets import list_datasets
from kerasalign.markups import get_markup, list_markups

PACKAGE = Path(__file__).resolve().parents[1] / "kerasalign"
FILES = sorted(PACKAGE.rglob("*.py"))

# A room may import those before it, inside functions and for type checkers as well.
ORDER = (
    *("support", "geometry", "markups", "layers", "losses", "metrics", "datasets", "core", "data"),
    *("plots", "runtimes", "synth", "training", "models", "hub", "detection", "inference", "evaluation"),
    *("recognition", "distributed", "cli"),
)
LEVEL = {room: level for level, room in enumerate(ORDER)} | {"_lazy": -1, "_version": -1}
# File and room that it reaches up to, with the reason.
ALLOWED = {
    ("core/align_mixin.py", "inference"): "`model.align(photo)` is the face of the library",
}
# Where TensorFlow itself is the subject: at the top of a file that nothing imports unasked, or inside a function.
TENSORFLOW_AT_THE_TOP = {"data/tf_data.py"}
TENSORFLOW_INSIDE = {
    "core/compiled.py",
    "detection/mtcnn.py",
    "layers/fused_batch_normalization.py",
    "layers/rows.py",
    "runtimes/litert/reader.py",
    "runtimes/litert/writer.py",
    "runtimes/onnx/native_deform_conv.py",
    "runtimes/functional.py",
    "runtimes/saved_model/reader.py",
    "runtimes/saved_model/writer.py",
    "training/devices.py",
}


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def room_of(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(tree):
    """What a module imports, wherever it does: absolute module names, and whether at its top, for running."""

    def visit(node, top):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                yield (child.module, top)
                if child.module == "kerasalign":
                    yield from ((f"kerasalign.{alias.name}", top) for alias in child.names)
            checked = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) or checked
            yield from visit(child, top and not inner)

    return list(visit(tree, True))


def runs(tree):
    """Names that a module imports to run, wherever it does: modules, and what is imported from them."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (child.module, *(f"{child.module}.{alias.name}" for alias in child.names))
        yield from runs(child)


SHIPPED = list_markups()  # read before any test registers a markup of its own
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}
FROM_ROOMS = [path for path in FILES if path != PACKAGE / "__init__.py"]


def rooms_of(path):
    """Rooms of the library that a file imports from."""
    parts = [module.split(".") for module, _ in imports(TREES[path])]
    return {names[1] for names in parts if names[0] == "kerasalign" and len(names) > 1}


def test_every_room_has_its_level():
    assert {room_of(path) for path in FROM_ROOMS} == set(LEVEL)


def test_arrows_point_one_way():
    up = {(name_of(path), room) for path in FROM_ROOMS for room in rooms_of(path) if LEVEL[room] > LEVEL[room_of(path)]}
    assert up == set(ALLOWED)


def test_no_circle_has_more_than_two_files():
    modules = {
        name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in FROM_ROOMS
    }
    allowed = {(file, f"kerasalign.{room}") for file, room in ALLOWED}

    def used(path):
        found = {name for name in runs(TREES[path]) if (name_of(path), name) not in allowed}
        return {name.removeprefix("kerasalign.") for name in found} & set(modules)

    arrows = {name: used(path) - {name} for name, path in modules.items()}

    def reached(name):
        found, waiting = set(), [name]
        while waiting:
            new = arrows[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    reach = {name: reached(name) for name in modules}
    circles = {frozenset(other for other in reach[name] if name in reach[other]) for name in modules}
    assert not [sorted(circle) for circle in circles if len(circle) > 2]


def test_tensorflow_is_imported_only_where_it_is_the_subject():
    found = {
        (name_of(path), top)
        for path in FILES
        for module, top in imports(TREES[path])
        if module.split(".")[0] == "tensorflow"
    }
    assert found == {(name, True) for name in TENSORFLOW_AT_THE_TOP} | {(name, False) for name in TENSORFLOW_INSIDE}


def test_the_command_line_alone_draws_on_a_terminal():
    drawing = {name_of(path) for path in FILES for module, _ in imports(TREES[path]) if module.split(".")[0] == "rich"}
    assert {name for name in drawing if not name.startswith("cli/")} <= {"support/progress.py", "synth/dataset.py"}


def test_files_are_short():
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert not {name: length for name, length in lengths.items() if length > 400}


def special_cases(tree, names, numbers=()):
    """Comparisons with one of these names or numbers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for value in ast.walk(node):
                if isinstance(value, ast.Constant) and value.value in {*names, *numbers}:
                    yield f"line {node.lineno}: {ast.unparse(node)}"


def test_no_special_case_for_a_data_set_or_a_number_of_points():
    names = {*list_datasets(), *SHIPPED}
    numbers = {get_markup(name).num_points for name in SHIPPED} - {5}  # 5 is too common a number
    assert list(special_cases(ast.parse("if n == 68: pass"), names, numbers))
    assert list(special_cases(ast.parse("x = dataset in ('300w', 'wflw')"), names))
    found = []
    for path in FILES:
        if room_of(path) == "markups":
            continue
        # A reader may know how many numbers a line of its own format has.
        counts = () if room_of(path) == "datasets" else numbers
        found += [f"{name_of(path)} {case}" for case in special_cases(TREES[path], names, counts)]
    assert not found


def test_nothing_prints():
    calls = [(path, node) for path in FILES for node in ast.walk(TREES[path]) if isinstance(node, ast.Call)]
    names = [(name_of(path), node.lineno) for path, node in calls if ast.unparse(node.func) == "print"]
    assert not names
