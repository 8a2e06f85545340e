#!/bin/bash
# Makes a Debian package of a folder that holds what goes to /:
#
#     deb.sh FOLDER PACKAGE VERSION ARCHITECTURE GLIBC OUT NOTICES
#
# DEB_MAINTAINER, "Name <address>", is who the package says it is from; DEB_LEVEL is how hard
# xz tries, 0 to 9.
set -euo pipefail
cd "$(dirname "$0")"
# Older than what Debian itself would make of this version.
folder=$1 package=$2 version=$3-0.1 architecture=$4 glibc=$5 out=$6 notices=$7
: "${DEB_MAINTAINER:=The callcta authors <callcta@example.org>}"
doc=$folder/usr/share/doc/$package

mkdir -p "$folder/DEBIAN" "$doc"
{ cat debian/copyright; sed -n '/^Permission/,$ { s/^$/./; s/^/ /; p }' ../LICENSE-MIT; } > "$doc/copyright"
gzip -9nc "$notices" > "$doc/THIRD-PARTY.txt.gz"
gzip -9nc ../CHANGELOG.md > "$doc/changelog.gz"
gzip -9nc > "$doc/changelog.Debian.gz" << END
callcta ($version) unstable; urgency=medium

  * Built by the project itself; changelog.gz says what is new.

 -- $DEB_MAINTAINER  $(date -uRd "@$SOURCE_DATE_EPOCH")
END
find "$folder" -type f -path '*/man/*' -exec gzip -9n {} +

if [ -f "debian/$package.overrides" ]; then
    mkdir -p "$folder/usr/share/lintian/overrides"
    cp "debian/$package.overrides" "$folder/usr/share/lintian/overrides/$package"
fi
for library in "$folder"/usr/lib/*/lib*.so.?; do
    [ "${package#lib}" != "$package" ] && [ -e "$library" ] || continue
    name=$(basename "$library")
    echo "${name%.so.*} ${name##*.so.} $package (>= ${version%-*})" > "$folder/DEBIAN/shlibs"
    echo "activate-noawait ldconfig" > "$folder/DEBIAN/triggers"
done
{
    echo "Package: $package"
    echo "Source: callcta"
    echo "Version: $version"
    echo "Architecture: $architecture"
    echo "Maintainer: $DEB_MAINTAINER"
    echo "Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$folder" | cut -f1)"
    echo "Priority: optional"
    sed "s/@VERSION@/$version/; s/@GLIBC@/$glibc/" "debian/$package.control"
} > "$folder/DEBIAN/control"
(cd "$folder" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) > "$folder/DEBIAN/md5sums"
chmod -R u+rwX,go+rX,go-w "$folder"
chmod 644 "$folder/DEBIAN/"*
find "$folder" -type f -name 'lib*.so.*' -exec chmod 644 {} +
dpkg-deb --root-owner-group -Zxz -z"${DEB_LEVEL:-6}" --build "$folder" "$out/${package}_${version}_$architecture.deb"
