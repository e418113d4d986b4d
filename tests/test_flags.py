from __future__ import annotations

import re

from lesionvis.flags import FLAGS


def test_the_registry_names_each_flag_once_and_says_what_it_means() -> None:
    for name, flag in FLAGS.items():
        assert flag.name == name
        assert re.fullmatch("[a-z][a-z_]+", name)
        assert flag.about in {"photo", "spot"}
        assert re.fullmatch("[A-Z].{20,}[.]", flag.meaning)
    assert len({flag.meaning for flag in FLAGS.values()}) == len(FLAGS)
