"""The scripts of the site become one for a report, or it is said why they cannot."""

import re
import shutil
import subprocess

import pytest

from descentry.report import _script, html


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes modules into a package of their own."""
    monkeypatch.setattr(_script, "files", lambda _: tmp_path)
    _script.script.cache_clear()

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
        return _script.script("main.js")

    yield write
    _script.script.cache_clear()


def test_the_report_has_one_script_without_imports_or_comments_for_developers():
    text = _script.script(html.SCRIPT)
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    assert "@param" not in text
    assert text.count("class Pyramid") == 1


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_modules_keep_what_is_their_own(modules):
    text = modules(
        main='import { twice, ONE as one } from "./a.js";\nimport { b } from "./b.js";\n'
        "const hidden = 1;\nconsole.log(twice(one) + hidden + b());\n",
        a="const hidden = 2;\nexport const ONE = 10;\nexport function twice(x) {\n  return hidden * x;\n}\n",
        b='import { ONE } from "./a.js";\n/** Says. */\nexport const b = () => ONE;\n',
    )
    said = subprocess.run(["node", "-e", text], capture_output=True, text=True, check=True).stdout
    assert said == "31\n"


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            {"main": 'import { a } from "./a.js";\n', "a": 'import { m } from "./main.js";\n'},
            "imports itself",
        ),
        ({"main": "export default 1;\n"}, "export default"),
        ({"main": 'const a = "</script>";\n'}, "</script"),
    ],
)
def test_what_cannot_be_one_script_is_refused(modules, texts, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        modules(**texts)
