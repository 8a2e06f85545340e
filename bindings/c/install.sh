#!/bin/sh
# Installs the library, or takes it away again:
#
#     install.sh install|uninstall BUILT VERSION SONAME LIBS
#
# BUILT is the folder with the libraries. Where to comes from the environment: PREFIX,
# LIBDIR and INCLUDEDIR, which may be relative to it, and DESTDIR. PC_PREFIX is the prefix
# that callcta.pc names, if that is another.
set -eu
cd "$(dirname "$0")"
what=$1 built=$2 version=$3 soname=$4 libs=$5

case $PREFIX in
/*) ;;
*) echo "PREFIX must begin with a slash" >&2 && exit 2 ;;
esac
PREFIX=${PREFIX%/}

# A folder below the prefix, unless it is absolute.
below_prefix() {
    case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$PREFIX" "$1" ;;
    esac
}

# A folder as pkg-config should have it, so that the prefix can be moved.
in_prefix() {
    case $1 in
    "$PREFIX"/*) printf '${prefix}%s' "${1#"$PREFIX"}" ;;
    *) printf '%s' "$1" ;;
    esac
}

# Fills in a file of ours: fill FROM TO INCLUDEDIR
fill() {
    for pair in "PREFIX=${PC_PREFIX:-$PREFIX}" "LIBDIR=$(in_prefix "$libdir")" "INCLUDEDIR=$3" \
        "VERSION=$version" "SONAME=$soname" "LIBS=$libs"; do
        # What sed would take for more than text.
        text=$(printf '%s' "${pair#*=}" | sed 's/[\\&|]/\\&/g')
        printf 's|@%s@|%s|g\n' "${pair%%=*}" "$text"
    done | sed -f - "$1" > "$2"
    chmod 644 "$2"
}

libdir=$(below_prefix "$LIBDIR")
includedir=$(below_prefix "$INCLUDEDIR")
to=${DESTDIR-}
cmake=$libdir/cmake/callcta
pkgconfig=$libdir/pkgconfig

case $what in
install)
    install -d "$to$includedir" "$to$pkgconfig" "$to$cmake"
    install -m 644 include/callcta.h "$to$includedir/"
    install -m 644 "$built/libcallcta.a" "$to$libdir/"
    install -m 755 "$built/libcallcta.so.$version" "$to$libdir/"
    ln -sf "libcallcta.so.$version" "$to$libdir/$soname"
    ln -sf "$soname" "$to$libdir/libcallcta.so"
    fill callcta.pc.in "$to$pkgconfig/callcta.pc" "$(in_prefix "$includedir")"
    fill cmake/CallctaConfig.cmake.in "$to$cmake/CallctaConfig.cmake" \
        "$(realpath -m --relative-to "$cmake" "$includedir")"
    fill cmake/CallctaConfigVersion.cmake.in "$to$cmake/CallctaConfigVersion.cmake" ""
    # For find_package(callcta).
    ln -sf CallctaConfig.cmake "$to$cmake/callcta-config.cmake"
    ln -sf CallctaConfigVersion.cmake "$to$cmake/callcta-config-version.cmake"
    ;;
uninstall)
    rm -f "$to$includedir/callcta.h" "$to$libdir/libcallcta.a" "$to$libdir/libcallcta.so" \
        "$to$libdir/$soname" "$to$libdir/libcallcta.so.$version" "$to$pkgconfig/callcta.pc" \
        "$to$cmake"/CallctaConfig*.cmake "$to$cmake"/callcta-config*.cmake
    if [ -d "$to$cmake" ]; then rmdir "$to$cmake"; fi
    ;;
*)
    echo "neither install nor uninstall: $what" >&2 && exit 2
    ;;
esac
