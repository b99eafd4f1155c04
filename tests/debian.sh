# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by what takes packages from Debian: one apt for each suite, apart
# from this machine's own, and a cache that is only ever added to whole.

readonly CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/pgmaptrace
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly MAX_AGE=$((12 * 3600))
# shellcheck disable=SC2034 # for who sources this
readonly SUITES=(bookworm trixie trixie-backports sid)
arch=amd64 # of the packages; who sources this may change it

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$@"
	exit 1
}

debian_uri() {
	apt-get indextargets --format "\$(REPO_URI)" \
		'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p
}

# Only this machine's own source lists know which mirror it can reach, and
# before the first update they say nothing.
mirror() {
	local uri

	uri=$(debian_uri)
	if [ -z "$uri" ] && [ "$(id -u)" = 0 ]; then
		apt-get update -qq >&2 || return 1
		uri=$(debian_uri)
	fi
	[ -n "$uri" ] || return 1
	printf '%s\n' "$uri"
}

# apt_dir SUITE: where the lists of its packages for $arch are
apt_dir() {
	local of=-$arch

	echo "$CACHE/apt/$1${of%-amd64}"
}

# The machine's apt.conf stays in force (it may name a proxy); its sources,
# lists and package states do not.  apt itself gives up if another one runs:
# flock makes it wait.
apt_private() {
	local suite=$1 tool=$2
	local dir

	dir=$(apt_dir "$suite")
	shift 2
	flock "$dir" "$tool" -q -o APT::Sandbox::User=root \
		-o APT::Architecture="$arch" \
		-o Acquire::Languages=none \
		-o Acquire::Retries=2 \
		-o Acquire::http::Timeout=30 \
		-o Dir::State="$dir" \
		-o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir/cache" \
		-o Dir::Etc::SourceList="$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		"$@"
}

update() {
	local suite=$1 dir uri out

	dir=$(apt_dir "$suite")
	uri=$(mirror) || { say "no Debian mirror in apt's sources"; return 1; }
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	printf 'deb [arch=%s signed-by=%s] %s %s main\n' \
		"$arch" "$KEYRING" "$uri" "$suite" >"$dir/sources.list"
	if ! out=$(apt_private "$suite" apt-get update \
			-o APT::Update::Error-Mode=any 2>&1); then
		printf '%s\n' "$out" >&2
		return 1
	fi
}

# field SUITE PACKAGE FIELD
field() {
	apt_private "$1" apt-cache show --no-all-versions "$2" |
		sed -n "s/^$3: //p" | sed -n 1p
}

# closure SUITE PACKAGE REGEX: the package, and what it depends on and matches.
closure() {
	local suite=$1 queue=("$2") regex=$3 done=' ' name depends

	while [ ${#queue[@]} -gt 0 ]; do
		name=${queue[0]}
		queue=("${queue[@]:1}")
		[[ $done != *" $name "* ]] || continue
		done+="$name "
		printf '%s\n' "$name"
		depends=$(field "$suite" "$name" Depends)
		mapfile -t -O ${#queue[@]} queue < <(
			tr ',' '\n' <<<"$depends" | sed 's/|.*//; s/(.*//; s/ //g' |
			grep -E "$regex" || true)
	done
}

fresh() {
	local stamp=$1 age

	[ -f "$stamp" ] || return 1
	age=$(($(date +%s) - $(stat -c %Y "$stamp")))
	[ "$age" -ge 0 ] && [ "$age" -lt "$MAX_AGE" ]
}

# Sets tmp to a directory that goes when this shell does, and from which
# publish can move.  What a killed run left goes a day later.
scratch() {
	mkdir -p "$CACHE"
	find "$CACHE" -maxdepth 1 -name 'tmp.*' -mtime +0 -exec rm -rf {} +
	tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
}

# missing DIR: is it to be made?  Waits for who makes it now, and then keeps others waiting
# until this shell ends.
missing() {
	local name=${1#"$CACHE"/} lock

	[ ! -d "$1" ] || return
	mkdir -p "$CACHE/locks"
	exec {lock}>"$CACHE/locks/${name//\//-}"
	flock "$lock"
	[ ! -d "$1" ]
}

# Another run may have got there first; its result is as good.
publish() {
	mkdir -p "$(dirname "$2")"
	mv -T "$1" "$2" 2>/dev/null || [ -d "$2" ] ||
		{ say "can't write $2"; return 1; }
}

# download SUITE PACKAGE...: into $tmp/deb
download() {
	local suite=$1

	shift
	say "downloading $*"
	mkdir -p "$tmp/deb"
	(cd "$tmp/deb" && apt_private "$suite" apt-get download "$@") >&2
}

# extract ROOT: all of $tmp/deb
extract() {
	local deb

	mkdir -p "$1"
	for deb in "$tmp"/deb/*.deb; do
		dpkg-deb -x "$deb" "$1" || return 1
	done
}
