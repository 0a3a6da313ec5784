"""Archives that mean harm, or are merely broken, cost nobody anything."""

import contextlib
import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.messages import render
from grader.notebooks import MAX_BYTES
from grader.submissions import IntakeError, archives, collect

MODULE = b"x = 1\n"


@pytest.fixture
def zipped(tmp_path):
    def make(*members):
        path = tmp_path / "class.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return path

    return make


@pytest.fixture
def tarred(tmp_path):
    def make(*members):
        path = tmp_path / "class.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for info, content in members:
                archive.addfile(info, io.BytesIO(content))
        return path

    return make


def tar_member(name, content=MODULE, **attributes):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


OUTSIDE = ["../eve.py", "a/../../eve.py", "/etc/eve.py", "C:/eve.py", "..\\eve.py", "x" * 2000]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_elsewhere_is_passed_over_and_told(zipped, tarred, name):
    for path in (
        zipped((name, MODULE), ("ana.py", MODULE)),
        tarred(tar_member(name), tar_member("ana.py")),
    ):
        submissions = collect([path])
        assert [one.id for one in submissions] == ["ana"]
        (remark,) = submissions.remarks
        assert remark.id == "intake.refused"


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_passed_over(tarred, kind):
    link = tar_member("eve.py", b"", type=kind, linkname="/etc/passwd")
    assert [one.id for one in collect([tarred(link, tar_member("ana.py"))])] == ["ana"]


def test_a_link_in_a_zip_is_passed_over(zipped):
    link = zipfile.ZipInfo("eve.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    submissions = collect([zipped((link, "/etc/passwd"), ("ana.py", MODULE))])
    assert [one.id for one in submissions] == ["ana"]
    assert "no regular file" in render(submissions.remarks[0])


def test_what_macos_adds_is_nobodys(zipped):
    path = zipped(("__MACOSX/._ana.py", b"\0"), (".DS_Store", b"\0"), ("ana.py", MODULE))
    submissions = collect([path])
    assert [one.id for one in submissions] == ["ana"]
    assert submissions.remarks == ()


def test_of_two_members_of_one_name_the_first_counts_and_it_is_told(zipped):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(("ana.py", MODULE), ("ana.py", b"x = 2\n"))
    submissions = collect([path])
    assert [one.cells for one in submissions] == [("x = 1\n",)]
    assert "twice" in render(submissions.remarks[0])


def test_a_bomb_is_read_no_further_than_a_submission_may_be_large(zipped):
    path = zipped(("ana.py", b"\0" * (64 * 2**20)), ("bob.py", MODULE))
    assert path.stat().st_size < 2**20
    problems = {one.id: one.problem for one in collect([path])}
    assert problems == {"ana": "too_large", "bob": None}
    (member, _), _ = archives.members(path)
    assert len(member.read(MAX_BYTES + 1)) == MAX_BYTES + 1


def test_a_compressed_tar_may_hold_so_much_and_no_more(tarred, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED", 2**20)
    path = tarred(tar_member("ana.py", b"\0" * 2**21))
    with pytest.raises(IntakeError, match="holds more than"):
        collect([path])


def test_more_members_than_any_class_has_are_refused(zipped, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    with pytest.raises(IntakeError, match="more than 2 entries"):
        collect([zipped(*((f"{number}.py", MODULE) for number in range(3)))])


def test_an_encrypted_member_is_unreadable_and_costs_only_itself(zipped):
    path = zipped(("ana.py", MODULE), ("bob.py", MODULE))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    problems = {one.id: one.problem for one in collect([path])}
    assert problems == {"ana": "unreadable", "bob": None}


def test_a_damaged_member_is_unreadable_and_costs_only_itself(zipped):
    path = zipped(("ana.py", MODULE * 9), ("bob.py", MODULE))
    data = bytearray(path.read_bytes())
    data[len("ana.py") + 31] ^= 0xFF
    path.write_bytes(data)
    problems = {one.id: one.problem for one in collect([path])}
    assert problems == {"ana": "unreadable", "bob": None}


def test_whatever_changes_a_member_it_is_read_or_unreadable(tmp_path):
    path = tmp_path / "class.zip"
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("\u00e9.py", MODULE * 9)
            archive.writestr("bob.py", MODULE)
        sound = path.read_bytes()
        for place in range(30, sound.index(b"bob.py") - 30):
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :])
            found = {str(one.path): one for one in archives.members(path)[0]}
            with contextlib.suppress(OSError):  # and nothing else
                found["\u00e9.py"].read(MAX_BYTES)
            assert found["bob.py"].read(MAX_BYTES) == MODULE


def test_a_zip_in_a_zip_is_told_to_the_student(zipped):
    path = zipped(("ana/hw.zip", b"PK\5\6" + bytes(18)), ("bob/hw.py", MODULE))
    problems = {one.id: one.problem_message for one in collect([path])}
    assert problems["bob"] is None
    assert "an archive" in render(problems["ana"])


def test_utf_8_names_that_do_not_say_so_are_read_all_the_same(zipped):
    path = zipped(("Joao.py", MODULE))
    path.write_bytes(path.read_bytes().replace(b"Joao.py", "Zoë.py".encode()))
    assert [one.id for one in collect([path])] == ["Zoë"]


def test_members_are_read_from_an_archive_that_was_deleted_meanwhile(tarred):
    path = tarred(tar_member("ana.py"))
    submissions = collect([path])
    path.unlink()
    assert [one.cells for one in submissions] == [("x = 1\n",)]


@pytest.mark.parametrize("name", ["class.zip", "class.tar", "class.tar.gz", "class.tgz",
                                  "class.tar.xz", "class.tar.bz2"])  # fmt: skip
@settings(max_examples=25)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_an_archive_or_an_error_of_one_line(tmp_path_factory, name, data):
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(data)
    told = ""
    try:
        list(collect([path]))
    except IntakeError as error:
        told = str(error)
    assert "\n" not in told


def header(name, kind, size):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def record(text):
    return f"{len(text) + 4} {text}\n".encode()


def said_first(text, kind=tarfile.XHDTYPE):
    return header("pax", kind, len(text)) + text + bytes(-len(text) % 512)


SPARSE = said_first(record("GNU.sparse.major=1") + record("GNU.sparse.minor=0"))
BUT_ONE = {
    "a name of megabytes": said_first(b"x" * 2**21, tarfile.GNUTYPE_LONGNAME),
    "words of megabytes": said_first(record("comment=" + "x" * 80) * 2**15),
    "a list of gaps of megabytes": SPARSE + header("eve.py", tarfile.REGTYPE, 2**22)
    + b"99999999\n" + b"0\n" * 2**20,
    "a list of gaps that is none": SPARSE + header("eve.py", tarfile.REGTYPE, 0),
    "a size beyond all numbers": said_first(record("size=" + "9" * 20)),
    "a size below zero": header("eve.py", tarfile.REGTYPE, -512),
    "a name of less than nothing": header("x", tarfile.GNUTYPE_LONGNAME, -512),
    "words about words without end": said_first(record("comment=x")) * 1000,
}  # fmt: skip


@pytest.mark.parametrize("said", BUT_ONE.values(), ids=BUT_ONE)
def test_a_tar_that_says_too_much_of_a_member_is_refused_in_little_memory(tmp_path, said):
    path = tmp_path / "class.tar"
    ana = header("ana.py", tarfile.REGTYPE, len(MODULE)) + MODULE.ljust(512, b"\0")
    path.write_bytes(said + ana + bytes(1024))
    tracemalloc.start()
    try:
        with pytest.raises(archives.ArchiveError):
            archives.members(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_what_an_archive_holds_is_counted_folders_and_all(tarred, zipped, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    folders = [tar_member(str(i), b"", type=tarfile.DIRTYPE) for i in range(3)]
    for path in (tarred(*folders), zipped(("a/", b""), ("b/", b""), ("c/", b""))):
        with pytest.raises(archives.ArchiveError, match="more than 2"):
            archives.members(path)


@pytest.mark.parametrize("start", [2**62, 2**63 - 1, 2**64 - 1])
def test_a_member_that_begins_nowhere_cannot_be_read(tmp_path, start):
    path = tmp_path / "class.zip"
    place = struct.pack("<HHQ", 1, 8, start)
    told = struct.pack("<6H3I5H2I", 45, 45, 0, 0, 0, 0, 0, 5, 5, 4, 12, 0, 0, 0, 0, 2**32 - 1)
    told = b"PK\1\2" + told + b"a.py" + place
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, len(told), 30, 0)
    path.write_bytes(b"PK\3\4".ljust(30) + told + end)
    ((member,), _) = archives.members(path)
    with pytest.raises(OSError, match=r"damaged|Invalid"):
        member.read(100)
