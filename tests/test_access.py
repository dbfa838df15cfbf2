"""From recorded paths to bytes: what is opened, and what never is."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import access
from lineage import vocabulary as v
from lineage.access import AccessRoot, links, open_file, walk_beneath
from lineage.errors import AccessRefused
from lineage.records import Entity, attributes
from lineage.subgraph import StoredElement
from lineage.vocabulary import ElementKind

SECRET = b"outside of every root"


@pytest.fixture(params=["kernel", "by hand"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of opening: the kernel's, where it has one, and one component at a time."""
    if request.param == "by hand":
        monkeypatch.setattr(access, "open_beneath", walk_beneath)
    return str(request.param)


@pytest.fixture
def root(tmp_path: Path) -> AccessRoot:
    """A root with files and links inside, and a secret beside it."""
    inside = tmp_path / "root"
    (inside / "v0.1").mkdir(parents=True)
    (inside / "v0.1" / "run.h5").write_bytes(b"content")
    (inside / "pro").symlink_to("v0.1")
    (inside / "v0.1" / "same.h5").symlink_to("../pro/run.h5")
    (tmp_path / "secret").write_bytes(SECRET)
    (inside / "out.h5").symlink_to("../secret")
    (inside / "absolute.h5").symlink_to(tmp_path / "secret")
    (inside / "up").symlink_to("..")
    (inside / "circle").symlink_to("circle")
    (inside / "proc").symlink_to("/proc/self")
    os.mkfifo(inside / "fifo")
    return AccessRoot("/srv/cta", inside)


def content(path: str, *roots: AccessRoot) -> bytes:
    """What is read at a recorded path."""
    opened = open_file(path, roots)
    with opened.stream as stream:
        return stream.read()


def element(identifier: str, *paths: str) -> StoredElement:
    """An entity with these locations."""
    record = Entity(identifier, attributes((v.PROV_LOCATION, path) for path in paths))
    kinds = frozenset((ElementKind.ENTITY,))
    return StoredElement((record,), record.key, identifier, None, kinds, "name")


def test_file_below_its_root_is_opened(root: AccessRoot, way: str) -> None:
    """A recorded path is read from the directory that stands for its prefix."""
    opened = open_file("/srv/cta/v0.1/run.h5", [root])

    with opened.stream as stream:
        assert stream.read() == b"content"
    assert (opened.name, opened.size_bytes) == ("run.h5", len(b"content"))


@pytest.mark.parametrize("path", ["/srv/cta/pro/run.h5", "/srv/cta/v0.1/same.h5"])
def test_links_inside_the_root_are_followed(root: AccessRoot, way: str, path: str) -> None:
    """Relative symbolic links lead about inside the root, ``..`` included."""
    assert content(path, root) == b"content"


@pytest.mark.parametrize(
    "path",
    [
        "/srv/cta/out.h5",
        "/srv/cta/absolute.h5",
        "/srv/cta/up/secret",
        "/srv/cta/proc/environ",
        "/srv/cta/circle",
        "/srv/cta/circle/x",
    ],
)
def test_links_out_of_the_root_are_refused(root: AccessRoot, way: str, path: str) -> None:
    """Whatever a symbolic link leads to outside, the refusal is the same and names no target."""
    with pytest.raises(AccessRefused, match="lead out of its access root") as caught:
        content(path, root)

    assert "secret" not in str(caught.value).replace(path, "")


@pytest.mark.parametrize(
    "path",
    [
        "/srv/cta/../secret",
        "/srv/cta/v0.1/../../secret",
        "/srv/cta/..",
        "/srv/cta/%2e%2e/secret",
        "/srv/cta/%252e%252e/secret",
        "/srv/cta/..%2fsecret",
        "/srv/cta/..\\secret",
        "\\srv\\cta\\v0.1\\run.h5",
        "/srv/cta/v0.1/run.h5\0.png",
        "/srv/cta/v0.1/run.h5\n",
        "/srv/cta/v0.1/run.h5/",
        "/srv/cta/v0.1/run.h5/.",
        "/srv/cta/v0.1/run.h5/x",
        "/srv/cta/v0.1",
        "/srv/cta",
        "/srv/cta/",
        "/srv/ctax/v0.1/run.h5",
        "/srv",
        "/",
        "",
        ".",
        "v0.1/run.h5",
        "../secret",
        "~/secret",
        "file:///srv/cta/v0.1/run.h5",
        "http://127.0.0.1/x",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        "/srv/cta/missing",
        "/srv/cta/\ud800",
        "/srv/cta/" + "x" * 5000,
        "/srv/cta" + "/x" * 3000,
    ],
)
def test_hostile_path_is_refused(root: AccessRoot, way: str, path: str) -> None:
    """Tricks with dots, escapes, control characters and prefixes open nothing."""
    with pytest.raises(AccessRefused):
        content(path, root)


def test_fifo_is_refused_without_waiting(root: AccessRoot, way: str) -> None:
    """A FIFO that nobody writes to does not hang the one who opens it."""
    with pytest.raises(AccessRefused, match="no regular file"):
        content("/srv/cta/fifo", root)


def test_socket_and_device_are_refused(root: AccessRoot, way: str, tmp_path: Path) -> None:
    """Only regular files are opened."""
    with socket.socket(socket.AF_UNIX) as listener:
        descriptor = os.open(root.directory, os.O_RDONLY)
        here = os.getcwd()
        try:
            os.fchdir(descriptor)  # a socket's address is short
            listener.bind("socket")
        finally:
            os.chdir(here)
            os.close(descriptor)

        with pytest.raises(AccessRefused):
            content("/srv/cta/socket", root)
    with pytest.raises(AccessRefused, match="no regular file"):
        content("/dev/null", AccessRoot("/dev", Path("/dev")))


def test_longest_prefix_wins(tmp_path: Path) -> None:
    """Of two roots the one with more components in common is taken, in any order."""
    for name in ("outer", "inner"):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "f").write_text(name)
        (tmp_path / name / "f").write_text(name)
    outer, inner = (
        AccessRoot("/srv", tmp_path / "outer"),
        AccessRoot("/srv/data/", tmp_path / "inner"),
    )

    assert content("/srv/data/f", outer, inner) == b"inner"
    assert content("/srv/data/f", inner, outer) == b"inner"
    assert content("/srv/f", inner, outer) == b"outer"


def test_root_may_be_a_link(root: AccessRoot, tmp_path: Path, way: str) -> None:
    """The directory that the user chose may be a symbolic link itself."""
    (tmp_path / "link").symlink_to("root")

    assert content("/x/v0.1/run.h5", AccessRoot("/x", tmp_path / "link")) == b"content"


def test_identity_root_keeps_paths(root: AccessRoot) -> None:
    """Files that lie where they were recorded need a root whose prefix is its directory."""
    path = str(root.directory)

    assert content(path + "/pro/run.h5", AccessRoot(path, root.directory)) == b"content"


def test_missing_root_directory_is_told(tmp_path: Path) -> None:
    """A root whose directory is gone is refused with the setting to correct."""
    with pytest.raises(AccessRefused, match="access roots"):
        content("/srv/x", AccessRoot("/srv", tmp_path / "gone"))


def test_deep_links_end(tmp_path: Path, way: str) -> None:
    """A chain of links that is too long, or links that multiply, end in a refusal."""
    (tmp_path / "l0").symlink_to("end")
    for i in range(60):
        (tmp_path / f"l{i + 1}").symlink_to(f"l{i}")
    (tmp_path / "end").write_text("x")

    with pytest.raises(AccessRefused):
        content("/r/l60", AccessRoot("/r", tmp_path))
    assert content("/r/l5", AccessRoot("/r", tmp_path)) == b"x"


def test_no_descriptor_is_left_open(root: AccessRoot, way: str) -> None:
    """Refusals and readings give back every descriptor."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    paths = ["/srv/cta/pro/run.h5", "/srv/cta/out.h5", "/srv/cta/fifo", "/srv/cta/circle", "/x"]
    before = len(os.listdir("/proc/self/fd"))
    for path in paths * 20:
        try:
            content(path, root)
        except AccessRefused:
            continue

    assert len(os.listdir("/proc/self/fd")) == before


def test_renaming_while_opening_stays_inside(root: AccessRoot, tmp_path: Path, way: str) -> None:
    """A directory that turns into a link to the outside, and back, never gives outside bytes."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(SECRET)
    real, link, place = (root.directory / name for name in ("real", "link", "place"))
    real.mkdir()
    (real / "f").write_bytes(b"inside")
    link.symlink_to("../outside")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            real.rename(place)
            place.rename(real)
            link.rename(place)
            place.rename(link)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen: set[bytes] = set()
    try:
        for _ in range(3000):
            try:
                seen.add(content("/srv/cta/place/f", root))
            except AccessRefused:
                seen.add(b"refused")
    finally:
        done.set()
        swapper.join()

    assert seen <= {b"inside", b"refused"}
    assert b"refused" in seen


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has openat2")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM, errno.EAGAIN])
def test_kernel_without_openat2_takes_the_other_way(
    root: AccessRoot, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Where ``openat2`` is missing, forbidden or disturbed, files are opened all the same."""

    def missing(directory: int, path: str) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(access, "_openat2", missing)

    assert content("/srv/cta/pro/run.h5", root) == b"content"
    with pytest.raises(AccessRefused):
        content("/srv/cta/up/secret", root)


COMPONENTS = st.lists(
    st.one_of(
        st.sampled_from(["..", ".", "", "up", "pro", "v0.1", "out.h5", "circle", "run.h5", "fifo",
                         "secret", "root", "absolute.h5", "proc", "same.h5"]),
        st.text(max_size=6),
    ),
    max_size=8,
)  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(components=COMPONENTS)
def test_no_path_leaves_the_root(root: AccessRoot, components: list[str]) -> None:
    """Whatever the components, the bytes are those of a file inside, or there are none."""
    ways: list[Callable[[int, tuple[str, ...]], int]] = [access.open_beneath, walk_beneath]
    seen: list[bytes] = []
    for opens in ways:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(access, "open_beneath", opens)
            try:
                seen.append(content("/srv/cta/" + "/".join(components), root))
            except AccessRefused:
                seen.append(b"refused")

    assert seen[0] == seen[1]
    assert seen[0] in (b"content", b"refused")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(components=COMPONENTS)
def test_walk_by_hand_never_leaves_even_with_dots(root: AccessRoot, components: list[str]) -> None:
    """The walk itself holds: it does not rely on ``..`` having been refused before."""
    directory = os.open(root.directory, os.O_RDONLY)
    secret = (root.directory.parent / "secret").stat().st_ino
    try:
        descriptor = walk_beneath(directory, tuple(c for c in components if "/" not in c))
        inode = os.fstat(descriptor).st_ino
        os.close(descriptor)
    except (OSError, ValueError):
        inode = -1
    finally:
        os.close(directory)

    assert inode not in (secret, root.directory.parent.stat().st_ino)


def test_links_tell_what_can_be_opened(root: AccessRoot) -> None:
    """Each recorded path is a link, with the local path, or with the reason why there is none."""
    found = links(element("urn:x:1", "/srv/cta/pro/run.h5", "/srv/cta/gone", "/etc/passwd"), [root])
    by_path = {link.path: link for link in found}

    assert by_path["/srv/cta/pro/run.h5"].available
    assert by_path["/srv/cta/pro/run.h5"].local == str(root.directory / "pro/run.h5")
    assert not by_path["/srv/cta/gone"].available
    assert "no such file" in by_path["/srv/cta/gone"].reason
    assert by_path["/etc/passwd"].local is None
    assert "none of the access roots" in by_path["/etc/passwd"].reason
    assert len(found) == 3


def test_file_iri_is_a_path(root: AccessRoot) -> None:
    """A location or an identifier that is a ``file:`` IRI is decoded once and opened as a path."""
    found = links(
        element("file:///srv/cta/v0.1/run%2eh5#1", "file:///srv/cta/%252e%252e/x"), [root]
    )

    assert {link.path: link.available for link in found} == {
        "/srv/cta/v0.1/run.h5": True,
        "/srv/cta/%2e%2e/x": False,
    }
