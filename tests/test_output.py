"""Files that a user names for output: replaced whole, and nothing but a regular file."""

import os
import threading

import pytest

from nasgauge import cli
from nasgauge.core.errors import UserError
from nasgauge.core.output import protected, write_output


def test_a_regular_file_is_replaced_and_folders_are_made(tmp_path):
    for content in (b"old", b"new"):
        write_output(tmp_path / "deep" / "page.html", content)
        assert (tmp_path / "deep" / "page.html").read_bytes() == content
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["page.html"]


def test_devices_and_pipes_are_written_to_and_stay_what_they_are(tmp_path):
    write_output("/dev/null", b"nothing")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_output(pipe, b"through")
    reader.join()
    assert read == [b"through"] and pipe.is_fifo()
    if os.geteuid() == 0:
        os.mknod(tmp_path / "null", 0o600 | 0o020000, os.makedev(1, 3))
        write_output(tmp_path / "null", b"nothing")
        assert (tmp_path / "null").is_char_device()


def test_links_folders_and_inputs_are_refused_and_left_as_they_are(tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("years of work")
    (tmp_path / "link").symlink_to(mine)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.link(mine, tmp_path / "same.csv")
    (tmp_path / "folder").mkdir()
    told = {"link": "is a symbolic link, to .*mine.csv; name that file", "folder": "is a folder"}
    told |= {
        "dangling": "is a symbolic link",
        "mine.csv": "is a file that is read",
        "same.csv": "is a file that is read",
    }
    with protected(mine, None):
        for name, says in told.items():
            with pytest.raises(UserError, match=says):
                write_output(tmp_path / name, b"x")
    assert mine.read_text() == "years of work" and not (tmp_path / "nowhere").exists()
    write_output(mine, b"read no more")
    assert mine.read_bytes() == b"read no more"


@pytest.mark.parametrize("option", ["--html", "--latex"])
def test_judge_replaces_neither_its_input_nor_a_link(tmp_path, option, monkeypatch, capsys):
    scores, truth = tmp_path / "scores.csv", tmp_path / "truth.csv"
    scores.write_text("arch,mine\na,1\nb,2\nc,3\n")
    truth.write_text("arch,accuracy\na,0.9\nb,0.91\nc,0.93\n")
    (tmp_path / "link.html").symlink_to(truth)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for target, says in ((scores, "is a file that is read"), (tmp_path / "link.html", "is a symbolic link")):
        words = ["judge", str(scores), "--truth", str(truth), "--bootstrap", "0", option, str(target)]
        monkeypatch.setattr("sys.argv", ["nasgauge", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        assert end.value.code == 2 and says in told.err and told.err.count("\n") == 1 and told.out == ""
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
