#!/bin/sh
# Regenerates ../gen, or the directory given, from client.thrift. Needs the thrift compiler 0.17.x
# (Debian and Ubuntu: apt-get install thrift-compiler). The result is committed;
# a build never needs the compiler.
set -eu
out=${1:-}
cd "$(dirname "$0")"
out=${out:-../gen}
want="Thrift version 0.17"
case "$(thrift --version)" in
"$want"*) ;;
*) echo "generate.sh: need $want.x, have $(thrift --version)" >&2; exit 1 ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# -nowarn: the argument of pipeTransfer has no number on purpose.
thrift -nowarn --gen go:thrift_import=github.com/apache/thrift/lib/go/thrift -out "$tmp" client.thrift
rm -rf "$tmp"/gen/*-remote
gofmt -w "$tmp"/gen/*.go
mkdir -p "$out"
rm -f "$out"/client.go "$out"/client-consts.go "$out"/GoUnusedProtection__.go
cp "$tmp"/gen/*.go "$out"/
