"""maturin, but for what it does where Rust is missing: fetch one and fail with a long traceback."""

import os
import shutil
import sys

if not shutil.which("cargo"):
    sys.exit(
        "callcta is compiled here, which needs Rust 1.89 or later and a C compiler, and cargo was\n"
        "not found in PATH. Install Rust (https://rustup.rs) or a wheel, which needs none."
    )

from maturin import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]
# It is called from here.
os.environ["MATURIN_NO_MISSING_BUILD_BACKEND_WARNING"] = "1"
